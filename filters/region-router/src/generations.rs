//! The configurations of one plugin that Envoy holds at the same time.
//!
//! When a configuration changes, Envoy keeps the one before alive for as long as a listener that drains, or a stream, uses it. All of them
//! serve by the newest: what an operator says holds for open connections too. When Envoy is handed one again that it still holds, it
//! goes on with that one and tells the module nothing; so when it lets go of the newest, the newest of the others takes its place.
//!
//! **Source**: proxy-wasm-cpp-host src/wasm.cc `getOrCreateThreadLocalPlugin` (plugins are found by their configuration's bytes while they live);
//! src/exports.cc `set_effective_context` (refuses a context that is gone). Envoy 1.40.

use mesh_failover_abi::host;
use mesh_failover_core::router::RouterConfig;

/// The newest is the last.
#[derive(Debug, Default)]
pub(crate) struct Generations(Vec<(u32, RouterConfig)>);

impl Generations {
    /// Envoy has handed out a configuration under this number.
    pub(crate) fn begin(&mut self, root: u32, config: RouterConfig) {
        self.0.retain(|(known, _)| *known != root);
        self.0.push((root, config));
    }

    /// Forgets those that Envoy has let go of. Returns what is to run from now on, if the newest was one. `here` is the one that Envoy calls for.
    pub(crate) fn take_over(&mut self, here: u32) -> Option<RouterConfig> {
        if self.0.len() < 2 {
            return None;
        }
        let newest = self.0.last().map(|(root, _)| *root);
        self.0.retain(|(root, _)| host::on_behalf_of(*root));
        let _ = host::on_behalf_of(here);
        let (root, config) = self.0.last()?;
        (Some(*root) != newest).then(|| config.clone())
    }
}
