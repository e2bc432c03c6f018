//! What an intent must say before anything can be made from it.

use super::{Wanted, codes};
use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::RouteApi;

/// Everything that is wrong, without places.
pub(super) fn problems(wanted: &Wanted<'_>) -> Vec<Diagnostic> {
    let mut problems = Problems(Vec::new());
    host(&mut problems, wanted);
    regions(&mut problems, wanted);
    traffic(&mut problems, wanted);
    router(&mut problems, wanted);
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
    if !distribute.is_empty() && !failover.is_empty() {
        let message = "`distribute` and `failover` exclude each other".to_owned();
        problems.intent("spec.failover", message, "Istio refuses both; keep one");
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

fn router(problems: &mut Problems, wanted: &Wanted<'_>) {
    let spec = wanted.spec;
    let by_gateway_api = spec.gateway.api == RouteApi::GatewayApi;
    if by_gateway_api && spec.port.is_none() {
        let message = "an HTTPRoute must name the service's port".to_owned();
        problems.intent("spec.port", message, "write `port: 80`, or the port that the service has");
    }
    if spec.router.is_none() {
        return;
    }
    if by_gateway_api {
        problems.add(
            codes::NOT_EXPRESSIBLE,
            "spec.router",
            "the region router needs a subset a region, which an HTTPRoute cannot name".to_owned(),
            "write `gateway: {api: istio}`, or leave the router out: Istio's own failover works with HTTPRoutes",
        );
    }
    if spec.distribute.is_empty() {
        let message = "the region router needs the shares of the regions".to_owned();
        problems.intent(
            "spec.router",
            message,
            "write `distribute` with a percentage for each region",
        );
    }
}
