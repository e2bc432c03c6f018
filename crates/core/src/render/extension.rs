//! The region router as an extension of the gateway.

use serde_json::{Value, json};

use super::{RenderedFile, Wanted, object};
use crate::diagnostic::Diagnostic;
use crate::manifest::{
    IntentRouter, LocalityLoadBalancerSetting, Object, RouterExtension, TrafficExtension,
    WasmConfig, WasmPlugin, WorkloadSelector,
};

const NAME: &str = "region-router";
const DEFAULT_URL: &str = "file:///etc/mesh-failover/region_router.wasm";
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
            plugin_config: Some(self.plugin_config()),
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
                plugin_config: Some(self.plugin_config()),
                ..WasmConfig::default()
            }),
            ..TrafficExtension::default()
        })
    }

    /// In the namespace of the gateway's pods, where alone it can select them.
    fn at_gateway<T>(&self, spec: T) -> Object<T> {
        object(NAME, Some(self.gateway_namespace()), spec)
    }

    /// The DestinationRule's own words.
    fn plugin_config(&self) -> Value {
        let setting = LocalityLoadBalancerSetting {
            distribute: self.distribute(),
            ..LocalityLoadBalancerSetting::default()
        };
        json!({
            "destinations": [{
                "host": self.spec.host,
                "trafficPolicy": {
                    "outlierDetection": self.outlier_detection(),
                    "loadBalancer": {"localityLbSetting": setting},
                },
            }],
        })
    }
}

fn url(router: &IntentRouter) -> String {
    router.url.clone().unwrap_or_else(|| DEFAULT_URL.to_owned())
}
