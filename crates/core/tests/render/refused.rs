//! What cannot be rendered is told, with its place in the intent.

use super::*;

/// What the router would refuse is refused before, with the place in the intent.
#[test]
fn what_the_router_refuses_is_told_with_its_place() {
    for (from, to, path, message) in [
        ("interval: 2s", "interval: 10ms", "spec.router.probe.interval", "`10ms` is too short"),
        ("hops: {}", "host: a.b", "spec.router.host", "`host` follows from the intent"),
        ("hops: {}", "hop: {}", "spec.router.hop", "unknown field `hop`"),
        (
            "interval: 2s",
            "intervall: 2s",
            "spec.router.probe.intervall",
            "unknown field `intervall`",
        ),
        ("rescue: {}", "rescue: []", "spec.router.rescue", "expected a mapping, found a list"),
        (
            "regions: [asia-east1]",
            "regions: [mars]",
            "spec.router.drain.regions[0]",
            "`mars` is not a region of this destination",
        ),
        (
            "[topology.kubernetes.io/region]",
            "[app]",
            "spec.failoverPriority[0]",
            "the router does not know the label `app` of its regions",
        ),
        (
            "x-mesh-debug",
            "'x debug'",
            "spec.router.debugHeader",
            "`x debug` is not the name of a header",
        ),
        (
            "{header: x-client-region",
            "{headers: x-client-region",
            "spec.router.clientRegion.headers",
            "unknown field `headers`",
        ),
        (
            "{from: us-central1, to: europe-west1}",
            "{from: us-central1, to: us-central1}",
            "spec.failover[0].to",
            "`us-central1` cannot stand in for itself",
        ),
        (
            "allRegionsOut: weights",
            "allRegionsOut: panic",
            "spec.router.allRegionsOut",
            "expected one of `native`, `weights`, `fail`, found the text `panic`",
        ),
    ] {
        assert!(ROUTER.contains(from), "{from}");
        let text = ROUTER.replace(from, to);
        let manifests = parsed(&[("intent.yaml", &text)]);
        let problems = render(&manifests, &manifests.intents[0]).unwrap_err();
        let problem = problems.first().unwrap();
        assert_eq!((problem.path.as_str(), problem.message.as_str()), (path, message));
        let line = text.lines().position(|line| line.contains(to)).unwrap() + 1;
        assert_eq!(problem.location.as_ref().unwrap().span.line as usize, line, "{to}");
    }
}

#[test]
fn a_kind_that_cannot_load_the_router_is_told() {
    let last = "  maxRequests: 100\n";
    for (own, message) in [
        ("extension: EnvoyFilter", "`\"EnvoyFilter\"` is no `extension`"),
        ("url: 1", "`1` is no `url`"),
    ] {
        let router = format!("{last}  router: {{{own}}}\n");
        let path = format!("spec.router.{}", own.split(':').next().unwrap());
        let column = format!("13:{}", "  router: {".len() + own.find(": ").unwrap() + 3);
        refused(&[(last, &router)], &path, &column, message);
    }
}

/// The seed's intent, changed, has just this problem.
fn refused(change: &[(&str, &str)], path: &str, at: &str, message: &str) {
    let intent = change.iter().fold(SEED.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let manifests = parsed(&[("intent.yaml", &intent)]);
    let problems = render(&manifests, manifests.intents.first().unwrap()).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let problem = problems.first().unwrap();
    assert_eq!((problem.path.as_str(), problem.message.as_str()), (path, message));
    assert_eq!(problem.location.as_ref().unwrap().to_string(), format!("intent.yaml:{at}"));
    assert!(problem.help.is_some());
}

#[test]
fn a_contradiction_is_told_with_its_place() {
    refused(
        &[("host: hello-world.default.svc.cluster.local", "host: hello-world")],
        "spec.host",
        "6:9",
        "`hello-world` is not the full name of a service",
    );
    refused(
        &[("us-central1: 50}", "us-central1: 40}")],
        "spec.distribute",
        "10:3",
        "the shares of `distribute` add up to 90",
    );
    refused(
        &[("us-central1: 50}", "mars: 50}")],
        "spec.distribute",
        "10:3",
        "`distribute` names `mars`, which is no region of the service",
    );
    refused(
        &[
            ("name: us-central1, zone", "name: europe-west1, zone"),
            ("distribute: {europe-west1: 50, us-central1: 50}", "distribute: {europe-west1: 100}"),
        ],
        "spec.regions[1].name",
        "9:12",
        "region `europe-west1` is given twice",
    );
    refused(
        &[(
            "  maxRequests: 100",
            "  maxRequests: 100\n  failover: [{from: europe-west1, to: us-central1}]",
        )],
        "spec.failover",
        "13:3",
        "`distribute` and `failover` exclude each other",
    );
}

#[test]
fn what_istiod_rejects_or_does_not_look_at_is_told() {
    refused(
        &[(
            "  maxRequests: 100",
            "  maxRequests: 100\n  failoverPriority: [topology.kubernetes.io/region]",
        )],
        "spec.failoverPriority",
        "13:3",
        "beside `distribute` Istio does not look at `failoverPriority`",
    );
    refused(
        &[("europe-west1: 50, us-central1: 50}", "europe-west1: 100, us-central1: 0}")],
        "spec.distribute",
        "10:3",
        "locality weight must be in range [1, 100]",
    );
    refused(
        &[(
            "distribute: {europe-west1: 50, us-central1: 50}",
            "failover: [{from: europe-west1, to: us-central1}]\n  failoverPriority: [topology.kubernetes.io/region]",
        )],
        "spec.failover",
        "10:3",
        "can not simultaneously set 'failover' and topology label 'topology.kubernetes.io/region' in 'failover_priority'",
    );
    refused(
        &[("interval: 1s", "interval: 0s")],
        "spec.outlierDetection",
        "11:3",
        "duration must be greater than 1ms",
    );
}
