//! Who gets which share under which policy, healthy and not.

use mesh_failover_sorted::SortedMap;
use serde_json::{Value, json};

use super::support::{Worker, compiled, halves, whole};
use crate::locality::Locality;
use crate::router::{Decision, Facts, PluginConfig};

/// Shares at `from`: with all regions well, then as one after the other is emptied.
fn check(from: &str, setting: Value, parts: Value, steps: &[(&'static str, &str)]) {
    let mut worker = Worker::new(compiled(from, setting.clone(), parts));
    for (emptied, expected) in steps {
        if !emptied.is_empty() {
            worker.empty(emptied, 10);
        }
        assert_eq!(worker.shares(), *expected, "at {from}, {emptied} is out, {setting}");
    }
}

#[test]
fn distribute_alone_leaves_what_it_does_not_name_alone() {
    let setting = json!({"distribute": [
        {"from": "a", "to": {"a": 80, "b": 20}},
        {"from": "c/*", "to": {"c": 100}},
        {"from": "*", "to": {"b": 100}}
    ]});
    check("a/z", setting.clone(), json!({}), &[("", "a 80, b 20"), ("a", "b 100"), ("b", "- 100")]);
    check("c", setting.clone(), json!({}), &[("", "c 100"), ("c", "- 100")]);
    check("d", setting, json!({}), &[("", "b 100")]);
}

#[test]
fn failover_goes_along_the_chain_and_then_to_the_others() {
    let setting = json!({"failover": [{"from": "a", "to": "c"}, {"from": "c", "to": "b"}]});
    let parts = json!({"regions": ["d", "e"]});
    check(
        "a",
        setting.clone(),
        parts.clone(),
        &[
            ("", "a 100"),
            ("a", "c 100"),
            ("c", "b 100"),
            ("b", "d 50, e 50"),
            ("d", "e 100"),
            ("e", "- 100"),
        ],
    );
    // Nobody is at home: the nearest serve.
    check(
        "x",
        setting,
        parts,
        &[("", "a 20, b 20, c 20, d 20, e 20"), ("a", "b 25, c 25, d 25, e 25")],
    );
}

/// What Istio refuses (istio/istio 35124).
#[test]
fn weights_and_failover_together() {
    let setting = json!({
        "distribute": [{"from": "*", "to": {"a": 70, "b": 30}}],
        "failover": [{"from": "a", "to": "c"}, {"from": "c", "to": "d"}]
    });
    check(
        "a",
        setting,
        json!({"regions": ["e"]}),
        &[
            ("", "a 70, b 30"),
            ("a", "b 30, c 70"),
            ("c", "b 30, d 70"),
            ("b", "d 100"),
            ("d", "e 100"),
            ("e", "- 100"),
        ],
    );
}

#[test]
fn zones_are_regions_of_their_own() {
    let setting = json!({"distribute": [{"from": "a", "to": {"a/z1": 60, "a/z2": 30, "b": 10}}]});
    check("a/z1", setting, json!({}), &[("", "a/z1 60, a/z2 30, b 10"), ("a/z1", "a/z2 75, b 25")]);
    let setting = json!({"failover": [{"from": "a", "to": "b"}]});
    check(
        "a/z1",
        setting,
        json!({"regions": ["a/z1", "a/z2", "b/z3", "c/z4"]}),
        &[("", "a/z1 100"), ("a/z1", "a/z2 100"), ("a/z2", "b/z3 100"), ("b/z3", "c/z4 100")],
    );
}

#[test]
fn failover_priority_counts_labels_that_agree_in_order() {
    let setting = json!({"failoverPriority": [
        "topology.kubernetes.io/region=b", "topology.kubernetes.io/zone=z2"
    ]});
    check(
        "a",
        setting,
        json!({"subsets": {"a": "a", "b/z1": "b1", "b/z2": "b2", "c": "c"}}),
        &[("", "b/z2 100"), ("b/z2", "b/z1 100"), ("b/z1", "a 50, c 50")],
    );
}

#[test]
fn a_region_may_have_a_service_of_its_own() {
    let config = |hosts: Value| {
        json!({"destinations": [{"host": "hello.default.svc.cluster.local", "hosts": hosts, "trafficPolicy":
            {"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "*", "to": {"a": 50, "b": 50}}]}}}}]})
    };
    let own = json!({"a": "hello-a.default.svc.cluster.local"});
    let mut worker = Worker::new(whole("a", config(own)));
    for (cluster, known) in [
        ("outbound|80||hello.default.svc.cluster.local", true),
        ("outbound|80||hello-a.default.svc.cluster.local", true),
        ("outbound|80|b|hello.default.svc.cluster.local", true),
        ("outbound|80|a|hello.default.svc.cluster.local", false),
        ("outbound|80|a|hello-a.default.svc.cluster.local", false),
        ("outbound|80||hello-b.default.svc.cluster.local", false),
    ] {
        let found = worker.router.find(cluster.as_bytes());
        assert_eq!(found.is_some(), known, "{cluster}");
    }
    let choices: SortedMap<String, String> = (0..4)
        .filter_map(|_| {
            let (choice, region) = worker.router.choose(super::CLUSTER)?;
            let region = region.to_owned();
            Some((region, worker.router.cluster(choice)?.to_owned()))
        })
        .collect();
    let expected = [
        ("a", "outbound|80||hello-a.default.svc.cluster.local"),
        ("b", "outbound|80|b|hello.default.svc.cluster.local"),
    ];
    assert_eq!(choices, expected.map(|(one, two)| (one.to_owned(), two.to_owned())).into());
    for (hosts, path, message) in [
        (json!({"a": "hello-a"}), ".hosts.a", "`hello-a` is not a service's full name"),
        (json!({"a": "x.y", "b": "x.y"}), ".hosts", "`a` and `b` have the same host `x.y`"),
        (
            json!({"a": "hello.default.svc.cluster.local"}),
            ".hosts.a",
            "`hello.default.svc.cluster.local` is the whole destination",
        ),
    ] {
        let refused = PluginConfig::from_json(&config(hosts).to_string())
            .and_then(|it| it.compile(&Locality::parse("a")))
            .expect_err("refused");
        assert_eq!(refused[0].path, format!("destinations[0]{path}"));
        assert_eq!(refused[0].message, message);
    }
}

#[test]
fn a_port_may_have_a_policy_of_its_own() {
    let one = |port: Value, to: Value| {
        json!({"host": "hello.default.svc.cluster.local", "port": port, "trafficPolicy":
            {"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "*", "to": to}]}}}})
    };
    let config = json!({"destinations": [
        one(Value::Null, json!({"a": 100})), one(json!(80), json!({"b": 100}))
    ]});
    let mut worker = Worker::new(whole("x", config));
    assert_eq!(worker.shares(), "b 100");
    let other = b"outbound|81||hello.default.svc.cluster.local";
    assert_eq!(worker.router.choose(other).expect("the host's policy").1, "a");
}

#[test]
fn a_trusted_header_says_where_the_client_is() {
    let destination = json!({"host": "hello.default.svc.cluster.local", "port": 80, "trafficPolicy":
        {"loadBalancer": {"localityLbSetting": {"failover": [{"from": "a", "to": "b"}]}}}});
    let mapped = json!({
        "clientRegion": {"header": "X-Client", "map": {"FR": "a", "US": "b"}},
        "destinations": [destination]
    });
    let mut worker = Worker::new(whole("b", mapped));
    let id = worker.router.find(super::CLUSTER).expect("a policy");
    assert_eq!(worker.router.wants(id).client_region, Some("x-client"));
    let from = |value: &'static [u8]| Facts { client_region: Some(value), ..Facts::default() };
    for (value, region) in
        [(&b"FR"[..], "a"), (b"US", "b"), (b"??", "b"), (b"\xff", "b"), (b"", "b")]
    {
        assert_eq!(worker.shares_of(&from(value)).keys().next().expect("one"), region);
    }
    assert_eq!(worker.shares(), "b 100", "without the header it is the gateway's own place");

    let plain = json!({"clientRegion": {"header": "x-client"}, "destinations": [destination]});
    let mut worker = Worker::new(whole("b", plain));
    assert_eq!(worker.shares_of(&from(b"a")).keys().next().expect("one"), "a");
}

#[test]
fn when_all_regions_are_out_the_configuration_says_what_happens() {
    for (written, expected) in [("native", "- 100"), ("weights", "a 50, b 50"), ("fail", "! 100")] {
        let parts = json!({"allRegionsOut": written});
        check("x", halves(), parts, &[("a", "b 100"), ("b", expected)]);
    }
}

/// istio/istio 22534.
#[test]
fn a_request_that_a_gateway_has_routed_stays() {
    let mut worker = Worker::new(compiled("b", halves(), json!({})));
    let hopped = Facts { hopped: true, ..Facts::default() };
    assert_eq!(worker.shares_of(&hopped).keys().next().expect("one"), "b");
    worker.empty("b", 10);
    assert!(matches!(worker.decide(&hopped), Decision::Fail(_)), "it is not sent back");
    assert_eq!(worker.shares(), "a 100", "others are");
    let mut elsewhere = Worker::new(compiled("x", halves(), json!({})));
    assert_eq!(elsewhere.decide(&hopped), Decision::Native);
}
