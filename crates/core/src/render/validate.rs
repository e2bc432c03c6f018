//! What an intent must say before anything can be made from it.

use serde_json::Value;

use super::{Wanted, codes};
use crate::check::istio::{validate_locality_lb_setting, validate_outlier_detection};
use crate::diagnostic::{Diagnostic, Severity};
use crate::json_text;
use crate::locality::Locality;
use crate::manifest::RouteApi;
use crate::router::PluginConfig;

/// What of a `pluginConfig` is made from the intent's other fields.
const MADE: [&str; 7] =
    ["destinations", "host", "port", "trafficPolicy", "regions", "subsets", "hosts"];

/// Words of the intent about how the module is loaded, and what they may be.
const OWN: [(&str, &str); 3] = [
    ("extension", "write `WasmPlugin` or `TrafficExtension`"),
    ("url", "write where the module is, as text: `oci://registry.example/region-router:v1`"),
    ("sha256", "write the module's digest as text"),
];

/// Everything that is wrong, without places.
pub(super) fn problems(wanted: &Wanted<'_>) -> Vec<Diagnostic> {
    let mut problems = Problems(Vec::new());
    host(&mut problems, wanted);
    regions(&mut problems, wanted);
    traffic(&mut problems, wanted);
    route_api(&mut problems, wanted);
    if problems.0.is_empty() {
        rejected(&mut problems, wanted);
    }
    if let (Some(router), true) = (&wanted.spec.router, problems.0.is_empty()) {
        for word in MADE.into_iter().filter(|word| router.config.contains_key(*word)) {
            let message = format!("`{word}` follows from the intent");
            problems.intent(&format!("spec.router.{word}"), message, "leave it out");
        }
        for (word, help) in OWN {
            if let Some(value) = router.config.get(word) {
                let message = format!("`{}` is no `{word}`", json_text::of(value));
                problems.intent(&format!("spec.router.{word}"), message, help);
            }
        }
        if problems.0.is_empty() {
            return refused(&wanted.plugin_config(router));
        }
    }
    problems.0
}

struct Problems(Vec<Diagnostic>);

impl Problems {
    fn add(&mut self, code: &'static str, path: &str, message: String, help: &str) {
        self.0.push(Diagnostic {
            severity: Severity::Error,
            code,
            message,
            help: Some(help.to_owned()),
            location: None,
            path: path.to_owned(),
        });
    }

    fn intent(&mut self, path: &str, message: String, help: &str) {
        self.add(codes::INTENT, path, message, help);
    }
}

fn host(problems: &mut Problems, wanted: &Wanted<'_>) {
    let host = &wanted.spec.host;
    let parts: Vec<&str> = host.split('.').collect();
    let complete = matches!(parts.as_slice(), [_, _, "svc", ..]);
    if !complete || parts.iter().any(|part| part.is_empty()) {
        problems.intent(
            "spec.host",
            format!("`{host}` is not the full name of a service"),
            "write it as `hello-world.default.svc.cluster.local`",
        );
    }
}

fn regions(problems: &mut Problems, wanted: &Wanted<'_>) {
    let regions = &wanted.spec.regions;
    if regions.is_empty() {
        let help =
            "list where the service runs: `regions: [{name: europe-west1}, {name: us-central1}]`";
        problems.intent("spec.regions", "no region is given".to_owned(), help);
    }
    for (index, region) in regions.iter().enumerate() {
        let path = format!("spec.regions[{index}].name");
        if region.name.is_empty() || region.name.contains(['/', '*']) {
            let message = format!("`{}` is not the name of a region", region.name);
            problems.intent(
                &path,
                message,
                "write for example `europe-west1`; a zone has a field of its own",
            );
        } else if regions.iter().take(index).any(|other| other.name == region.name) {
            let message = format!("region `{}` is given twice", region.name);
            problems.intent(&path, message, "give each region once");
        }
    }
}

fn traffic(problems: &mut Problems, wanted: &Wanted<'_>) {
    let spec = wanted.spec;
    let known = |name: &str| spec.regions.iter().any(|region| region.name == name);
    let names: Vec<String> = spec.regions.iter().map(|it| format!("`{}`", it.name)).collect();
    let help = format!("the regions are {}", names.join(", "));
    let (distribute, failover) = (&spec.distribute, &spec.failover);
    let by_shares_alone = !distribute.is_empty() && spec.router.is_none();
    if by_shares_alone && !failover.is_empty() {
        let message = "`distribute` and `failover` exclude each other".to_owned();
        problems.intent("spec.failover", message, "Istio refuses both; keep one, or add `router`");
    }
    if by_shares_alone && !spec.failover_priority.is_empty() {
        let message = "beside `distribute` Istio does not look at `failoverPriority`".to_owned();
        problems.intent("spec.failoverPriority", message, "keep one, or add `router`");
    }
    for region in distribute.keys().filter(|region| !known(region)) {
        let message = format!("`distribute` names `{region}`, which is no region of the service");
        problems.intent("spec.distribute", message, &help);
    }
    let sum: u64 = distribute.values().map(|percent| u64::from(*percent)).sum();
    if !distribute.is_empty() && sum != 100 {
        let message = format!("the shares of `distribute` add up to {sum}");
        problems.intent("spec.distribute", message, "Istio wants 100");
    }
    for (index, entry) in failover.iter().enumerate() {
        for (field, region) in [("from", &entry.from), ("to", &entry.to)] {
            if !known(region) {
                let message =
                    format!("`failover` names `{region}`, which is no region of the service");
                problems.intent(&format!("spec.failover[{index}].{field}"), message, &help);
            }
        }
    }
}

fn route_api(problems: &mut Problems, wanted: &Wanted<'_>) {
    let spec = wanted.spec;
    if spec.gateway.api != RouteApi::GatewayApi {
        return;
    }
    if spec.port.is_none() {
        let message = "an HTTPRoute must name the service's port".to_owned();
        problems.intent("spec.port", message, "write `port: 80`, or the port that the service has");
    }
}

/// What istiod would say of the DestinationRule.
fn rejected(problems: &mut Problems, wanted: &Wanted<'_>) {
    let outlier = wanted.outlier_detection();
    let setting = wanted.locality_lb_setting();
    let found = validate_locality_lb_setting(Some(&setting), Some(&outlier));
    let field = if setting.distribute.is_empty() { "spec.failover" } else { "spec.distribute" };
    let of_outlier = validate_outlier_detection(Some(&outlier));
    for (path, found) in [(field, found), ("spec.outlierDetection", of_outlier)] {
        for error in found.errors {
            let help = "istiod's webhook would reject the DestinationRule with these words";
            problems.intent(path, error, help);
        }
    }
}

/// What the region router itself would say of its configuration, with the intent's paths.
fn refused(plugin_config: &Value) -> Vec<Diagnostic> {
    let anywhere = Locality::default();
    let compiled = PluginConfig::from_json(&json_text::of(plugin_config))
        .and_then(|config| config.compile(&anywhere));
    let mut problems = compiled.err().unwrap_or_default();
    for problem in &mut problems {
        problem.path = of_intent(&problem.path);
    }
    problems
}

/// From a path of `pluginConfig` to the intent's: the DestinationRule's words are the intent's own fields.
fn of_intent(path: &str) -> String {
    const DESTINATION: &str = "destinations[0].";
    const OWN: [&str; 2] = ["trafficPolicy.loadBalancer.localityLbSetting.", "trafficPolicy."];
    let Some(path) = path.strip_prefix(DESTINATION) else { return format!("spec.router.{path}") };
    match OWN.iter().find_map(|prefix| path.strip_prefix(prefix)) {
        Some(path) => format!("spec.{path}"),
        None => format!("spec.router.{path}"),
    }
}
