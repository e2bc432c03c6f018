//! From what was written to what runs, with everything that is wrong.

use std::time::Duration;

use mesh_failover_sorted::SortedMap;

use super::codes::{INVALID, NOT_APPLIED, NOT_SUPPORTED};
use super::compiled::{ClientRegion, DestinationPolicy, RegionPolicy, RouterConfig};
use super::locality_lb::{NamedPlan, known_regions, plan, region_name, sorted};
use super::written::{DestinationConfig, LocalityLbSettingConfig, PluginConfig};
use crate::diagnostic::{Diagnostic, Severity};
use crate::locality::Locality;
use crate::manifest::OutlierDetection;
use crate::outlier::DetectorConfig;
use crate::translate::{IstioVersion, apply_outlier_detection};

const HOPS_HEADER: &str = "x-mesh-hops";

impl PluginConfig {
    /// What a gateway at `locality` runs, and notes about what does not apply there.
    ///
    /// # Errors
    /// Everything that is wrong, whichever gateway it would concern.
    pub fn compile(
        &self,
        locality: &Locality,
    ) -> Result<(RouterConfig, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut compiler =
            Compiler { locality, whole: self, errors: Vec::new(), notes: Vec::new() };
        let mut destinations: Vec<DestinationPolicy> = Vec::new();
        for (index, destination) in self.destinations.iter().enumerate() {
            let path = ["destinations[", &index.to_string(), "]"].concat();
            let same = |other: &&DestinationConfig| {
                (&other.host, other.port) == (&destination.host, destination.port)
            };
            if self.destinations.iter().take(index).find(same).is_some() {
                compiler.error(
                    INVALID,
                    &[&path, ".host"],
                    &["`", &destination.host, "` has a policy for this port already"],
                    "write one destination for each host and port",
                );
            }
            if let Some(policy) = compiler.destination(destination, &path) {
                let before = |other: &DestinationPolicy| {
                    (&other.host, other.port) < (&policy.host, policy.port)
                };
                destinations.insert(destinations.partition_point(before), policy);
            }
        }
        let client_region = compiler.client_region();
        let hops = self.hops.as_ref();
        let hops_header = hops.map(|hops| hops.header.as_deref().unwrap_or(HOPS_HEADER).to_owned());
        if let Some(header) = &hops_header {
            compiler.check_header(header, "hops.header");
        }
        let debug_header = self.debug_header.clone();
        if let Some(header) = &debug_header {
            compiler.check_header(header, "debugHeader");
        }
        if compiler.errors.is_empty() {
            let config = RouterConfig { destinations, client_region, hops_header, debug_header };
            Ok((config, compiler.notes))
        } else {
            Err(compiler.errors)
        }
    }
}

/// How a host is written.
const FULL_NAME: &str =
    "write it as in the cluster's name, for example `hello-world.default.svc.cluster.local`";

pub(super) struct Compiler<'a> {
    locality: &'a Locality,
    whole: &'a PluginConfig,
    errors: Vec<Diagnostic>,
    notes: Vec<Diagnostic>,
}

impl Compiler<'_> {
    /// Path and message come in pieces: putting them together here, once, is what keeps the module small.
    #[inline(never)]
    pub(super) fn error(
        &mut self,
        code: &'static str,
        path: &[&str],
        message: &[&str],
        help: &str,
    ) {
        self.errors.push(finding(code, path, message, help));
    }

    fn note(&mut self, path: &[&str], message: &[&str]) {
        let mut note = finding(NOT_APPLIED, path, message, "");
        note.severity = Severity::Note;
        self.notes.push(note);
    }

    fn destination(
        &mut self,
        written: &DestinationConfig,
        path: &str,
    ) -> Option<DestinationPolicy> {
        self.check_address(written, path);
        let policy = &written.traffic_policy;
        if policy.port_level_settings.is_some() {
            self.error(
                NOT_SUPPORTED,
                &[path, ".trafficPolicy.portLevelSettings"],
                &["the router has no policies by port inside a policy"],
                "write a destination of its own, with `port`",
            );
        }
        let ejects = policy.outlier_detection.is_some();
        let detector = self.detector(&policy.outlier_detection.clone().unwrap_or_default(), path);
        let failback = self.failback(&written.failback, path);
        let (success_rate, latency) = self.health(&written.health, path);
        let probe = written.probe.as_ref();
        let probe = probe.map(|probe| self.probe(probe, &written.host, path));
        let affinity = written.affinity.as_ref().and_then(|affinity| self.affinity(affinity, path));
        let rescue = written.rescue.as_ref().map(|rescue| self.rescue(rescue, path));
        let drain_duration = self.time(
            written.drain.duration,
            Duration::ZERO,
            Duration::ZERO,
            path,
            "drain.duration",
        );
        let plans = self.plans(written, path)?;
        let used = sorted(plans.iter().flat_map(NamedPlan::regions));
        let regions = self.regions(&used, written, path);
        let index = |name: &String| {
            let place = regions.iter().position(|region| region.name == *name);
            u32::try_from(place.unwrap_or(0)).unwrap_or(0)
        };
        let home = plans.iter().position(|plan| plan.from.is_empty());
        let own =
            |region: &RegionPolicy| Locality::parse(&region.name).region == self.locality.region;
        Some(DestinationPolicy {
            host: written.host.clone(),
            port: written.port,
            detector: detector?,
            ejects,
            plans: plans.iter().map(|plan| plan.numbered(index)).collect(),
            home: home.and_then(|home| u32::try_from(home).ok()),
            own_region: regions.iter().position(own).and_then(|own| u32::try_from(own).ok()),
            regions,
            failback,
            success_rate,
            latency,
            probe,
            drain_duration,
            drain_affinity: written.drain.affinity,
            affinity,
            rescue,
            all_regions_out: written.all_regions_out,
        })
    }

    fn check_address(&mut self, written: &DestinationConfig, path: &str) {
        if !is_full_name(&written.host) {
            self.error(
                INVALID,
                &[path, ".host"],
                &["`", &written.host, "` is not a service's full name"],
                FULL_NAME,
            );
        }
        if written.port == Some(0) {
            let help = "write the service port, or leave it out for every port";
            self.error(INVALID, &[path, ".port"], &["`0` is not a port"], help);
        }
    }

    fn detector(&mut self, block: &OutlierDetection, path: &str) -> Option<DetectorConfig> {
        let mut envoy = apply_outlier_detection(block, IstioVersion::NEWEST);
        envoy.max_ejection_percent = envoy.max_ejection_percent.or(Some(100));
        match DetectorConfig::try_from(&envoy) {
            Ok(config) => Some(config),
            Err(error) => {
                let path: &[&str] = &[path, ".trafficPolicy.outlierDetection"];
                self.error(INVALID, path, &[&error.to_string()], "");
                None
            }
        }
    }

    /// The plans that apply here: the gateway's own, without a name, and one for each region that clients may be said to be in.
    fn plans(&mut self, written: &DestinationConfig, path: &str) -> Option<Vec<NamedPlan>> {
        let lb = written.traffic_policy.load_balancer.as_ref();
        let setting = lb.and_then(|lb| lb.locality_lb_setting.as_ref());
        let setting_path = [path, ".trafficPolicy.loadBalancer.localityLbSetting"].concat();
        let Some(setting) = setting else {
            let help = "write `distribute` with the share of each region, or `failover`";
            let message = &["the router needs a locality policy"];
            self.error(INVALID, &[&setting_path], message, help);
            return None;
        };
        let before = self.errors.len();
        self.check_setting(setting, &setting_path);
        if self.errors.len() > before {
            return None;
        }
        let known = known_regions(written, setting);
        if known.is_empty() {
            let help = "write `distribute` with the share of each region, `failover`, or `regions`";
            self.error(INVALID, &[&setting_path], &["the router needs at least one region"], help);
            return None;
        }
        self.check_drain(written, &known, path);
        if setting.enabled == Some(false) {
            let message = &["locality load balancing is off: requests are left alone"];
            self.note(&[&setting_path], message);
            return None;
        }
        let mut plans = Vec::new();
        match plan(self.locality, setting, &known) {
            Some(home) => plans.push(home),
            None => {
                let message: &[&str] = &[
                    "no `from` fits this gateway's locality `",
                    &self.locality.to_string(),
                    "`: requests are left alone",
                ];
                self.note(&[&setting_path, ".distribute"], message);
            }
        }
        for from in self.client_regions(setting, &known) {
            if let Some(mut plan) = plan(&Locality::parse(&from), setting, &known) {
                plan.from = from;
                plans.push(plan);
            }
        }
        (!plans.is_empty()).then_some(plans)
    }

    /// The regions that clients may be said to be in.
    fn client_regions(&self, setting: &LocalityLbSettingConfig, known: &[String]) -> Vec<String> {
        let Some(client) = &self.whole.client_region else { return Vec::new() };
        if !client.map.is_empty() {
            return sorted(client.map.values());
        }
        let from = setting.distribute.iter().map(|entry| &entry.from);
        let named = known.iter().chain(from).map(|name| Locality::parse(name).region);
        let named: Vec<String> = named.filter(|name| !name.is_empty() && name != "*").collect();
        sorted(named.iter())
    }

    fn check_drain(&mut self, written: &DestinationConfig, known: &[String], path: &str) {
        for (list, names) in
            [("regions", &written.regions), ("drain.regions", &written.drain.regions)]
        {
            for (index, name) in names.iter().enumerate() {
                let path = [path, ".", list, "[", &index.to_string(), "]"].concat();
                if self.check_region(name, &path) && !known.contains(&region_name(name)) {
                    let message: &[&str] = &["`", name, "` is not a region of this destination"];
                    self.error(
                        INVALID,
                        &[&path],
                        message,
                        &["its regions are ", &known.join(", ")].concat(),
                    );
                }
            }
        }
        let drained =
            |name: &String| written.drain.regions.iter().any(|it| region_name(it) == *name);
        if !known.is_empty() && known.iter().all(drained) {
            let message = &["every region is drained"];
            self.error(INVALID, &[path, ".drain.regions"], message, "leave one to serve");
        }
    }

    fn regions(
        &mut self,
        used: &[String],
        written: &DestinationConfig,
        path: &str,
    ) -> Vec<RegionPolicy> {
        let mut regions: Vec<RegionPolicy> = Vec::new();
        for name in used {
            let (host, subset) = self.place(name, written, path);
            if let Some(other) = regions.iter().find(|other| other.serves(&host, &subset)) {
                let (what, list, place) = if subset.is_empty() {
                    ("host", ".hosts", &host)
                } else {
                    ("subset", ".subsets", &subset)
                };
                let message = &[
                    "`",
                    &other.name,
                    "` and `",
                    name,
                    "` have the same ",
                    what,
                    " `",
                    place,
                    "`",
                ];
                let help = "write that of each region";
                self.error(INVALID, &[path, list], message, help);
            }
            let drained = written.drain.regions.iter().any(|it| region_name(it) == *name);
            regions.push(RegionPolicy { name: name.clone(), host, subset, drained });
        }
        regions
    }

    /// Host and subset of a region's cluster.
    fn place(&mut self, name: &str, written: &DestinationConfig, path: &str) -> (String, String) {
        let given = |list: &SortedMap<String, String>| {
            list.iter().find(|(key, _)| region_name(key) == name).map(|(_, value)| value.clone())
        };
        let subset = given(&written.subsets);
        if let Some(host) = given(&written.hosts) {
            let path = [path, ".hosts.", name];
            if !is_full_name(&host) {
                self.error(
                    INVALID,
                    &path,
                    &["`", &host, "` is not a service's full name"],
                    FULL_NAME,
                );
            } else if host == written.host {
                let help = "name a Service that has the pods of this region only";
                self.error(INVALID, &path, &["`", &host, "` is the whole destination"], help);
            } else if subset.is_some() {
                let help = "keep one of them";
                self.error(INVALID, &path, &["`", name, "` has a subset as well"], help);
            }
            return (host, String::new());
        }
        let last = name.rsplit('/').next().unwrap_or_default();
        let subset = subset.unwrap_or_else(|| last.to_owned());
        if subset.is_empty() || !subset.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let message: &[&str] = &["`", &subset, "` is not the name of a subset"];
            self.error(INVALID, &[path, ".subsets.", name], message, "");
        }
        (written.host.clone(), subset)
    }

    fn client_region(&mut self) -> Option<ClientRegion> {
        let written = self.whole.client_region.as_ref()?;
        self.check_header(&written.header, "clientRegion.header");
        Some(ClientRegion {
            header: written.header.to_ascii_lowercase(),
            map: written
                .map
                .iter()
                .map(|(value, region)| (value.clone(), region.clone()))
                .collect(),
        })
    }
}

/// A name with a dot, of characters that a cluster's name can carry.
fn is_full_name(host: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    host.contains('.') && host.chars().all(legal)
}

fn finding(code: &'static str, path: &[&str], message: &[&str], help: &str) -> Diagnostic {
    let help = (!help.is_empty()).then(|| help.to_owned());
    let (severity, path, message) = (Severity::Error, path.concat(), message.concat());
    Diagnostic { severity, code, message, help, location: None, path }
}
