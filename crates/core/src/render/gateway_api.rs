//! The Kubernetes Gateway API's kinds, which are written here and never read.
//!
//! **Source**: gateway.networking.k8s.io/v1 Gateway and HTTPRoute; Istio's class is `istio`.

use serde_json::{Value, json};

use super::{RenderedFile, Wanted};
use crate::manifest::yaml;

const API_VERSION: &str = "gateway.networking.k8s.io/v1";

impl Wanted<'_> {
    /// A Gateway that Istio runs pods for, in the service's namespace.
    pub(super) fn api_gateway(&self) -> Value {
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
        json!({
            "apiVersion": API_VERSION,
            "kind": "Gateway",
            "metadata": {"name": self.gateway_name(), "namespace": self.namespace},
            "spec": {"gatewayClassName": "istio", "listeners": listeners.collect::<Vec<_>>()},
        })
    }

    pub(super) fn http_route(&self) -> Value {
        let hosts: Vec<String> = self.hosts().into_iter().filter(|host| host != "*").collect();
        let spec = json!({
            "parentRefs": [{"name": self.gateway_name()}],
            "rules": [{"backendRefs": [{"name": self.service(), "port": self.spec.port}]}],
        });
        let spec = with(spec, "hostnames", (!hosts.is_empty()).then(|| hosts.into()));
        json!({
            "apiVersion": API_VERSION,
            "kind": "HTTPRoute",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec,
        })
    }

    pub(super) fn value(&self, name: &str, value: Value) -> RenderedFile {
        // INVARIANT: a JSON object is a YAML mapping.
        let text = match yaml::to_value(&value) {
            Ok(yaml::Value::Mapping(mapping)) => yaml::document(&mapping),
            _ => String::new(),
        };
        RenderedFile { name: format!("{name}.yaml"), text: self.headed(&text) }
    }
}

/// An object with one more field, if there is a value for it.
fn with(mut object: Value, field: &str, value: Option<Value>) -> Value {
    if let (Value::Object(fields), Some(value)) = (&mut object, value) {
        fields.insert(field.to_owned(), value);
    }
    object
}
