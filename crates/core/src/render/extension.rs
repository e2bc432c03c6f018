//! The region router as an extension of the gateway.

use serde_json::{Map, Value, json};

use super::{RenderedFile, Wanted, object};
use crate::diagnostic::Diagnostic;
use crate::manifest::{
    Failover, IntentRouter, LocalityLoadBalancerSetting, Object, RouterExtension, TrafficExtension,
    WasmConfig, WasmPlugin, WorkloadSelector,
};

const NAME: &str = "region-router";
const DEFAULT_URL: &str = "file:///etc/mesh-failover/region_router.wasm";
/// Words that stand beside the destinations; all others are a destination's.
const OF_WHOLE: [&str; 4] = ["clientRegion", "hops", "debugHeader", "revision"];
/// A filter that breaks leaves the traffic to Istio.
const FAIL_STRATEGY: &str = "FAIL_OPEN";

impl Wanted<'_> {
    /// The file that loads the router; none without one.
    pub(super) fn extension(&self) -> Result<Option<RenderedFile>, Vec<Diagnostic>> {
        let Some(router) = &self.spec.router else { return Ok(None) };
        let file = match router.extension {
            RouterExtension::WasmPlugin => self.file("wasm-plugin", &self.wasm_plugin(router)),
            RouterExtension::TrafficExtension => {
                self.file("traffic-extension", &self.traffic_extension(router))
            }
        };
        file.map(Some)
    }

    fn wasm_plugin(&self, router: &IntentRouter) -> Object<WasmPlugin> {
        self.at_gateway(WasmPlugin {
            selector: Some(WorkloadSelector { match_labels: self.selector() }),
            url: url(router),
            sha256: router.sha256.clone(),
            fail_strategy: Some(FAIL_STRATEGY.to_owned()),
            plugin_config: Some(self.plugin_config(router)),
            ..WasmPlugin::default()
        })
    }

    fn traffic_extension(&self, router: &IntentRouter) -> Object<TrafficExtension> {
        self.at_gateway(TrafficExtension {
            selector: Some(WorkloadSelector { match_labels: self.selector() }),
            wasm: Some(WasmConfig {
                url: url(router),
                sha256: router.sha256.clone(),
                fail_strategy: Some(FAIL_STRATEGY.to_owned()),
                plugin_config: Some(self.plugin_config(router)),
                ..WasmConfig::default()
            }),
            ..TrafficExtension::default()
        })
    }

    /// In the namespace of the gateway's pods, where alone it can select them.
    fn at_gateway<T>(&self, spec: T) -> Object<T> {
        object(NAME, Some(self.gateway_namespace()), spec)
    }

    /// The DestinationRule's own words, and beside them what Istio has no word for.
    pub(super) fn plugin_config(&self, router: &IntentRouter) -> Value {
        let spec = self.spec;
        let setting = LocalityLoadBalancerSetting {
            distribute: self.distribute(),
            failover: spec.failover.clone(),
            failover_priority: spec.failover_priority.clone(),
            ..LocalityLoadBalancerSetting::default()
        };
        let mut destination = Map::new();
        let mut whole = Map::new();
        for (word, value) in &router.config {
            let of_whole = OF_WHOLE.contains(&word.as_str());
            let place = if of_whole { &mut whole } else { &mut destination };
            place.insert(word.clone(), value.clone());
        }
        let policy = json!({
            "outlierDetection": self.outlier_detection(),
            "loadBalancer": {"localityLbSetting": setting},
        });
        destination.insert("host".to_owned(), spec.host.clone().into());
        destination.insert("trafficPolicy".to_owned(), policy);
        let hosts = self.hosts_of_regions();
        if !hosts.is_empty() {
            destination.insert("hosts".to_owned(), json!(hosts));
        }
        let reachable = self.reachable();
        if !reachable.is_empty() {
            destination.insert("regions".to_owned(), reachable.into());
        }
        whole.insert("destinations".to_owned(), json!([destination]));
        whole.into()
    }

    /// Regions that the router must be told of, because neither `distribute` nor `failover` names them. With shares alone, one
    /// without a share is left out on purpose.
    fn reachable(&self) -> Vec<&str> {
        let spec = self.spec;
        if !spec.distribute.is_empty()
            && spec.failover.is_empty()
            && spec.failover_priority.is_empty()
        {
            return Vec::new();
        }
        let named = |name: &str| {
            let of_failover = |entry: &Failover| entry.from == name || entry.to == name;
            spec.distribute.contains_key(name) || spec.failover.iter().any(of_failover)
        };
        let names = spec.regions.iter().map(|region| region.name.as_str());
        names.filter(|name| !named(name)).collect()
    }
}

fn url(router: &IntentRouter) -> String {
    router.url.clone().unwrap_or_else(|| DEFAULT_URL.to_owned())
}
