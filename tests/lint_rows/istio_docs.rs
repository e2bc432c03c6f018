//! The objects of Istio's own documentation: nothing is said of them that is not so.

use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::translate::IstioVersion;

use super::Example;

/// The tasks' own mesh, "Before you begin": four zones in three regions, one pod each.
const TOPOLOGY: &str = "\
apiVersion: mesh-failover.dev/v1alpha1
kind: Topology
metadata: {name: three-regions}
spec:
  clusters:
  - name: region1-zone1
    locality: region1/zone1
    gateway: {}
    workloads: [{service: helloworld.sample.svc.cluster.local, port: 5000, replicas: 1, latency: 5ms}]
  - name: region1-zone2
    locality: region1/zone2
    workloads: [{service: helloworld.sample.svc.cluster.local, port: 5000, replicas: 1, latency: 5ms}]
  - name: region2-zone3
    locality: region2/zone3
    workloads: [{service: helloworld.sample.svc.cluster.local, port: 5000, replicas: 1, latency: 5ms}]
  - name: region3-zone4
    locality: region3/zone4
    workloads: [{service: helloworld.sample.svc.cluster.local, port: 5000, replicas: 1, latency: 5ms}]
";

/// What is true of a task in that mesh, and no false alarm: of four hosts Envoy's default cap ejects none, and `distribute` leaves
/// out region2, which the task means to.
const TRUE: [(&str, &[&str]); 2] =
    [("distribute", &["MF0204", "MF0301"]), ("failover", &["MF0204"])];

const VERSIONS: [IstioVersion; 5] = [
    IstioVersion::new(1, 20),
    IstioVersion::new(1, 23),
    IstioVersion::new(1, 26),
    IstioVersion::new(1, 29),
    IstioVersion::NEWEST,
];

/// Checks a folder for several versions, alone and in that mesh.
pub fn check(folder: &str, example: &Example) -> Result<(), String> {
    let known = TRUE.iter().find(|(name, _)| *name == folder).map_or(&[][..], |(_, known)| known);
    // A way in that is not this mesh's ingress gateway needs none.
    let has_way_in = example.texts.iter().any(|(_, text)| text.contains("istio: ingressgateway"));
    let topology =
        if has_way_in { TOPOLOGY.to_owned() } else { TOPOLOGY.replace("    gateway: {}\n", "") };
    for version in VERSIONS {
        for (mesh, expected) in [(None, &[][..]), (Some(&topology), known)] {
            let mut example = example.changed(|_, text| text.to_owned());
            example.version = version;
            example.texts.extend(mesh.map(|text| ("topology.yaml".to_owned(), text.clone())));
            let found = example.check();
            let alarms: Vec<_> =
                found.iter().filter(|it| it.diagnostic.severity > Severity::Note).collect();
            let mut codes: Vec<&str> = alarms.iter().map(|it| it.diagnostic.code).collect();
            codes.sort_unstable();
            if codes != expected {
                let alarms: String =
                    alarms.iter().map(|it| format!("{}\n", it.diagnostic)).collect();
                return Err(format!("Istio {version}: expected {expected:?}, found:\n{alarms}"));
            }
        }
    }
    Ok(())
}
