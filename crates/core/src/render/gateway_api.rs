//! The Kubernetes Gateway API's kinds.
//!
//! **Source**: gateway.networking.k8s.io/v1 Gateway and HTTPRoute; Istio's class is `istio`.

use serde_json::{Value, json};

use super::{REGION_HEADER, Wanted, object};
use crate::manifest::Object;
use crate::manifest::gateway_api::{KubeGateway, KubeHttpRoute};

impl Wanted<'_> {
    /// A Gateway that Istio runs pods for, in the service's namespace.
    pub(super) fn api_gateway(&self) -> Object<KubeGateway> {
        let listener = |index: usize, host: &str| {
            let listener = json!({
                "name": if index == 0 { "http".to_owned() } else { format!("http-{index}") },
                "port": self.gateway_port(),
                "protocol": "HTTP",
            });
            with(listener, "hostname", (host != "*").then(|| host.into()))
        };
        let hosts = self.hosts();
        let listeners = hosts.iter().enumerate().map(|(index, host)| listener(index, host));
        let spec = json!({"gatewayClassName": "istio", "listeners": listeners.collect::<Vec<_>>()});
        object(self.gateway_name(), Some(self.namespace), KubeGateway(spec))
    }

    /// With the router, a rule for each region before the one without a condition: if the router is absent or broken, Istio's own
    /// failover serves.
    pub(super) fn http_route(&self) -> Object<KubeHttpRoute> {
        let hosts: Vec<String> = self.hosts().into_iter().filter(|host| host != "*").collect();
        let backend = |name: &str| json!([{"name": name, "port": self.spec.port}]);
        let of_regions = self.regions_with_service().map(|region| {
            let matcher = json!({"type": "Exact", "name": REGION_HEADER, "value": region.name});
            json!({
                "matches": [{"headers": [matcher]}],
                "backendRefs": backend(&self.service_of(region)),
            })
        });
        let spec = json!({
            "parentRefs": [{"name": self.gateway_name()}],
            "rules": of_regions.chain([json!({"backendRefs": backend(self.service())})]).collect::<Vec<_>>(),
        });
        let spec = with(spec, "hostnames", (!hosts.is_empty()).then(|| hosts.into()));
        object(self.name, Some(self.namespace), KubeHttpRoute(spec))
    }
}

/// An object with one more field, if there is a value for it.
fn with(mut object: Value, field: &str, value: Option<Value>) -> Value {
    if let (Value::Object(fields), Some(value)) = (&mut object, value) {
        fields.insert(field.to_owned(), value);
    }
    object
}
