//! The kinds that are read: what they are called, in which versions, and where they are kept.

use super::{
    DestinationRule, Gateway, Intent, Manifests, MeshConfig, Object, Scenario, ServiceEntry,
    Topology, TrafficExtension, VirtualService, WasmPlugin, WorkloadEntry,
};

/// A kind that can be read and written.
pub trait Kind: Sized {
    /// `kind`.
    const KIND: &'static str;
    /// The group of `apiVersion`.
    const GROUP: &'static str;
    /// Its versions, the preferred one first.
    const VERSIONS: &'static [&'static str];
    /// Whether a field that does not exist is an error; else Istio drops it.
    const STRICT: bool;
    /// Whether the object must have a name.
    const NAMED: bool;

    /// Where objects of this kind are kept.
    fn list(manifests: &mut Manifests) -> &mut Vec<Object<Self>>;
}

macro_rules! kinds {
    ($($type:ident $group:literal $versions:expr, $strict:literal, $named:literal, $list:ident;)*) => {$(
        impl Kind for $type {
            const KIND: &'static str = stringify!($type);
            const GROUP: &'static str = $group;
            const VERSIONS: &'static [&'static str] = &$versions;
            const STRICT: bool = $strict;
            const NAMED: bool = $named;

            fn list(manifests: &mut Manifests) -> &mut Vec<Object<Self>> {
                &mut manifests.$list
            }
        }
    )*};
}

const NETWORKING: [&str; 3] = ["v1", "v1beta1", "v1alpha3"];

kinds! {
    Gateway "networking.istio.io" NETWORKING, false, true, gateways;
    VirtualService "networking.istio.io" NETWORKING, false, true, virtual_services;
    DestinationRule "networking.istio.io" NETWORKING, false, true, destination_rules;
    ServiceEntry "networking.istio.io" NETWORKING, false, true, service_entries;
    WorkloadEntry "networking.istio.io" NETWORKING, false, true, workload_entries;
    WasmPlugin "extensions.istio.io" ["v1alpha1"], false, true, wasm_plugins;
    TrafficExtension "extensions.istio.io" ["v1alpha1"], false, true, traffic_extensions;
    MeshConfig "mesh-failover.dev" ["v1alpha1"], false, false, mesh_configs;
    Topology "mesh-failover.dev" ["v1alpha1"], true, false, topologies;
    Scenario "mesh-failover.dev" ["v1alpha1"], true, false, scenarios;
    Intent "mesh-failover.dev" ["v1alpha1"], true, false, intents;
}
