//! What a user may write, and what is said about the rest.

use crate::locality::Locality;
use crate::router::PluginConfig;

const DISTRIBUTE: &str = r#"[{"from": "here", "to": {"a": 50, "b": 50}}]"#;

/// A destination with these parts; `policy` stands beside the load balancer.
fn written(host: &str, policy: &str, locality_lb_setting: &str) -> String {
    format!(
        r#"{{"destinations": [{{"host": "{host}", "trafficPolicy": {{{policy}
            "loadBalancer": {{"simple": "ROUND_ROBIN", "localityLbSetting": {locality_lb_setting}}}}}}}]}}"#
    )
}

/// Every finding as `path: message`; errors and notes.
fn findings(text: &str, from: &str) -> Vec<String> {
    let compiled = PluginConfig::from_json(text).and_then(|c| c.compile(&Locality::parse(from)));
    let found = compiled.map_or_else(|errors| errors, |(_, notes)| notes);
    found.iter().map(|one| format!("{}: {}", one.path, one.message)).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(findings(text, "here"), expected, "{text}");
}

fn check_setting(setting: &str, expected: &[&str]) {
    check(&written("a.b", "", setting), expected);
}

#[test]
fn the_rest_of_a_traffic_policy_may_stay() {
    let policy = r#""connectionPool": {"http": {"http2MaxRequests": 100}}, "tls": {"mode": "ISTIO_MUTUAL"},"#;
    check(&written("a.b", policy, &format!(r#"{{"distribute": {DISTRIBUTE}}}"#)), &[]);
    check("", &[]);
}

#[test]
fn unknown_words_are_errors_that_name_the_path() {
    let policy = r#""outlierDetection": {"intervall": "1s"},"#;
    let text = written("a.b", policy, &format!(r#"{{"distribute": {DISTRIBUTE}}}"#));
    check(
        &text,
        &["destinations[0].trafficPolicy.outlierDetection.intervall: unknown field `intervall`"],
    );
    check(r#"{"destination": []}"#, &["destination: unknown field `destination`"]);
}

#[test]
fn what_the_router_cannot_do_is_said() {
    let path = "destinations[0].trafficPolicy.loadBalancer.localityLbSetting";
    check_setting(
        r#"{"failover": [{"from": "a", "to": "b"}, {"from": "*", "to": "b/z"}, {"from": "a", "to": "a"}], "failoverPriority": ["x"]}"#,
        &[
            &format!("{path}.failover[1].from: `*` is not the name of a region"),
            &format!("{path}.failover[1].to: `b/z` is not the name of a region"),
            &format!("{path}.failover[2].to: `a` cannot stand in for itself"),
            &format!(
                "{path}.failoverPriority[0]: the router does not know the label `x` of its regions"
            ),
        ],
    );
    let everywhere = r#"{"distribute": [{"from": "here", "to": {"a//z": 40, "*": 60}}]}"#;
    check_setting(
        everywhere,
        &[
            &format!("{path}.distribute[0].to: `*` is not the name of a region"),
            &format!("{path}.distribute[0].to: `a//z` is not the name of a region"),
        ],
    );
}

#[test]
fn shares_that_are_not_a_whole_are_refused_wherever_they_apply() {
    let path = "destinations[0].trafficPolicy.loadBalancer.localityLbSetting.distribute";
    let setting = r#"{"distribute": [{"from": "elsewhere", "to": {"a": 50, "b": 40}}]}"#;
    check_setting(setting, &[&format!("{path}[0].to: the shares add up to `90`")]);
    let setting = r#"{"distribute": [{"from": "*", "to": {"a": 50, "a/*": 50}}]}"#;
    check_setting(setting, &[&format!("{path}[0].to: `a` and `a/*` are the same region")]);
}

#[test]
fn hosts_are_full_names_and_stand_once() {
    let setting = format!(r#"{{"distribute": {DISTRIBUTE}}}"#);
    check(
        &written("hello", "", &setting),
        &["destinations[0].host: `hello` is not a service's full name"],
    );
    let one = format!(
        r#"{{"host": "a.b", "trafficPolicy": {{"loadBalancer": {{"localityLbSetting": {setting}}}}}}}"#
    );
    check(
        &format!(r#"{{"destinations": [{one}, {one}]}}"#),
        &["destinations[1].host: `a.b` has a policy for this port already"],
    );
}

#[test]
fn a_gateway_elsewhere_leaves_requests_alone_and_says_so() {
    let text = written("a.b", "", &format!(r#"{{"distribute": {DISTRIBUTE}}}"#));
    assert_eq!(
        findings(&text, "there"),
        ["destinations[0].trafficPolicy.loadBalancer.localityLbSetting.distribute: \
             no `from` fits this gateway's locality `there`: requests are left alone"]
    );
}

#[test]
fn times_are_judged_as_envoy_judges_them() {
    let policy = r#""outlierDetection": {"interval": "0s"},"#;
    let text = written("a.b", policy, &format!(r#"{{"distribute": {DISTRIBUTE}}}"#));
    let found = findings(&text, "here");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("destinations[0].trafficPolicy.outlierDetection: `interval` is `0s`")
    );
}
