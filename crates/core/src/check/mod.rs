//! What is wrong with a configuration, or does not do what it seems to.
//!
//! [`check`] reads nothing and prints nothing: it takes what [`crate::manifest::read`] read, and returns findings in
//! the order of the text. Where a topology is among the manifests it speaks with the user's own numbers;
//! without one it is silent on everything that depends on where endpoints are.
//!
//! A family of lints is a file: its [`Rule`]s, and one function that looks for them.
//!
//! **Suppression**: a comment `# mesh-failover: allow MF0203 -- reason` on the finding's line, or above it, switches
//! that finding off; above a document's first key it holds for the document. Without a reason it is not heard.
//!
//! **Not modelled**: Sidecar scopes, TCP and TLS routes.

mod rule;

mod balancing;
mod binding;
mod distribute;
mod edit;
mod extension;
mod facts;
mod failover;
mod finding;
pub mod istio;
mod istiod;
mod live;
mod managed;
mod network;
mod outlier;
mod panic;
mod policies;
mod router;
mod routes;
mod scope;
mod suppress;

pub use finding::{Finding, Fix, TextEdit, apply};
pub use rule::{Rule, rules};

use facts::Facts;
pub(crate) use router::{empties, with_panic};

use mesh_failover_derive::Read;

use crate::diagnostic::Diagnostic;
use crate::live::GatewayState;
use crate::manifest::{Manifests, Source};
use crate::translate::{IstioVersion, codes};

/// Who programs the proxies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ControlPlane"))]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Open-source istiod.
    #[default]
    Istio,
    /// Managed Cloud Service Mesh with the Traffic Director control plane.
    CloudServiceMesh,
}

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What was read.
    pub manifests: &'a Manifests,
    /// The texts it was read from, for the comments in them; may be empty.
    pub sources: &'a [Source<'a>],
    /// The istiod that will get the manifests.
    pub version: IstioVersion,
    /// Who programs the proxies.
    pub target: Target,
    /// Gateways as they run, to be compared with what the manifests ask for.
    pub live: &'a [GatewayState],
}

/// Lints of one subject.
struct Family {
    rules: &'static [&'static Rule],
    check: fn(&Facts<'_>, &mut Vec<Finding>),
}

const FAMILIES: [Family; 14] = [
    Family { rules: istiod::RULES, check: istiod::check },
    Family { rules: outlier::RULES, check: outlier::check },
    Family { rules: panic::RULES, check: panic::check },
    Family { rules: distribute::RULES, check: distribute::check },
    Family { rules: failover::RULES, check: failover::check },
    Family { rules: scope::RULES, check: scope::check },
    Family { rules: binding::RULES, check: binding::check },
    Family { rules: balancing::RULES, check: balancing::check },
    Family { rules: routes::RULES, check: routes::check },
    Family { rules: network::RULES, check: network::check },
    Family { rules: router::RULES, check: router::check },
    Family { rules: extension::RULES, check: extension::check },
    Family { rules: managed::RULES, check: managed::check },
    Family { rules: live::RULES, check: live::check },
];

/// Everything that is wrong with the manifests or does not do what it seems to, each thing once, in the order of
/// files and lines.
///
/// ```
/// use mesh_failover_core::check::{Input, Target, check};
/// use mesh_failover_core::manifest::{Source, read};
///
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: DestinationRule
/// metadata: {name: hello-world}
/// spec:
///   host: hello-world.default.svc.cluster.local
///   trafficPolicy:
///     loadBalancer:
///       localityLbSetting:
///         distribute:
///         - {from: europe-west1, to: {europe-west1: 50, us-central1: 50}}
/// ";
/// let sources = [Source { name: "dr.yaml", text }];
/// let (manifests, _) = read(&sources);
/// let (version, target) = (Default::default(), Target::Istio);
/// let found = check(&Input { manifests: &manifests, sources: &sources, version, target, live: &[] });
/// assert_eq!(found[0].diagnostic.code, "MF0201");
/// assert_eq!(found[0].diagnostic.location.as_ref().map(|at| at.span.line), Some(9));
/// assert!(found[0].fix.is_some());
/// ```
#[must_use]
pub fn check(input: &Input<'_>) -> Vec<Finding> {
    let facts = Facts::new(input);
    let mut findings = Vec::new();
    for family in &FAMILIES {
        (family.check)(&facts, &mut findings);
    }
    programmed(&facts, &mut findings);
    let mut findings = suppress::filter(findings, input.sources);
    let file_order = |name: &str| input.manifests.documents.iter().position(|it| it.file == name);
    findings.sort_by_cached_key(|finding| {
        let Finding { diagnostic, object, .. } = finding;
        let place = diagnostic.location.as_ref().map(|at| (file_order(&at.file), at.span.start));
        (place, object.clone(), diagnostic.path.clone(), diagnostic.code)
    });
    findings.dedup();
    findings
}

/// What programming each gateway of the topology brings up; lints that say the same say it better.
fn programmed(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut more: Vec<Finding> = Vec::new();
    let Manifests { gateways, kube_gateways, .. } = facts.manifests;
    let is_elsewhere = gateways.is_empty() && kube_gateways.is_empty();
    for translation in &facts.translations {
        for found in translation.diagnostics.iter().cloned() {
            // Without any Gateway among the texts it is elsewhere, not missing.
            if found.code == codes::NO_LISTENER && is_elsewhere {
                continue;
            }
            let is_said =
                findings.iter().chain(&more).any(|known| says(facts, &known.diagnostic, &found));
            if !is_said {
                more.push(found.into());
            }
        }
    }
    findings.append(&mut more);
}

/// Whether a finding tells what a translation found: the same of the same field or of one within it, or what has no place.
fn says(facts: &Facts<'_>, known: &Diagnostic, found: &Diagnostic) -> bool {
    let same = known.code == found.code
        || found.code == codes::ROUTE_NOT_BOUND && known.code == routes::WRONG_NAMESPACE.code;
    if !same {
        return false;
    }
    let document = |of: &Diagnostic| {
        let at = of.location.as_ref()?;
        let mut documents = facts.manifests.documents.iter();
        documents.rposition(|it| it.file == at.file && it.root.span.start <= at.span.start)
    };
    let same_place = document(known) == document(found)
        && (known.path.starts_with(&found.path) || found.path.starts_with(&known.path));
    same_place || found.location.is_none() && known.location.is_some()
}
