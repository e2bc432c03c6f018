//! Which of the ABI's callbacks a filter overrides.
//!
//! The list stands in the filter's Cargo.toml, as
//!
//! ```toml
//! [package.metadata.proxy-wasm]
//! callbacks = ["on_configure", "on_http_request_headers"]
//! ```
//!
//! with the names of the SDK's trait methods. A callback that is overridden but not listed would never be
//! called, and one that is listed in vain costs every request, so the list is compared with the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The SDK's own exports, which every filter needs: start, memory, and the life of contexts.
const ALWAYS: [&str; 6] = [
    "_initialize",
    "malloc",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_context_create",
    "proxy_on_delete",
];

/// The callbacks of a filter, checked against its source.
pub(super) struct Callbacks(BTreeSet<String>);

impl Callbacks {
    /// Reads them from the package's metadata as cargo prints it, and the source from its folder.
    pub(super) fn of(package: &Value, folder: &Path) -> Result<Self> {
        let listed = package.pointer("/metadata/proxy-wasm/callbacks").and_then(Value::as_array);
        let listed: BTreeSet<String> = listed
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let overridden = overridden_in(&folder.join("src"))?;
        if listed != overridden {
            let list: Vec<String> = overridden.iter().map(|name| format!("\"{name}\"")).collect();
            bail!(
                "the callbacks in `{}` are not those that the source overrides; write\n\
                 [package.metadata.proxy-wasm]\ncallbacks = [{}]",
                folder.join("Cargo.toml").display(),
                list.join(", ")
            );
        }
        Ok(Callbacks(listed))
    }

    /// Whether the module must export that name.
    pub(super) fn need(&self, export: &str) -> bool {
        ALWAYS.contains(&export) || self.0.iter().any(|callback| export == export_of(callback))
    }

    /// Fails when a needed export is not among those of the module.
    pub(super) fn check(&self, exports: &[String]) -> Result<()> {
        let needed = ALWAYS.iter().map(|name| (*name).to_owned());
        let mut needed = needed.chain(self.0.iter().map(|callback| export_of(callback)));
        match needed.find(|name| !exports.contains(name)) {
            Some(name) => bail!("the module does not export `{name}`"),
            None => Ok(()),
        }
    }
}

/// The ABI's name for a method of the SDK's traits: they differ for HTTP streams and for gRPC.
fn export_of(callback: &str) -> String {
    match callback {
        "on_grpc_call_response" | "on_grpc_stream_message" => "proxy_on_grpc_receive".to_owned(),
        "on_grpc_stream_initial_metadata" => "proxy_on_grpc_receive_initial_metadata".to_owned(),
        "on_grpc_stream_trailing_metadata" => "proxy_on_grpc_receive_trailing_metadata".to_owned(),
        "on_grpc_stream_close" => "proxy_on_grpc_close".to_owned(),
        "on_http_call_response" => "proxy_on_http_call_response".to_owned(),
        _ => match callback.strip_prefix("on_http_") {
            Some(phase) => format!("proxy_on_{phase}"),
            None => format!("proxy_{callback}"),
        },
    }
}

/// The methods that implementations of the SDK's traits override, found by the shape that rustfmt gives
/// them: `impl … Context for …` in the first column, `    fn on_…(` inside.
fn overridden_in(folder: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let entries = fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut overridden_in(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.append(&mut overridden(&fs::read_to_string(&path)?));
        }
    }
    Ok(found)
}

fn overridden(source: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in source.lines() {
        if line.starts_with("impl") {
            inside = line.contains("Context for ");
        } else if line.starts_with('}') {
            inside = false;
        } else if let Some(method) = line.strip_prefix("    fn on_").filter(|_| inside) {
            let name: String = method.chars().take_while(|it| *it != '(' && *it != '<').collect();
            found.insert(format!("on_{name}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overridden_methods_are_those_of_the_traits_only() {
        let source = "\
impl Context for Router {
    fn on_http_call_response(
        &mut self,
    ) {
    }
}

impl Router {
    fn on_own_business(&self) {}
}

impl traits::HttpContext for Stream<'_> {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        fn on_nested() {}
    }
}
";
        let expect = ["on_http_call_response", "on_http_request_headers"];
        assert_eq!(overridden(source), expect.map(str::to_owned).into());
    }

    #[test]
    fn methods_map_to_the_names_of_the_abi() {
        let check = |method, expect: &str| assert_eq!(export_of(method), expect);
        check("on_tick", "proxy_on_tick");
        check("on_log", "proxy_on_log");
        check("on_http_request_headers", "proxy_on_request_headers");
        check("on_http_call_response", "proxy_on_http_call_response");
    }
}
