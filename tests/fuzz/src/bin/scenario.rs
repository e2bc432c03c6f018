//! Whatever scenario is pasted below a mesh that is as it should be: it is refused with a sentence, or it plays, and no request
//! is lost.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::sim::{Options, Simulation};

const MESH: &str = include_str!("../../../lints/base.yaml");
/// More than this is slow, not wrong.
const MOST_REQUESTS: f64 = 20_000.0;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mesh = Source {
        name: "mesh.yaml",
        text: MESH
            .split("---\napiVersion: mesh-failover.dev/v1alpha1\nkind: Scenario")
            .next()
            .unwrap_or(MESH),
    };
    let (manifests, _) = read(&[mesh, Source { name: "fuzz.yaml", text: &text }]);
    for scenario in &manifests.scenarios {
        let spec = &scenario.spec;
        let rates =
            spec.steps.iter().filter_map(|step| step.rate).fold(spec.traffic.rate, f64::max);
        if rates * spec.duration.0.as_secs_f64() > MOST_REQUESTS {
            continue;
        }
        let Ok(simulation) = Simulation::new(&manifests, spec, &Options::default()) else {
            continue;
        };
        let report = simulation.run();
        assert_eq!(report.started, report.total.requests + report.unfinished);
    }
});
