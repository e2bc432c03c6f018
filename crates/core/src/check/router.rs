//! The region router: what it refuses of its own configuration, and what must hold around it for its words to do what they say.
//!
//! **Source**: [`crate::router`] itself, which reads the configuration here as it does in the gateway.

mod probe;
mod rescue;

pub(crate) use probe::{empties, with_panic};

use super::facts::{Facts, RouterObject};
use super::{Finding, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::envoy::{is_for, region_router};
use crate::json_text;
use crate::locality::Locality;
use crate::router::{PluginConfig, codes};

pub(super) const RULES: &[&Rule] =
    &[&INVALID, &NOT_SUPPORTED, &NOT_APPLIED, &probe::UNHEARD, &rescue::NOT_REPEATED];

const INVALID: Rule = Rule {
    code: codes::INVALID,
    name: "router-config-invalid",
    severity: Severity::Error,
    title: "the region router refuses its `pluginConfig`",
    why: "\
istiod hands `pluginConfig` on unread, so nobody complains when it is applied. The router takes a \
configuration as a whole or not at all: a gateway that runs keeps the last good one, and one that starts has \
none and leaves every request to Istio's own failover. `mesh_router_configurations_total` with `refused` \
counts it, and the gateway's log says the same words as here. Fields that do not exist or are of the wrong \
type are said in the same way, with the codes of the reader.",
};

const NOT_SUPPORTED: Rule = Rule {
    code: codes::NOT_SUPPORTED,
    name: "router-config-not-supported",
    severity: Severity::Error,
    title: "a DestinationRule may say this, but the region router does not do it",
    why: "\
The router's `trafficPolicy` is the DestinationRule's own block, so it can be pasted. A part that would change \
where requests go and that the router has no way to follow is refused with the rest of the configuration, \
and not silently left out: a gateway that starts with it leaves every request to Istio's own failover.",
};

const NOT_APPLIED: Rule = Rule {
    code: codes::NOT_APPLIED,
    name: "router-config-not-applied",
    severity: Severity::Note,
    title: "at a gateway of the topology the region router leaves requests alone",
    why: "\
The configuration is good, but it says nothing about the place of this gateway: no `from` of `distribute` fits its \
locality, or locality load balancing is off. Requests carry no region there and take the \
VirtualService's last route, Istio's own failover. That may be meant; if not, the gateway needs an entry.",
};

const MEANT: &str =
    "leave it so if Istio alone is to serve this gateway; else give it a policy of its own here";

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for router in &facts.routers().collect::<Vec<_>>() {
        let anywhere = Locality::default();
        if let Err(errors) = region_router(&router.module, &anywhere) {
            findings.extend(errors.into_iter().map(|it| located(facts, router, it)));
            continue;
        }
        for gateway in &facts.gateways {
            let root = facts.mesh.root_namespace();
            if is_for(&router.extension, router.namespace, gateway, root) {
                let notes = region_router(&router.module, &gateway.locality);
                let notes = notes.map(|(_, notes)| notes).unwrap_or_default();
                findings.extend(notes.into_iter().map(|it| located(facts, router, it).help(MEANT)));
            }
        }
        let text = router.module.plugin_config.map(json_text::of).unwrap_or_default();
        for destination in PluginConfig::from_json(&text).unwrap_or_default().destinations {
            probe::check(facts, &destination, findings);
            rescue::check(facts, &destination, findings);
        }
    }
}

/// What the router says, at its place in the manifest.
fn located(facts: &Facts<'_>, router: &RouterObject<'_>, found: Diagnostic) -> Finding {
    let document = facts.manifests.documents.get(router.document);
    let whole = [router.module.path, ".pluginConfig"].concat();
    let location = document.and_then(|it| it.locate(&found.path).or_else(|| it.locate(&whole)));
    let diagnostic = Diagnostic { location, ..found };
    Finding { object: router.title.clone(), ..diagnostic.into() }
}
