//! From `pluginConfig` and the gateway's own place to what the router runs.

use mesh_failover_abi::{LogLevel, Returned, host};
use mesh_failover_core::locality::Locality;
use mesh_failover_core::router::{PluginConfig, RouterConfig};

/// Reads the configuration. What does not apply here is said in the log.
///
/// # Errors
/// One line that says everything that is wrong.
pub(crate) fn read() -> Result<RouterConfig, String> {
    let bytes = host::plugin_configuration();
    let text = std::str::from_utf8(bytes.as_deref().unwrap_or_default());
    let text = text.map_err(|_| line(&["not UTF-8".to_owned()]))?;
    let all = |found: Vec<mesh_failover_core::diagnostic::Diagnostic>| {
        line(&found.iter().map(one).collect::<Vec<_>>())
    };
    let locality = own_locality();
    let (config, notes) =
        PluginConfig::from_json(text).and_then(|p| p.compile(&locality)).map_err(all)?;
    for note in &notes {
        host::log(LogLevel::Warn, &format!("pluginConfig: {}", one(note)));
    }
    Ok(config)
}

/// The name that Istio gives the plugin; Envoy always has one.
pub(crate) fn plugin_name() -> String {
    text(host::property(b"plugin_name"))
}

/// Without a region no `from` but `*` fits, and the gateway leaves requests alone.
fn own_locality() -> Locality {
    let part = |path: &[u8]| text(host::property(path));
    Locality {
        region: part(b"xds\0node\0locality\0region"),
        zone: part(b"xds\0node\0locality\0zone"),
        sub_zone: part(b"xds\0node\0locality\0sub_zone"),
    }
}

/// A property that is not there or not text is empty.
fn text(property: Option<Returned>) -> String {
    let text = property.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.unwrap_or_default().to_owned()
}

fn line(errors: &[String]) -> String {
    format!("pluginConfig refused: {}", errors.join("; "))
}

fn one(found: &mesh_failover_core::diagnostic::Diagnostic) -> String {
    let path = if found.path.is_empty() { String::new() } else { format!("{}: ", found.path) };
    let help = found.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!("{path}{}{help}", found.message)
}

/// A status as Envoy writes it.
pub(crate) fn number(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
