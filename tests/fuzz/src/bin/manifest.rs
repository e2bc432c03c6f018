//! Whatever is pasted: no panic, no hang, and every place a diagnostic names is in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_failover_core::manifest::{
    DestinationRule, Source, TrafficPolicy, from_json_strict, read, write,
};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (manifests, diagnostics) = read(&[Source { name: "fuzz.yaml", text: &text }]);
    for diagnostic in &diagnostics {
        if let Some(location) = &diagnostic.location {
            let span = location.span;
            assert!(span.start <= span.end && span.end as usize <= text.len(), "{diagnostic}");
            assert!(text.is_char_boundary(span.start as usize), "{diagnostic}");
        }
    }
    for rule in &manifests.destination_rules {
        let _: &DestinationRule = &rule.spec;
        assert!(manifests.documents[rule.document].locate("spec.host").is_some());
        assert!(write(rule).is_ok());
    }
    let _ = from_json_strict::<TrafficPolicy>(&text);
});
