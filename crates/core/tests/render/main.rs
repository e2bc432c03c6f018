//! From an intent to manifests: the guide's, field by field, and nothing that Istio or this tool would complain about.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail as the test does")]

mod refused;

use mesh_failover_core::explain::explain;
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::{Manifests, Object, OutlierDetection, Source, Subset, read};
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

#[test]
fn the_example_behind_http_routes_is_what_its_intent_gives() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/router-behind-http-routes");
    let text = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    for file in rendered(&text("intent.yaml")).files {
        assert_eq!(text(&file.name), file.text, "{}", file.name);
    }
}

/// HTTPRoutes can name Services only: each region has one, which its cluster alone knows.
#[test]
fn the_router_behind_the_gateway_api() {
    let more = "  port: 80\n  pods: {targetPort: 8080}\n  gateway: {api: gatewayApi}\n  router: {probe: {path: /healthz}}\n";
    let rendered = rendered(&format!("{SEED}{more}"));
    let manifests = again(&rendered);
    let proxy = Proxy::gateway_at(&manifests, "us-central1").unwrap();
    let translation = translate(&manifests, &proxy);
    assert_eq!(translation.diagnostics, []);
    let config = manifests.wasm_plugins[0].spec.plugin_config.clone().unwrap();
    let config = PluginConfig::from_json(&config.to_string()).unwrap();
    config.compile(&Locality::parse("us-central1")).unwrap();
    for (region, host) in &config.destinations[0].hosts {
        let name = format!("outbound|80||{host}");
        let cluster = translation.clusters.iter().find(|it| it.name == name).unwrap();
        let places = cluster
            .load_assignment
            .endpoints
            .iter()
            .map(|it| it.locality.as_ref().unwrap().region.as_str());
        assert_eq!(places.collect::<Vec<_>>(), [region], "{name}");
        let hosts = translation.listeners.iter().flat_map(|it| &it.virtual_hosts);
        let mut routes = hosts.flat_map(|it| &it.routes);
        let leads = |action: &RouteAction| matches!(action, RouteAction::Forward(it) if format!("{it:?}").contains(&name));
        assert!(
            routes.any(|route| !route.matcher.headers.is_empty() && leads(&route.action)),
            "{name}"
        );
    }
    let mut all = String::new();
    let shown =
        ["http-route.yaml", "service-europe-west1.yaml", "destination-rule-europe-west1.yaml"];
    for file in rendered.files.iter().filter(|file| shown.contains(&file.name.as_str())) {
        all += &format!("==> {}\n{}", file.name, file.text);
    }
    insta::assert_snapshot!(all + "==> commands\n" + &rendered.commands);
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

/// Where there are probes a subset panics, so that Envoy gives them to somebody; the whole rule does not, and neither does a
/// subset without probes or one in which a host is always left.
#[test]
fn subsets_hear_probes() {
    let panic = |intent: &str| {
        let manifests = again(&rendered(intent));
        let rule = &manifests.destination_rules[0].spec;
        let outlier = rule.traffic_policy.as_ref().unwrap().outlier_detection.as_ref().unwrap();
        assert_eq!(outlier.min_health_percent, None);
        let own = |subset: &Subset| {
            let block = subset.traffic_policy.as_ref()?.outlier_detection.clone()?;
            assert_eq!(OutlierDetection { min_health_percent: None, ..block.clone() }, *outlier);
            block.min_health_percent
        };
        rule.subsets.iter().map(own).collect::<Vec<_>>()
    };
    let with = |router: &str| format!("{SEED}  router: {router}\n");
    assert_eq!(panic(&with("{probe: {path: /healthz}}")), [Some(50), Some(50)]);
    assert_eq!(panic(&with("{rescue: {}}")), [None, None]);
    let some_stay =
        with("{probe: {}}").replace("maxEjectionPercent: 100", "maxEjectionPercent: 60");
    assert_eq!(panic(&some_stay), [None, None]);
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
