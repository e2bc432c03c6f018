//! What a gateway was given, and which manifest line is to blame for it.
//!
//! For each Envoy cluster: the DestinationRule that won and why; each locality's priority, weight and share of the
//! traffic; how much of it may fail before traffic moves, and where it then goes; how many hosts may be ejected; what the panic
//! threshold does; the outlier settings in Envoy's words. Every line has a [`Cause`].
//!
//! Nothing is computed here that [`crate::translate`], [`crate::lb`] or [`crate::outlier`] already compute: shares and the points
//! at which traffic moves are found by asking a load balancer with more and more hosts down.
//!
//! **Units**: shares and fractions in percent.
//!
//! **Worked example**: three of six hosts in each of two regions, 50/50 by `distribute`. One of three fails: 1.4 × 2/3 = 93.3 % is less
//! than 100 %, so its region's weight drops from 50 to 46.7 and its share to 48.3 %.
//!
//! **Not modelled**: zone-aware routing within a priority in the localities' own shares; a gateway does it only on a condition, see
//! [`ZoneAwareExplanation`].

mod anchor;
mod balancing;
mod cause;
mod ejection;
mod hashing;
mod limits;
mod routes;
mod shares;
mod spill;
mod types;
mod zone_aware;

use mesh_failover_sorted::{SortedMap, SortedSet};

pub use cause::{Cause, Change, DefaultOf};
pub use types::{
    ClusterExplanation, EjectionExplanation, Explanation, GatewayExplanation, HashingExplanation,
    HostShare, LocalityExplanation, LocalityShare, PanicExplanation, Setting, Spill, Statement,
    ZoneAwareExplanation,
};

use cause::Causes;
use shares::Model;

use crate::cluster::{Address, Cluster, ClusterLoadAssignment, HealthStatus};
use crate::live::{Ejections, GatewayState, ejections_at};
use crate::manifest::Manifests;
use crate::outlier::DetectorConfig;
use crate::translate::{Origin, Proxy, Translation, translate};

/// Explains every cluster of one gateway.
#[must_use]
pub fn explain(manifests: &Manifests, proxy: &Proxy) -> Explanation {
    explain_live(manifests, proxy, &[])
}

/// As [`explain`], for gateways of which dumps are at hand: what the first of them at the gateway's place has ejected gets nothing now.
#[must_use]
pub fn explain_live(
    manifests: &Manifests,
    proxy: &Proxy,
    gateways: &[GatewayState],
) -> Explanation {
    let mut translation = translate(manifests, proxy);
    let mut ejected = ejections_at(gateways, &proxy.locality, &translation);
    let ejected = ejected.drain(..).next().unwrap_or_default();
    for cluster in &mut translation.clusters {
        let Some(out) = ejected.get(&cluster.name) else { continue };
        let groups = cluster.load_assignment.endpoints.iter_mut();
        for endpoint in groups.flat_map(|group| &mut group.lb_endpoints) {
            if out.contains(&endpoint.address) {
                endpoint.health_status = HealthStatus::Unhealthy;
            }
        }
    }
    explain_translation(manifests, proxy, &translation, &ejected)
}

fn explain_translation(
    manifests: &Manifests,
    proxy: &Proxy,
    translation: &Translation,
    ejected: &Ejections,
) -> Explanation {
    let routes = routes::by_cluster(manifests, translation);
    let destinations = anchor::destinations(manifests, translation);
    let nobody = SortedSet::new();
    let explained = |cluster: &Cluster| {
        let none = Origin::default();
        let origin = translation.origins.get(&cluster.name).unwrap_or(&none);
        let ejected = ejected.get(&cluster.name).unwrap_or(&nobody);
        let destination = destinations.get(&cluster.name).or(origin.service.as_ref());
        let otherwise = anchor::otherwise(manifests, origin, destination);
        let causes = Causes { manifests, otherwise: &otherwise };
        Subject { causes, proxy, cluster, origin, ejected }.explain(&routes)
    };
    Explanation {
        gateway: GatewayExplanation {
            cluster: proxy.cluster.clone(),
            namespace: proxy.namespace.clone(),
            locality: proxy.locality.to_string(),
            istio: proxy.version.to_string(),
        },
        clusters: translation.clusters.iter().map(explained).collect(),
        diagnostics: translation.diagnostics.clone(),
    }
}

/// A cluster to explain, with everything its parts are looked up in.
struct Subject<'a> {
    causes: Causes<'a>,
    proxy: &'a Proxy,
    cluster: &'a Cluster,
    origin: &'a Origin,
    /// Endpoints that the running gateway has out.
    ejected: &'a SortedSet<Address>,
}

impl Subject<'_> {
    fn explain(&self, routes: &SortedMap<String, Vec<Statement>>) -> ClusterExplanation {
        let detector = self.cluster.outlier_detection.as_ref().map(DetectorConfig::try_from);
        let config = detector.as_ref().and_then(|config| config.as_ref().ok());
        let hosts = hosts(&self.cluster.load_assignment);
        let ejectable = config.map_or(0, |config| config.ejectable(hosts));
        let model = Model::new(self.cluster, &self.proxy.locality);
        ClusterExplanation {
            name: self.cluster.name.clone(),
            hosts,
            routes: routes.get(&self.cluster.name).cloned().unwrap_or_default(),
            destination_rule: self.origin.destination_rule.map(|rule| self.causes.title(rule)),
            rule: self.rule(),
            balancing: self.balancing(),
            policy: self.policy(),
            hashing: self.hashing(&model),
            zone_aware: self.zone_aware(&model),
            localities: self
                .localities(&model, ejectable.saturating_sub(self.ejected.len() as u64)),
            ejection: self.ejection(detector.as_ref(), hosts, ejectable),
            panic: self.panic(&model),
            limits: self.limits(),
            outlier_detection: config.map_or_else(Vec::new, |config| self.settings(config)),
        }
    }

    /// Which rule won.
    fn rule(&self) -> Statement {
        let Origin { destination_rule, subset, port_level, why, .. } = self.origin;
        let Some(document) = *destination_rule else {
            let cause = Cause { change: None, ..self.causes.otherwise.clone() };
            return Statement { text: why.clone(), cause };
        };
        let subset = subset.as_ref().map_or(String::new(), |name| format!(", subset `{name}`"));
        let level = if *port_level {
            "; a `portLevelSettings` entry decides for this port and inherits nothing"
        } else {
            ""
        };
        let title = self.causes.title(document);
        let text = format!("{title}{subset} wins: {why}{level}");
        Statement { text, cause: self.causes.of(document, &self.rule_path(document)) }
    }

    /// What ties the rule to the cluster: its host, or the subset.
    fn rule_path(&self, document: usize) -> String {
        let rules = &self.causes.manifests.destination_rules;
        let subset = self.origin.subset.as_ref().and_then(|name| {
            let rule = rules.iter().find(|rule| rule.document == document)?;
            rule.spec.subsets.iter().position(|subset| subset.name == *name)
        });
        subset.map_or("spec.host".to_owned(), |index| format!("spec.subsets[{index}].name"))
    }
}

/// Endpoints of all localities.
fn hosts(assignment: &ClusterLoadAssignment) -> u64 {
    assignment.endpoints.iter().map(|group| group.lb_endpoints.len() as u64).sum()
}
