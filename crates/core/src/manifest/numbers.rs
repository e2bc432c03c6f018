//! How much a few bytes may ask for: everything below works endpoint by endpoint and worker by worker.

use super::{Document, Manifests, codes};
use crate::diagnostic::{Diagnostic, Severity};

/// Most endpoints of all topologies together, and of one workload that a scenario scales.
pub const MAX_ENDPOINTS: u32 = 100_000;
/// Most workers of one gateway, all its pods together.
pub const MAX_WORKERS: u32 = 1_000;

/// Takes out what is too much, and says so.
pub(super) fn limit(manifests: &mut Manifests) -> Vec<Diagnostic> {
    let Manifests { documents, topologies, scenarios, .. } = manifests;
    let mut found = Vec::new();
    let mut left = MAX_ENDPOINTS;
    for topology in topologies {
        let document = documents.get(topology.document);
        for (index, cluster) in topology.spec.clusters.iter_mut().enumerate() {
            for (at, workload) in cluster.workloads.iter_mut().enumerate() {
                if let Some(rest) = left.checked_sub(workload.replicas) {
                    left = rest;
                    continue;
                }
                let path = format!("spec.clusters[{index}].workloads[{at}].replicas");
                found.push(too_many(
                    document,
                    path,
                    workload.replicas,
                    (MAX_ENDPOINTS, "endpoints"),
                ));
                workload.replicas = 0;
            }
            let Some(gateway) = &mut cluster.gateway else { continue };
            let workers =
                gateway.replicas.unwrap_or(1).saturating_mul(gateway.workers.unwrap_or(2));
            if workers > MAX_WORKERS {
                let path = format!("spec.clusters[{index}].gateway");
                found.push(too_many(document, path, workers, (MAX_WORKERS, "workers")));
                (gateway.replicas, gateway.workers) = (None, None);
            }
        }
    }
    for scenario in scenarios {
        let document = documents.get(scenario.document);
        for (index, step) in scenario.spec.steps.iter_mut().enumerate() {
            let Some(scale) = step.scale.as_mut().filter(|it| it.replicas > MAX_ENDPOINTS) else {
                continue;
            };
            let path = format!("spec.steps[{index}].scale.replicas");
            found.push(too_many(document, path, scale.replicas, (MAX_ENDPOINTS, "endpoints")));
            scale.replicas = MAX_ENDPOINTS;
        }
    }
    found
}

fn too_many(
    document: Option<&Document>,
    path: String,
    asked: u32,
    (most, what): (u32, &str),
) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: codes::LIMIT,
        message: [
            "more than ",
            &most.to_string(),
            " ",
            what,
            ": no room for these ",
            &asked.to_string(),
        ]
        .concat(),
        help: Some(
            "write fewer; a share or an ejection looks the same with a tenth of them".to_owned(),
        ),
        location: document.and_then(|document| document.locate(&path)),
        path,
    }
}
