//! The kinds that are read: what they are called, in which versions, and where they are kept.

use super::gateway_api;
use super::kubernetes::{EndpointSlice, Namespace, Node, Pod, Service};
use super::{
    DestinationRule, Gateway, Intent, Manifests, MeshConfig, Object, Read, Scenario, ServiceEntry,
    Topology, TrafficExtension, VirtualService, WasmPlugin, WorkloadEntry,
};

/// Whose kind it is, and so what a field means that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Istio drops the field: a warning.
    Istio,
    /// An error.
    Ours,
    /// One of those that are not read: nothing.
    Kubernetes,
    /// The same, with the fields beside `metadata` instead of below `spec`.
    KubernetesFlat,
}

/// A kind that can be read and written.
pub trait Kind: Sized {
    /// `kind`.
    const KIND: &'static str;
    /// The group of `apiVersion`.
    const GROUP: &'static str;
    /// Its versions, the preferred one first.
    const VERSIONS: &'static [&'static str];
    /// What a field that does not exist means.
    const SCHEMA: Schema;
    /// Whether the object must have a name.
    const NAMED: bool;

    /// Where objects of this kind are kept.
    fn list(manifests: &mut Manifests) -> &mut Vec<Object<Self>>;
}

macro_rules! kinds {
    ($($type:ident $group:literal $versions:expr, $schema:ident, $named:literal, $list:ident;)*) => {$(
        impl Kind for $type {
            const KIND: &'static str = stringify!($type);
            const GROUP: &'static str = $group;
            const VERSIONS: &'static [&'static str] = &$versions;
            const SCHEMA: Schema = Schema::$schema;
            const NAMED: bool = $named;

            fn list(manifests: &mut Manifests) -> &mut Vec<Object<Self>> {
                &mut manifests.$list
            }
        }
    )*};
}

const NETWORKING: [&str; 3] = ["v1", "v1beta1", "v1alpha3"];

kinds! {
    Gateway "networking.istio.io" NETWORKING, Istio, true, gateways;
    VirtualService "networking.istio.io" NETWORKING, Istio, true, virtual_services;
    DestinationRule "networking.istio.io" NETWORKING, Istio, true, destination_rules;
    ServiceEntry "networking.istio.io" NETWORKING, Istio, true, service_entries;
    WorkloadEntry "networking.istio.io" NETWORKING, Istio, true, workload_entries;
    WasmPlugin "extensions.istio.io" ["v1alpha1"], Istio, true, wasm_plugins;
    TrafficExtension "extensions.istio.io" ["v1alpha1"], Istio, true, traffic_extensions;
    MeshConfig "mesh-failover.dev" ["v1alpha1"], Istio, false, mesh_configs;
    Topology "mesh-failover.dev" ["v1alpha1"], Ours, false, topologies;
    Service "" ["v1"], Kubernetes, true, services;
    EndpointSlice "discovery.k8s.io" ["v1"], KubernetesFlat, true, endpoint_slices;
    Node "" ["v1"], KubernetesFlat, true, nodes;
    Namespace "" ["v1"], KubernetesFlat, true, namespaces;
    Pod "" ["v1"], Kubernetes, true, pods;
    Scenario "mesh-failover.dev" ["v1alpha1"], Ours, false, scenarios;
    Intent "mesh-failover.dev" ["v1alpha1"], Ours, false, intents;
}

/// A kind, and where its objects go.
pub(super) struct Known {
    pub(super) kind: &'static str,
    pub(super) group: &'static str,
    pub(super) versions: &'static [&'static str],
    pub(super) schema: Schema,
    pub(super) named: bool,
    pub(super) keep: fn(&mut Manifests, &mut ReadSpec<'_>),
}

/// Reads what an object consists of into its place; what stands around it, unless it cannot be kept.
pub(super) type ReadSpec<'a> = dyn FnMut(&mut dyn Read) -> Option<Object<()>> + 'a;

/// How a kind is read.
pub(super) const fn known<T: Kind + Read + Default>() -> Known {
    Known {
        kind: T::KIND,
        group: T::GROUP,
        versions: T::VERSIONS,
        schema: T::SCHEMA,
        named: T::NAMED,
        keep: keep::<T>,
    }
}

/// All that is compiled for each kind anew.
fn keep<T: Kind + Read + Default>(manifests: &mut Manifests, read: &mut ReadSpec<'_>) {
    let mut spec = T::default();
    if let Some(Object { api_version, metadata, document, spec: () }) = read(&mut spec) {
        T::list(manifests).push(Object { api_version, metadata, spec, document });
    }
}

/// Every kind that is read.
pub(super) const KNOWN: &[Known] = &[
    known::<Gateway>(),
    known::<VirtualService>(),
    known::<DestinationRule>(),
    known::<ServiceEntry>(),
    known::<WorkloadEntry>(),
    known::<WasmPlugin>(),
    known::<TrafficExtension>(),
    known::<MeshConfig>(),
    known::<Topology>(),
    known::<Scenario>(),
    known::<Intent>(),
    known::<Service>(),
    known::<EndpointSlice>(),
    known::<Node>(),
    known::<Namespace>(),
    known::<Pod>(),
    known::<gateway_api::KubeGateway>(),
    known::<gateway_api::KubeHttpRoute>(),
];
