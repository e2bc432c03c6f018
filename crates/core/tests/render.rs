//! From an intent to manifests: the guide's, field by field, and nothing that Istio or this tool would complain about.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail as the test does")]

use mesh_failover_core::explain::explain;
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::{Manifests, Object, Source, read};
use mesh_failover_core::render::{Rendered, render};
use mesh_failover_core::route::RouteAction;
use mesh_failover_core::router::PluginConfig;
use mesh_failover_core::translate::{Proxy, translate};

/// The guide's intent, with the topology of the examples.
const SEED: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Intent
metadata: {name: hello-world}
spec:
  host: hello-world.default.svc.cluster.local
  regions:
  - {name: europe-west1, zone: europe-west1-b, cluster: cluster-a, replicas: 3, latency: 5ms}
  - {name: us-central1, zone: us-central1-a, cluster: cluster-b, replicas: 3, latency: 5ms}
  distribute: {europe-west1: 50, us-central1: 50}
  outlierDetection: {consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 30s, maxEjectionPercent: 100}
  maxRequests: 100
";

fn parsed(texts: &[(&str, &str)]) -> Manifests {
    let sources: Vec<_> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    let (manifests, diagnostics) = read(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    manifests
}

fn rendered(intent: &str) -> Rendered {
    let manifests = parsed(&[("intent.yaml", intent)]);
    render(&manifests, manifests.intents.first().unwrap()).unwrap()
}

/// What was rendered, read again as a user's files would be.
fn again(rendered: &Rendered) -> Manifests {
    let texts: Vec<_> =
        rendered.files.iter().map(|it| (it.name.as_str(), it.text.as_str())).collect();
    parsed(&texts)
}

fn example(name: &str, files: &[&str]) -> Manifests {
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
            let text = std::fs::read_to_string(format!("{root}/{name}/{file}.yaml")).unwrap();
            ((*file).to_owned(), text)
        })
        .collect();
    let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    parsed(&texts)
}

/// Everything but the version in which the object is written; all served versions have the same fields.
fn same<T: PartialEq + std::fmt::Debug>(one: &[Object<T>], other: &[Object<T>]) {
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one.metadata, other.metadata);
        assert_eq!(one.spec, other.spec);
    }
}

#[test]
fn the_guides_intent_gives_the_guides_manifests() {
    let files = ["gateway", "virtual-service", "destination-rule", "topology"];
    let (rendered, seed) = (again(&rendered(SEED)), example("seed", &files));
    same(&rendered.gateways, &seed.gateways);
    same(&rendered.virtual_services, &seed.virtual_services);
    same(&rendered.destination_rules, &seed.destination_rules);
    assert_eq!(rendered.topologies[0].spec, seed.topologies[0].spec);
}

#[test]
fn with_the_router_it_gives_those_of_the_router() {
    let files = ["gateway", "virtual-service", "destination-rule", "topology", "wasm-plugin"];
    let rendered = again(&rendered(&format!("{SEED}  router: {{}}\n")));
    let example = example("region-router", &files);
    same(&rendered.gateways, &example.gateways);
    same(&rendered.virtual_services, &example.virtual_services);
    same(&rendered.destination_rules, &example.destination_rules);
    same(&rendered.wasm_plugins, &example.wasm_plugins);
}

#[test]
fn the_files_of_a_user() {
    let rendered = rendered(&format!("{SEED}  router: {{extension: TrafficExtension}}\n"));
    let mut all = String::new();
    for file in &rendered.files {
        all += &format!("==> {}\n{}", file.name, file.text);
    }
    insta::assert_snapshot!(all + "==> commands\n" + &rendered.commands);
}

#[test]
fn the_gateway_api() {
    let intent = format!(
        "{SEED}  port: 80\n  gateway: {{api: gatewayApi, name: web, hosts: [a.example.com, b.example.com]}}\n"
    );
    let rendered = rendered(&intent);
    let names: Vec<&str> = rendered.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["gateway.yaml", "http-route.yaml", "destination-rule.yaml", "topology.yaml"]
    );
    let all: Vec<&str> = rendered.files.iter().take(2).map(|file| file.text.as_str()).collect();
    insta::assert_snapshot!(all.join("---\n"));
}

/// What was rendered for the Gateway API is read again, and sends where Istio's own kinds would.
#[test]
fn the_gateway_api_does_the_same() {
    let native = again(&rendered(&format!("{SEED}  port: 80\n")));
    let manifests =
        again(&rendered(&format!("{SEED}  port: 80\n  gateway: {{api: gatewayApi}}\n")));
    let place = |manifests: &Manifests| {
        let proxy = Proxy::gateway_at(manifests, "us-central1").unwrap();
        let translation = translate(manifests, &proxy);
        assert_eq!(translation.diagnostics, []);
        (translation, explain(manifests, &proxy).clusters.swap_remove(0))
    };
    let ((native, of_native), (found, cluster)) = (place(&native), place(&manifests));
    assert_eq!(cluster.localities, of_native.localities);
    assert_eq!(cluster.routes.len(), 1);
    let hosts = |translation: &mesh_failover_core::translate::Translation| {
        let hosts = translation.listeners.iter().flat_map(|it| &it.virtual_hosts);
        let routes = hosts.flat_map(|host| &host.routes);
        routes.map(|route| (route.matcher.clone(), route.action.clone())).collect::<Vec<_>>()
    };
    let (mut found, native) = (hosts(&found), hosts(&native));
    // The one difference: what a request gets whose cluster does not exist.
    for (_, action) in &mut found {
        let RouteAction::Forward(forward) = action else { continue };
        assert_eq!(std::mem::replace(&mut forward.missing_cluster_status, 503), 500);
    }
    assert_eq!(found, native);
}

/// What comes out works: no complaint of the translation, and each gateway sends where the intent says.
#[test]
fn what_is_rendered_does_what_was_meant() {
    let outlier = "outlierDetection: {interval: 1s}";
    for (traffic, local, remote) in [
        ("distribute: {europe-west1: 80, us-central1: 20}", 80.0, 20.0),
        ("failover: [{from: europe-west1, to: us-central1}]", 100.0, 0.0),
        ("failoverPriority: [topology.kubernetes.io/region]", 100.0, 0.0),
        (outlier, 100.0, 0.0),
    ] {
        let start = SEED.split("  distribute").next().unwrap();
        let manifests = again(&rendered(&format!("{start}  {traffic}\n")));
        let proxy = Proxy::gateway_at(&manifests, "europe-west1").unwrap();
        assert_eq!(translate(&manifests, &proxy).diagnostics, [], "{traffic}");
        let cluster = explain(&manifests, &proxy).clusters.swap_remove(0);
        assert!(!cluster.routes.is_empty(), "{traffic}");
        let shares: Vec<f64> = cluster.localities.iter().map(|it| it.share).collect();
        assert_eq!(shares, [local, remote], "{traffic}");
    }
}

/// Everything that the router knows, in an intent.
const ROUTER: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Intent
metadata: {name: shop}
spec:
  host: shop.default.svc.cluster.local
  regions: [{name: europe-west1}, {name: us-central1}, {name: asia-east1}]
  distribute: {europe-west1: 80, us-central1: 20}
  failover: [{from: us-central1, to: europe-west1}]
  failoverPriority: [topology.kubernetes.io/region]
  router:
    failback: {minimumHealthyTime: 10s, ramp: {duration: 1m, startPercent: 20, curve: exponential}}
    health: {successRate: {minimumPercent: 90}, latency: {threshold: 500ms}}
    probe: {path: /healthz, interval: 2s, expectedStatuses: ['200-299']}
    drain: {regions: [asia-east1], duration: 5m, affinity: keep}
    affinity: {cookie: {name: site, ttl: 1h}}
    rescue: {}
    allRegionsOut: weights
    clientRegion: {header: x-client-region, map: {eu: europe-west1}}
    hops: {}
    debugHeader: x-mesh-debug
    revision: Monday
";

/// What Istio has no word for reaches the router as it was written; the DestinationRule has what Istio knows.
#[test]
fn all_that_the_router_knows_can_be_said() {
    let rendered = rendered(ROUTER);
    let manifests = again(&rendered);
    let policy = manifests.destination_rules[0].spec.traffic_policy.as_ref().unwrap();
    let setting = policy.load_balancer.as_ref().unwrap().locality_lb_setting.as_ref().unwrap();
    assert!(!setting.distribute.is_empty());
    assert!(setting.failover.is_empty() && setting.failover_priority.is_empty());
    let plugin = rendered.files.iter().find(|file| file.name == "wasm-plugin.yaml").unwrap();
    insta::assert_snapshot!(plugin.text);
}

/// The router needs no shares: then it goes to the nearest region, and knows all.
#[test]
fn the_router_without_shares_knows_all_regions() {
    let text = SEED.replace("  distribute: {europe-west1: 50, us-central1: 50}", "  router: {}");
    let manifests = again(&rendered(&text));
    let config = manifests.wasm_plugins[0].spec.plugin_config.as_ref().unwrap();
    let regions = &config["destinations"][0]["regions"];
    assert_eq!(regions, &serde_json::json!(["europe-west1", "us-central1"]));
    let config = PluginConfig::from_json(&config.to_string()).unwrap();
    let (_, notes) = config.compile(&Locality::parse("us-central1")).unwrap();
    assert_eq!(notes, []);
}

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
    let text = SEED.to_owned() + "  router: {extension: EnvoyFilter}\n";
    let (_, problems) = read(&[Source { name: "intent.yaml", text: &text }]);
    let problem = problems.first().unwrap();
    assert_eq!(problem.path, "spec.router");
    assert!(problem.message.contains("write `WasmPlugin` or `TrafficExtension`"), "{problem:?}");
    assert_eq!(problem.location.as_ref().unwrap().span.line, 13);
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
    refused(
        &[("  maxRequests: 100", "  port: 80\n  router: {}\n  gateway: {api: gatewayApi}")],
        "spec.router",
        "13:3",
        "the region router needs a subset a region, which an HTTPRoute cannot name",
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
