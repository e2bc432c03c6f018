//! What lints look things up in, worked out once.

use mesh_failover_sorted::{SortedMap, SortedSet};
use serde_json::Value;

use super::policies::{Level, levels};
use super::{Finding, Fix, Input, Rule, edit};
use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::{
    DestinationRule, Document, Extension, Kind, Manifests, MeshConfig, Object, WasmModule,
};
use crate::translate::{
    IstioVersion, KnownService, PlacedEndpoint, Proxy, Translation, inventory, is_subset_of,
    resolve_short_name, selects, translate,
};

/// What lints look things up in.
pub(super) struct Facts<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) manifests: &'a Manifests,
    pub(super) version: IstioVersion,
    pub(super) mesh: MeshConfig,
    /// Ingress gateways of the topology.
    pub(super) gateways: Vec<Proxy>,
    /// Services with endpoints, by host.
    pub(super) services: SortedMap<String, KnownService>,
    /// Regions in which anything of the topology stands: gateways and endpoints.
    pub(super) regions: SortedSet<String>,
    /// What istiod programs into each of the gateways.
    pub(super) translations: Vec<Translation>,
    /// Traffic policies, each where it is written.
    pub(super) levels: Vec<Level<'a>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> Self {
        let manifests = input.manifests;
        let clusters = manifests.topologies.iter().flat_map(|topology| &topology.spec.clusters);
        let gateways = clusters.filter(|cluster| cluster.gateway.is_some());
        let gateways =
            gateways.filter_map(|cluster| Proxy::gateway_of(manifests, &cluster.name).ok());
        let gateways: Vec<Proxy> =
            gateways.map(|proxy| proxy.with_version(input.version)).collect();
        let services = inventory(manifests, input.version);
        Self {
            input,
            manifests,
            version: input.version,
            mesh: manifests.mesh_configs.first().map(|mesh| mesh.spec.clone()).unwrap_or_default(),
            translations: gateways.iter().map(|proxy| translate(manifests, proxy)).collect(),
            regions: regions(&gateways, &services),
            gateways,
            services,
            levels: manifests.destination_rules.iter().flat_map(levels).collect(),
        }
    }

    pub(super) fn document<T>(&self, object: &Object<T>) -> Option<&'a Document> {
        self.manifests.documents.get(object.document)
    }

    /// A finding of a rule about a field of an object.
    pub(super) fn finding<T: Kind>(
        &self,
        rule: &Rule,
        object: &Object<T>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        let path = path.into();
        Finding {
            diagnostic: Diagnostic {
                severity: rule.severity,
                code: rule.code,
                message: message.into(),
                help: None,
                location: self.document(object).and_then(|document| document.locate(&path)),
                path,
            },
            object: title(object),
            istiod: None,
            fix: None,
        }
    }

    /// A change that gives a field a value.
    pub(super) fn set<T>(&self, object: &Object<T>, path: &str, value: &str) -> Option<Fix> {
        edit::set(self.document(object)?, path, value)
    }

    /// Services that a DestinationRule speaks of.
    pub(super) fn services_of(
        &self,
        rule: &'a Object<DestinationRule>,
    ) -> impl Iterator<Item = &KnownService> {
        let host = full_host(rule);
        // All are looked through only where a name stands for many: a mesh has thousands.
        let many = host.starts_with('*');
        let one = self.services.get(&host).filter(|_| !many);
        let all = many.then(|| self.services.values()).into_iter().flatten();
        one.into_iter().chain(all.filter(move |service| is_subset_of(&service.host, &host)))
    }

    /// The endpoints of each cluster that Envoy would have for a policy, if they are known.
    pub(super) fn clusters_of(&self, level: &Level<'a>) -> Vec<Vec<&PlacedEndpoint>> {
        let labels = level.subset.map(|subset| &subset.labels);
        let mut clusters = Vec::new();
        for service in self.services_of(level.rule) {
            for port in service.ports.iter().filter(|port| level.is_for(u32::from(**port))) {
                let endpoints = service.endpoints.iter().filter(|endpoint| {
                    endpoint.port == *port
                        && labels.is_none_or(|labels| selects(labels, &endpoint.labels))
                });
                clusters.push(endpoints.collect());
            }
        }
        clusters
    }

    /// The extensions that run the region router.
    pub(super) fn routers(&self) -> impl Iterator<Item = RouterObject<'a>> {
        let manifests = self.manifests;
        let plugins = manifests.wasm_plugins.iter();
        let plugins = plugins.filter_map(|it| RouterObject::of(it, it.spec.extension()));
        let extensions = manifests.traffic_extensions.iter();
        plugins.chain(extensions.filter_map(|it| RouterObject::of(it, it.spec.extension())))
    }
}

fn regions(gateways: &[Proxy], services: &SortedMap<String, KnownService>) -> SortedSet<String> {
    let gateways = gateways.iter().map(|proxy| &proxy.locality);
    let endpoints = services.values().flat_map(|service| &service.endpoints);
    let places = gateways.chain(endpoints.map(|endpoint| &endpoint.locality));
    let regions: SortedSet<&str> = places.map(|locality| locality.region.as_str()).collect();
    regions.into_iter().map(str::to_owned).collect()
}

/// An extension, of either kind, that runs the region router.
pub(super) struct RouterObject<'a> {
    /// Index into [`Manifests::documents`].
    pub(super) document: usize,
    /// As in [`Finding::object`].
    pub(super) title: String,
    pub(super) namespace: &'a str,
    pub(super) extension: Extension<'a>,
    pub(super) module: WasmModule<'a>,
}

impl<'a> RouterObject<'a> {
    /// `None` where another module runs, or none.
    fn of<T: Kind>(object: &'a Object<T>, extension: Extension<'a>) -> Option<Self> {
        let module = extension.module.filter(|module| module.is_region_router())?;
        let (document, namespace) = (object.document, object.metadata.namespace());
        Some(Self { document, title: title(object), namespace, extension, module })
    }

    /// Whether a host is among its destinations.
    pub(super) fn routes(&self, host: &str) -> bool {
        let destinations = self.module.plugin_config.and_then(|config| config.get("destinations"));
        let mut destinations = destinations.and_then(Value::as_array).into_iter().flatten();
        destinations.any(|it| it.get("host").and_then(Value::as_str) == Some(host))
    }
}

/// `DestinationRule default/hello-world`.
fn title<T: Kind>(object: &Object<T>) -> String {
    format!("{} {}/{}", T::KIND, object.metadata.namespace(), object.metadata.name)
}

/// The host of a rule as istiod completes it.
pub(super) fn full_host(rule: &Object<DestinationRule>) -> String {
    resolve_short_name(&rule.spec.host.to_ascii_lowercase(), rule.metadata.namespace())
}

/// Endpoints by region.
pub(super) fn by_region<'a>(endpoints: &[&'a PlacedEndpoint]) -> SortedMap<&'a str, usize> {
    let mut regions = SortedMap::new();
    for endpoint in endpoints {
        *regions.entry(endpoint.locality.region.as_str()).or_insert(0) += 1;
    }
    regions
}

/// `3 endpoints`, `1 endpoint`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Names in a row, each in backticks.
pub(super) fn list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = items.into_iter().map(|item| format!("`{item}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl Finding {
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    pub(super) fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    pub(super) fn istiod(mut self, message: Option<String>) -> Self {
        self.istiod = message;
        self
    }

    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.diagnostic.severity = severity;
        self
    }
}
