//! Manifests from an intent: what a team would otherwise copy from a guide and adapt by hand.
//!
//! From the guide's intent come the guide's manifests, field by field; with a router, those of the region router; with the
//! Gateway API, a Gateway and an HTTPRoute in their place. A Topology comes with them, so that what is rendered can be
//! explained and simulated at once, and the kubectl commands that apply it. With both, router and Gateway API, each region
//! has a Service of its own, because routes cannot name subsets.
//!
//! **Source**: the guide "Set up multi-cluster mesh failover"; Istio 1.31; Gateway API v1.

mod commands;
mod extension;
mod gateway_api;
mod istio;
mod services;
mod topology;
mod validate;

use crate::diagnostic::Diagnostic;
use crate::manifest::{
    Intent, IntentRegion, Kind, Manifests, Metadata, Object, OutlierDetection, RouteApi, write,
};

/// Codes of what is wrong with an intent.
pub mod codes {
    /// A field of the intent that contradicts another or is missing.
    pub const INTENT: &str = "MF1301";
}

/// Manifests as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rendered {
    /// The files, in the order in which they are applied; the Topology comes last and is for this tool only.
    pub files: Vec<RenderedFile>,
    /// The kubectl commands that apply and validate them.
    pub commands: String,
}

/// One of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RenderedFile {
    /// For example `destination-rule.yaml`.
    pub name: String,
    /// One YAML document.
    pub text: String,
}

/// Renders an intent of `manifests`.
///
/// # Errors
/// Everything that is wrong with the intent, with its place.
///
/// ```
/// use mesh_failover_core::manifest::{Source, read};
/// use mesh_failover_core::render::render;
///
/// let text = "\
/// apiVersion: mesh-failover.dev/v1alpha1
/// kind: Intent
/// metadata: {name: hello-world}
/// spec:
///   host: hello-world.default.svc.cluster.local
///   regions: [{name: europe-west1}, {name: us-central1}]
///   distribute: {europe-west1: 50, us-central1: 50}
/// ";
/// let (manifests, _) = read(&[Source { name: "intent.yaml", text }]);
/// let rendered = render(&manifests, &manifests.intents[0]).unwrap();
/// let names: Vec<&str> = rendered.files.iter().map(|file| file.name.as_str()).collect();
/// assert_eq!(names, ["gateway.yaml", "virtual-service.yaml", "destination-rule.yaml", "topology.yaml"]);
/// ```
pub fn render(manifests: &Manifests, intent: &Object<Intent>) -> Result<Rendered, Vec<Diagnostic>> {
    let wanted = Wanted::new(intent);
    let problems = validate::problems(&wanted);
    if !problems.is_empty() {
        let document = manifests.documents.get(intent.document);
        let located = problems.into_iter().map(|problem| Diagnostic {
            location: document.and_then(|document| document.locate(&problem.path)),
            ..problem
        });
        return Err(located.collect());
    }
    let mut files = match wanted.spec.gateway.api {
        RouteApi::Istio => {
            vec![
                wanted.file("gateway", &wanted.gateway())?,
                wanted.file("virtual-service", &wanted.virtual_service())?,
            ]
        }
        RouteApi::GatewayApi => {
            vec![
                wanted.file("gateway", &wanted.api_gateway())?,
                wanted.file("http-route", &wanted.http_route())?,
            ]
        }
    };
    files.push(wanted.file("destination-rule", &wanted.destination_rule())?);
    files.extend(wanted.region_rules()?);
    files.extend(wanted.extension()?);
    let services = wanted.region_services()?;
    let commands = wanted.commands(&files, &services);
    files.extend(services.into_iter().map(|(_, file)| file));
    files.push(wanted.file("topology", &wanted.topology())?);
    Ok(Rendered { files, commands })
}

/// The header in which the region router says its choice.
const REGION_HEADER: &str = "x-mesh-region";

/// An intent with its defaults and the names that follow from it.
struct Wanted<'a> {
    name: &'a str,
    namespace: &'a str,
    spec: &'a Intent,
}

impl<'a> Wanted<'a> {
    fn new(intent: &'a Object<Intent>) -> Self {
        let spec = &intent.spec;
        // The rule, the routes and the gateway stand in the service's namespace.
        let mut parts = spec.host.split('.');
        let (service, namespace) = (parts.next(), parts.next());
        let name = intent.metadata.name.as_str();
        let name = if name.is_empty() { service.unwrap_or_default() } else { name };
        Self { name, namespace: namespace.unwrap_or("default"), spec }
    }

    /// The service's short name.
    fn service(&self) -> &'a str {
        self.spec.host.split('.').next().unwrap_or_default()
    }

    fn gateway_name(&self) -> &'a str {
        self.spec.gateway.name.as_deref().unwrap_or("public-gateway")
    }

    fn gateway_port(&self) -> u16 {
        self.spec.gateway.port.unwrap_or(80)
    }

    fn hosts(&self) -> Vec<String> {
        let hosts = &self.spec.gateway.hosts;
        if hosts.is_empty() { vec!["*".to_owned()] } else { hosts.clone() }
    }

    fn outlier_detection(&self) -> OutlierDetection {
        self.spec.outlier_detection.clone().unwrap_or_else(|| {
            let seconds = |seconds| Some(std::time::Duration::from_secs(seconds).into());
            OutlierDetection {
                consecutive_5xx_errors: Some(5),
                interval: seconds(1),
                base_ejection_time: seconds(30),
                max_ejection_percent: Some(100),
                ..OutlierDetection::default()
            }
        })
    }

    fn file<T: Kind + serde::Serialize>(
        &self,
        name: &str,
        object: &Object<T>,
    ) -> Result<RenderedFile, Vec<Diagnostic>> {
        let text = write(object).map_err(|diagnostic| vec![*diagnostic])?;
        Ok(RenderedFile { name: format!("{name}.yaml"), text: self.headed(&text) })
    }

    fn headed(&self, text: &str) -> String {
        format!("# Made by `mesh-failover render` from the intent `{}`.\n{text}", self.name)
    }
}

/// An object of the kind's own version.
fn object<T>(name: &str, namespace: Option<&str>, spec: T) -> Object<T> {
    let metadata = Metadata {
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        ..Metadata::default()
    };
    Object { api_version: String::new(), metadata, spec, document: 0 }
}

/// The cluster of a region.
fn cluster(region: &IntentRegion) -> &str {
    region.cluster.as_deref().unwrap_or(&region.name)
}
