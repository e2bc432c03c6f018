//! `mesh-failover envoy`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mesh_failover_core::cluster::Address;
use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::envoy::{self, Filter, Node, Options, Rendered};
use mesh_failover_core::live::Mesh;
use mesh_failover_core::manifest::Manifests;
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::translate::{Proxy, Translation, translate};

use crate::args::EnvoyArgs;
use crate::input::Text;
use crate::output::{self, Mark};
use crate::report::{self, Failure};

/// What makes a folder one of this command's.
const MARK: Mark = Mark { file: "envoy.yaml", begins: "# Envoy bootstrap for " };
/// The module's name in the folder written.
const MODULE: &str = "filter.wasm";

pub(crate) fn run(args: &EnvoyArgs) -> Result<(), Failure> {
    let (texts, Mesh { manifests, .. }, proxy) = args.gateway.read()?;
    let translation = translate(&manifests, &proxy);
    report::print(&translation.diagnostics, &texts);
    if translation.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::findings(
            "Envoy would not get what these manifests say; nothing was written",
            "mend the errors above",
        ));
    }
    if translation.listeners.is_empty() {
        return Err(Failure::findings(
            "these manifests give the gateway nothing to listen on",
            "a Gateway must select its labels, `istio: ingressgateway` unless the topology says otherwise",
        ));
    }
    let (options, module) = options(args, &manifests, &proxy, &translation, &texts)?;
    let rendered = envoy::render(&translation, &options);
    output::write(&args.out, &files(&rendered, module), &MARK)?;
    print_summary(&summary(args, &translation, &options));
    Ok(())
}

fn options(
    args: &EnvoyArgs,
    manifests: &Manifests,
    proxy: &Proxy,
    translation: &Translation,
    texts: &[Text],
) -> Result<(Options, Option<Vec<u8>>), Failure> {
    let (filter, module) = match &args.router {
        Some(path) => {
            let (filter, module) = filter(path, manifests, proxy)?;
            (Some(filter), Some(module))
        }
        None => (None, None),
    };
    let options = Options {
        node: Node {
            id: format!("{}.istio-ingressgateway", proxy.cluster),
            locality: proxy.locality.clone(),
            ..Node::default()
        },
        listen: listen(args, translation)?,
        admin: args.admin.clone(),
        endpoint_addresses: endpoint_addresses(args, translation)?,
        filter,
        access_log: args.access_log.clone(),
        made_from: texts.iter().map(|text| text.name.clone()).collect(),
        ..Options::default()
    };
    Ok((options, module))
}

fn filter(path: &Path, manifests: &Manifests, proxy: &Proxy) -> Result<(Filter, Vec<u8>), Failure> {
    let module = std::fs::read(path).map_err(|error| {
        Failure::unusable(
            format!("cannot read the filter `{}`: {}", path.display(), error.kind()),
            "build it with `cargo xtask filter`",
        )
    })?;
    if !module.starts_with(b"\0asm") {
        return Err(Failure::unusable(
            format!("`{}` is not a WebAssembly module", path.display()),
            "build it with `cargo xtask filter`",
        ));
    }
    let plugins = envoy::plugins_for(manifests, proxy);
    let plugin = plugins.first().ok_or_else(|| {
        let namespace = &proxy.namespace;
        Failure::findings(
            format!("--router was given, but no WasmPlugin selects the gateway in namespace `{namespace}`"),
            format!(
                "add a WasmPlugin in `{namespace}` with a `selector` for the gateway's labels, a \
                 `pluginConfig` and `failStrategy: FAIL_OPEN`"
            ),
        )
    })?;
    Ok((Filter::from_plugin(plugin, MODULE), module))
}

/// The ports of the gateway with what `--listen` gives them, in order.
fn listen(args: &EnvoyArgs, translation: &Translation) -> Result<SortedMap<u16, Address>, Failure> {
    let mut ports: Vec<u16> = translation.listeners.iter().map(|it| it.port).collect();
    ports.sort_unstable();
    ports.dedup();
    if args.listen.len() > ports.len() {
        return Err(Failure::unusable(
            format!(
                "--listen has {} addresses, the gateway {} ports",
                args.listen.len(),
                ports.len()
            ),
            format!("give one address for each of {ports:?}"),
        ));
    }
    let given = args.listen.iter().cloned().map(Some).chain(std::iter::repeat(None));
    Ok(ports
        .into_iter()
        .zip(given)
        .map(|(port, it)| (port, it.unwrap_or_else(|| Options::unprivileged(port))))
        .collect())
}

fn endpoint_addresses(
    args: &EnvoyArgs,
    translation: &Translation,
) -> Result<SortedMap<String, Address>, Failure> {
    let Some(first) = &args.endpoints_on else { return Ok(SortedMap::new()) };
    envoy::consecutive_addresses(translation, first).ok_or_else(|| {
        Failure::unusable(
            format!("there are more endpoints than ports from {} on", first.port),
            "give --endpoints-on a lower port",
        )
    })
}

fn files(rendered: &Rendered, module: Option<Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    let eds = Path::new(Options::DEFAULT_EDS_DIR);
    let mut files: BTreeMap<PathBuf, Vec<u8>> = rendered
        .eds
        .iter()
        .map(|(name, text)| (eds.join(name), text.clone().into_bytes()))
        .collect();
    files.insert(PathBuf::from("envoy.yaml"), rendered.bootstrap.clone().into_bytes());
    files.extend(module.map(|bytes| (PathBuf::from(MODULE), bytes)));
    files
}

fn summary(args: &EnvoyArgs, translation: &Translation, options: &Options) -> String {
    let mut text = String::new();
    let out = args.out.display();
    let counts = (translation.listeners.len(), translation.clusters.len());
    let _ = writeln!(text, "wrote {out}: {} listener(s), {} cluster(s)", counts.0, counts.1);
    for (port, address) in &options.listen {
        let _ = writeln!(text, "  port {port} listens on http://{}", shown(address));
    }
    let tls = translation.listeners.iter().filter(|it| it.tls.is_some());
    for port in tls.map(|it| it.port).collect::<std::collections::BTreeSet<_>>() {
        let _ = writeln!(text, "  port {port} would end TLS; here it speaks plain HTTP");
    }
    let _ = writeln!(text, "  admin on http://{}", shown(&options.admin));
    let _ = writeln!(text, "\nendpoints should listen on");
    let groups = translation.clusters.iter().flat_map(|it| &it.load_assignment.endpoints);
    let endpoints: BTreeMap<_, _> = groups
        .flat_map(|group| group.lb_endpoints.iter().map(move |it| (&it.name, (group, it))))
        .collect();
    for (name, (group, endpoint)) in endpoints {
        let address = options.endpoint_addresses.get(name).unwrap_or(&endpoint.address);
        let place = group.locality.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "  {name:<24} {place:<32} {}", shown(address));
    }
    let _ = write!(text, "\nstart it: cd {out} && envoy -c envoy.yaml");
    text
}

fn shown(address: &Address) -> String {
    let Address { host, port } = address;
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[allow(clippy::print_stdout, reason = "the command's answer")]
fn print_summary(text: &str) {
    println!("{text}");
}
