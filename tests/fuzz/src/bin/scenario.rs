//! Whatever scenario is pasted below a mesh that is as it should be: it is refused with a sentence, or it plays, and no request
//! is lost.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mesh_failover_core::manifest::{Manifests, Source, read};
use mesh_failover_core::sim::{Options, Simulation};

/// More than this is slow, not wrong.
const MOST_REQUESTS: f64 = 20_000.0;
/// And more than this is played of one text in [`RARELY`] only: most are to be about other things.
const FEW_REQUESTS: f64 = 200.0;
const RARELY: usize = 64;

const MESH: Source<'_> =
    Source { name: "mesh.yaml", text: include_str!("../../../lints/base.yaml") };
/// Read once: it is the same below each text.
static PLAIN: LazyLock<Manifests> = LazyLock::new(|| {
    let mut manifests = read(&[MESH]).0;
    manifests.scenarios.clear();
    manifests
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let pasted = Source { name: "fuzz.yaml", text: &text };
    let (own, _) = read(&[pasted]);
    if own.scenarios.is_empty() {
        return;
    }
    // A text with more than scenarios changes the mesh.
    let both;
    let manifests = if own.scenarios.len() == own.documents.len() {
        &*PLAIN
    } else {
        both = read(&[MESH, pasted]).0;
        &both
    };
    let is_chosen = data.iter().map(|byte| usize::from(*byte)).sum::<usize>() % RARELY == 0;
    let most = if is_chosen { MOST_REQUESTS } else { FEW_REQUESTS };
    for scenario in &own.scenarios {
        let spec = &scenario.spec;
        let rates =
            spec.steps.iter().filter_map(|step| step.rate).fold(spec.traffic.rate, f64::max);
        let others = spec.other_gateways.iter().map(|other| other.traffic.rate);
        let rates = others.fold(rates, f64::max) * (1 + spec.other_gateways.len()) as f64;
        if rates * spec.duration.0.as_secs_f64() > most {
            continue;
        }
        let Ok(simulation) = Simulation::new(manifests, spec, &Options::default()) else {
            continue;
        };
        let report = simulation.run();
        assert_eq!(report.started, report.total.requests + report.unfinished);
    }
});
