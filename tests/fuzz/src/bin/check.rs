//! Whatever is pasted: a check does not panic, names places that are in the text, and its fixes leave a text that can be read
//! no worse than before.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_failover_core::check::{Input, Target, apply, check};
use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::live::complete;
use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::translate::IstioVersion;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let sources = [Source { name: "fuzz.yaml", text: &text }];
    let (mut manifests, diagnostics) = read(&sources);
    complete(&mut manifests, IstioVersion::NEWEST);
    let found = check(&Input {
        manifests: &manifests,
        sources: &sources,
        version: IstioVersion::NEWEST,
        target: Target::CloudServiceMesh,
        live: &[],
    });
    for finding in &found {
        if let Some(at) = &finding.diagnostic.location {
            assert!(at.span.end as usize <= text.len(), "{}", finding.diagnostic);
        }
    }
    let fixes = found.iter().filter_map(|finding| finding.fix.as_ref());
    let (fixed, _) = apply("fuzz.yaml", &text, fixes);
    if fixed == text {
        return;
    }
    let errors = |found: &[mesh_failover_core::diagnostic::Diagnostic]| {
        found.iter().filter(|it| it.severity == Severity::Error).count()
    };
    let (_, after) = read(&[Source { name: "fuzz.yaml", text: &fixed }]);
    assert!(errors(&after) <= errors(&diagnostics), "{fixed}");
});
