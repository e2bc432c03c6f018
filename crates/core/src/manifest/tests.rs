//! The reader as its users meet it.

#![allow(clippy::string_slice, reason = "the texts and their boundaries are this file's own")]

use std::fmt::Write as _;

use super::reader::UnknownFields;
use super::*;

/// Reads one text under the name `in.yaml`.
fn read_text(text: &str) -> (Manifests, Vec<crate::diagnostic::Diagnostic>) {
    read(&[Source { name: "in.yaml", text }])
}

/// What a person reads.
fn report(text: &str) -> String {
    let (_, diagnostics) = read_text(text);
    let mut out = String::new();
    for diagnostic in diagnostics {
        writeln!(out, "{diagnostic}").unwrap();
    }
    out
}

/// The three manifests this project grew from, as its users have them.
const SEED: &str = concat!(
    include_str!("../../../../examples/seed/gateway.yaml"),
    "---\n",
    include_str!("../../../../examples/seed/virtual-service.yaml"),
    "---\n",
    include_str!("../../../../examples/seed/destination-rule.yaml"),
);

#[test]
fn the_seed_reads_without_a_word() {
    let (manifests, diagnostics) = read_text(SEED);
    assert_eq!(diagnostics, []);
    assert_eq!(manifests.gateways[0].spec.servers[0].hosts, ["*"]);
    assert_eq!(manifests.virtual_services[0].spec.gateways, ["public-gateway"]);
    let rule = &manifests.destination_rules[0];
    let policy = rule.spec.traffic_policy.as_ref().unwrap();
    let outlier = policy.outlier_detection.as_ref().unwrap();
    assert_eq!(outlier.interval, GoDuration::parse("1s"));
    assert_eq!(outlier.consecutive_5xx_errors, Some(1));
    let locality = policy.load_balancer.as_ref().unwrap().locality_lb_setting.as_ref().unwrap();
    assert_eq!(locality.distribute[1].to["europe-west1"], 50);
    let document = &manifests.documents[rule.document];
    let found = document.locate("spec.trafficPolicy.outlierDetection.interval").unwrap();
    assert_eq!(found.to_string(), "in.yaml:45:17");
    assert_eq!(&SEED[found.span.start as usize..found.span.end as usize], "1s");
}

/// A DestinationRule with this below `spec.trafficPolicy`, indented by four.
fn rule(policy: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: a}}\nspec:\n  host: a\n  trafficPolicy:\n{policy}"
    )
}

/// Everything people break, and what they read then.
#[test]
fn a_zoo_of_broken_texts() {
    let zoo: [(&str, String); 24] = [
        ("duration without a unit", rule("    outlierDetection: {interval: 10}\n")),
        ("wrong types, all of them", rule("    outlierDetection:\n      interval: soon\n      consecutive5xxErrors: abc\n      maxEjectionPercent: 1.5\n      consecutiveGatewayErrors: -1\n      intervall: 1s\n")),
        ("block one level too high", rule("    localityLbSetting: {enabled: true}\n    interval: 1s\n")),
        ("value of an enum", rule("    loadBalancer: {simple: ROUNDROBIN}\n")),
        ("mapping for a list", rule("    loadBalancer:\n      localityLbSetting:\n        distribute: {from: a}\n        enabled: \"yes\"\n")),
        ("key twice", rule("    outlierDetection:\n      interval: 1s\n      interval: 2s\n")),
        ("field in both spellings", rule("    outlierDetection: {base_ejection_time: 1s, baseEjectionTime: 2s}\n")),
        ("boolean and number for text", "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, labels: {version: 1.10, canary: no}}\nspec: {hosts: [a]}\n".into()),
        ("star without quotes", "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts:\n  - *\n".into()),
        ("tab", "apiVersion: v1\nkind: Gateway\nspec:\n\thosts: a\n".into()),
        ("open bracket", "apiVersion: v1\nkind: [Gateway\nspec: a\n".into()),
        ("colon in a value", "apiVersion: v1\nkind: a: b\n".into()),
        ("merge conflict", "apiVersion: v1\n<<<<<<< HEAD\nkind: Gateway\n".into()),
        ("template", "apiVersion: v1\nkind: Gateway\nmetadata:\n  name: {{ .Values.name }}\n".into()),
        ("broken document between others", format!("{SEED}---\na: [\n---\n{SEED}")),
        ("lone carriage return", "a: b\r\nc: d\re: f\n".into()),
        ("nul", "a: b\0c\n".into()),
        ("kinds and versions", "apiVersion: networking.istio.io/v2\nkind: Gateway\nspec: {}\n---\nkind: Gateway\n---\nhello\n---\napiVersion: v1\nkind: ConfigMap\n---\napiVersion: v1\nkind: ConfigMap\n---\napiVersion: networking.istio.io/v1\nkind: Destinationrule\n".into()),
        ("no spec", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nservers: []\n".into()),
        ("our own kinds are strict", "apiVersion: mesh-failover.dev/v1alpha1\nkind: Topology\nspec:\n  clusters:\n  - {name: a, localty: r/z}\n".into()),
        ("millions of endpoints", "apiVersion: mesh-failover.dev/v1alpha1\nkind: Topology\nspec:\n  clusters:\n  - name: a\n    gateway: {replicas: 3000000000, workers: 2}\n    workloads: [{service: a, port: 80, replicas: 99999}, {service: a, port: 80, replicas: 2}]\n---\napiVersion: mesh-failover.dev/v1alpha1\nkind: Scenario\nspec:\n  steps: [{at: 1s, scale: {replicas: 4000000000}}]\n".into()),
        ("bomb", bomb()),
        ("deep", "[".repeat(100)),
        ("recursive alias", "a: &a [*a]\n".into()),
    ];
    let mut out = String::new();
    for (name, text) in &zoo {
        writeln!(out, "# {name}\n{}", report(text)).unwrap();
    }
    insta::assert_snapshot!(out);
}

fn bomb() -> String {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let alias = format!("*a{}, ", level - 1).repeat(9);
        writeln!(text, "a{level}: &a{level} [{alias}]").unwrap();
    }
    text
}

#[test]
fn the_neighbours_of_a_broken_document_are_read() {
    let (manifests, diagnostics) = read_text(&format!("{SEED}---\na: [\n---\n{SEED}"));
    assert_eq!(manifests.gateways.len() + manifests.destination_rules.len(), 4);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].code, codes::SYNTAX);
}

#[test]
fn a_text_of_nothing_but_mistakes_is_told_in_part() {
    let (_, diagnostics) = read_text(&"---\na: b\n".repeat(3_000));
    assert_eq!(diagnostics.len(), 1_001);
    assert_eq!(diagnostics[1_000].code, codes::TOO_MANY_ERRORS);
    assert_eq!(diagnostics[1_000].message, "2000 more findings of this file are not shown");
}

#[test]
fn everything_but_the_wrong_field_is_kept() {
    let (manifests, _) =
        read_text(&rule("    outlierDetection: {interval: 10, maxEjectionPercent: 100}\n"));
    let policy = manifests.destination_rules[0].spec.traffic_policy.clone().unwrap();
    let outlier = policy.outlier_detection.unwrap();
    assert_eq!((outlier.interval, outlier.max_ejection_percent), (None, Some(100)));
}

/// The protobuf JSON mapping's leniency.
#[test]
fn reads_what_istiod_reads() {
    let expected = "{\"consecutive5xxErrors\":5,\"interval\":\"10s\",\"maxEjectionPercent\":100}";
    for text in [
        "{consecutive5xxErrors: 5, interval: 10s, maxEjectionPercent: 100}",
        "{consecutive_5xx_errors: 5, interval: 10s, max_ejection_percent: 100}",
        "{consecutive5xxErrors: \"5\", interval: \"10s\", maxEjectionPercent: '100'}",
        "{consecutive5xxErrors: 5.0, interval: 10000ms, maxEjectionPercent: 1e2}",
        "{consecutive5xxErrors: 5, interval: 10s, maxEjectionPercent: 100, minHealthPercent: null}",
        "{consecutive5xxErrors: 0x5, interval: 10s, maxEjectionPercent: 100, consecutiveErrors: ~}",
    ] {
        let text = rule(&format!("    outlierDetection: {text}\n"));
        let (manifests, diagnostics) = read_text(&text);
        assert_eq!(diagnostics, [], "{text}");
        let policy = manifests.destination_rules[0].spec.traffic_policy.as_ref().unwrap();
        let outlier = serde_json::to_string(policy.outlier_detection.as_ref().unwrap()).unwrap();
        assert_eq!(outlier, expected, "{text}");
    }
    let (manifests, diagnostics) = read_text(&rule(
        "    load_balancer: {simple: 4}\n    connection_pool:\n      http: {http1_max_pending_requests: 1, http2_max_requests: 2, h2_upgrade_policy: UPGRADE}\n",
    ));
    assert_eq!(diagnostics, []);
    let policy = manifests.destination_rules[0].spec.traffic_policy.clone().unwrap();
    assert_eq!(policy.load_balancer.unwrap().simple, Some(SimpleLb::RoundRobin));
    let http = serde_json::to_string(&policy.connection_pool.unwrap().http).unwrap();
    assert_eq!(
        http,
        "{\"http1MaxPendingRequests\":1,\"http2MaxRequests\":2,\"h2UpgradePolicy\":\"UPGRADE\"}"
    );
}

#[test]
fn lists_anchors_merges_bom_and_crlf() {
    let items: String = SEED
        .split("---\n")
        .map(|object| format!("- {}", object.trim_end().replace('\n', "\n  ")) + "\n")
        .collect();
    let (manifests, diagnostics) =
        read_text(&format!("apiVersion: v1\nkind: List\nitems:\n{items}"));
    assert_eq!((diagnostics.len(), manifests.documents.len()), (0, 3));

    let (manifests, diagnostics) = read_text(&rule(
        "    outlierDetection: {<<: &d {interval: 1s, maxEjectionPercent: 5}, interval: 2s}\n    portLevelSettings: [{port: {number: 80}, outlierDetection: *d}]\n",
    ));
    assert_eq!(diagnostics, []);
    let policy = manifests.destination_rules[0].spec.traffic_policy.clone().unwrap();
    let merged = policy.outlier_detection.unwrap();
    assert_eq!((merged.interval, merged.max_ejection_percent), (GoDuration::parse("2s"), Some(5)));
    assert_eq!(
        policy.port_level_settings[0].outlier_detection.as_ref().unwrap().interval,
        GoDuration::parse("1s")
    );

    let text = format!("\u{feff}# ä\r\n{}", SEED.replace('\n', "\r\n"));
    let (manifests, diagnostics) = read_text(&text);
    assert_eq!(diagnostics, []);
    let found =
        manifests.documents[2].locate("spec.trafficPolicy.outlierDetection.interval").unwrap();
    assert_eq!(found.to_string(), "in.yaml:46:17");
    assert_eq!(&text[found.span.start as usize..found.span.end as usize], "1s");
}

#[test]
fn json_is_strict_and_names_every_path() {
    let errors = from_json_strict::<TrafficPolicy>(r#"{"outlierDetection": {"interval": 1, "foo": 1}, "loadBalancer": [], "tls": 1, "tls": 2}"#).unwrap_err();
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["outlierDetection.interval", "loadBalancer", "tls", "outlierDetection.foo"]);
    assert!(errors.iter().all(|error| error.location.is_none()));
    assert!(from_json_strict::<TrafficPolicy>("{").is_err());
}

#[test]
fn a_large_text_is_refused() {
    let huge = "a".repeat(MAX_TEXT + 1);
    assert_eq!(read_text(&huge).1[0].code, codes::LIMIT);
}

mod laws {
    use super::*;
    use proptest::prelude::*;

    /// Any text but YAML 1.1's further line breaks, which the writer leaves as they are and YAML 1.1 folds.
    fn text() -> impl Strategy<Value = String> {
        any::<String>().prop_map(|text| text.replace(['\u{85}', '\u{2028}', '\u{2029}'], ""))
    }

    fn outlier() -> impl Strategy<Value = OutlierDetection> {
        (
            any::<Option<u32>>(),
            any::<Option<i32>>(),
            prop::option::of(0..u64::MAX / 2),
            prop::collection::vec(any::<u32>(), 0..3),
        )
            .prop_map(|(errors, percent, interval, codes)| OutlierDetection {
                consecutive_5xx_errors: errors,
                max_ejection_percent: percent,
                interval: interval.map(|nanos| GoDuration(std::time::Duration::from_nanos(nanos))),
                outlier_detection_http_error_codes: codes,
                ..OutlierDetection::default()
            })
    }

    prop_compose! {
        fn object()(
            name in "[ -~ä€]{1,12}",
            host in text(),
            labels in prop::collection::btree_map(text(), text(), 0..4),
            outlier_detection in prop::option::of(outlier()),
            ratio in prop::option::of(-1e300..1e300_f64),
        ) -> Object<DestinationRule> {
            let retry_budget = ratio.map(|percent| RetryBudget { percent: Some(percent), ..RetryBudget::default() });
            Object {
                api_version: "networking.istio.io/v1".into(),
                metadata: Metadata { name, labels: labels.into(), ..Metadata::default() },
                spec: DestinationRule {
                    host,
                    traffic_policy: Some(TrafficPolicy { outlier_detection, retry_budget, ..TrafficPolicy::default() }),
                    ..DestinationRule::default()
                },
                document: 0,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(object in object()) {
            let text = write(&object).unwrap();
            let (manifests, diagnostics) = read_text(&text);
            prop_assert_eq!(diagnostics, [], "{}", text);
            prop_assert_eq!(&manifests.destination_rules[..], &[object][..], "{}", text);
        }

        #[test]
        fn agrees_with_another_parser(object in object()) {
            let text = write(&object).unwrap();
            let other: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            let other = decode::tree(&other);
            let spec = other.get("spec").unwrap();
            let mut other = DestinationRule::default();
            let (_, findings) = decode::decode(spec, Path::default(), UnknownFields::Deny, &mut other);
            prop_assert_eq!(findings, []);
            prop_assert_eq!(&read_text(&text).0.destination_rules[0].spec, &other);
        }

        #[test]
        fn no_text_breaks_it(text in prop_oneof![any::<String>(), "[-a:\\[\\]{}&*!|>'\"#%@\\n \\t?,.0~<]{0,60}"]) {
            let _ = read_text(&text);
        }

        #[test]
        fn no_broken_seed_breaks_it(at in 0..SEED.len(), with in "[-a:\\[\\]{}&*!|>'\"#%@\\n \\t?,]{0,4}") {
            let _ = read_text(&format!("{}{with}{}", &SEED[..at], &SEED[at..]));
        }
    }
}

#[test]
fn an_unknown_directive_is_refused_and_moves_nothing() {
    let rule = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {hots: a}\n";
    for directive in ["%mäpping ö", "%YAML 1.2 # ö", "%FOO"] {
        let text = format!("# ä\n{directive}\n{rule}");
        let (manifests, diagnostics) = read(&[Source { name: "dr.yaml", text: &text }]);
        assert!(manifests.destination_rules.is_empty());
        let said: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("dr.yaml:2:1: error[MF0001]: not valid YAML"), "{said:?}");
    }
    let text = format!("# ä\n%YAML 1.2\n{rule}");
    let (manifests, diagnostics) = read(&[Source { name: "dr.yaml", text: &text }]);
    assert_eq!(manifests.destination_rules.len(), 1);
    assert!(diagnostics[0].to_string().starts_with("dr.yaml:7:8: "), "{diagnostics:?}");
}
