//! How long a check of a thousand manifests takes: `cargo xtask bench check`.
//!
//! The baseline, in the same run and over the same texts, is reading them alone: no check can cost less. Units:
//! milliseconds, the median of several rounds; megabytes of the whole process at its largest.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops when its input is wrong"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use mesh_failover_core::check::{Input, Target, check};
use mesh_failover_core::manifest::{Manifests, Source, read};
use mesh_failover_core::translate::IstioVersion;

/// A VirtualService and a DestinationRule each, and one Gateway and Topology for all of them.
const SERVICES: usize = 499;
const ROUNDS: usize = 9;

fn texts(services: usize) -> Vec<(String, String)> {
    let mut topology = String::from(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: public-gateway, namespace: default}\nspec:\n  \
         selector: {istio: ingressgateway}\n  servers:\n  - port: {number: 80, name: http, protocol: HTTP}\n    hosts: ['*']\n---\n\
         apiVersion: mesh-failover.dev/v1alpha1\nkind: Topology\nmetadata: {name: two-regions}\nspec:\n  clusters:\n",
    );
    for (cluster, locality) in [("a", "europe-west1/b"), ("b", "us-central1/a")] {
        let _ = write!(
            topology,
            "  - name: {cluster}\n    locality: {locality}\n    gateway: {{}}\n    workloads:\n"
        );
        for number in 0..services {
            let _ = writeln!(
                topology,
                "    - {{service: s{number}.shop.svc.cluster.local, port: 80, replicas: 3}}"
            );
        }
    }
    let mut texts = vec![("mesh.yaml".to_owned(), topology)];
    for number in 0..services {
        let host = format!("s{number}.shop.svc.cluster.local");
        let text = format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: s{number}, namespace: shop}}\nspec:\n  \
             hosts: [s{number}.example.com]\n  gateways: [default/public-gateway]\n  http:\n  - route:\n    - destination:\n        \
             host: {host}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: s{number}\n  namespace: \
             shop\nspec:\n  host: {host}\n  trafficPolicy:\n    outlierDetection:\n      consecutive5xxErrors: 5\n      \
             maxEjectionPercent: {}\n    loadBalancer:\n      localityLbSetting:\n        distribute:\n        - from: '*'\n          \
             to:\n            europe-west1: 50\n            us-central1: 50\n",
            if number % 2 == 0 { 100 } else { 20 }
        );
        texts.push((format!("s{number}.yaml"), text));
    }
    texts
}

/// Texts on which a reader may go quadratic: many documents, one long line, many keys; each in two sizes.
fn growing() -> Vec<(&'static str, [String; 2])> {
    let rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a}\n---\n";
    let documents = |count: usize| rule.repeat(count);
    let one_line = |count: usize| format!("{{a: [{}]}}", "ä: 1, ".repeat(count));
    let keys = |count: usize| (0..count).map(|n| format!("k{n}: 1\n")).collect::<String>();
    vec![
        ("documents", [documents(500), documents(4000)]),
        ("one line", [one_line(12_500), one_line(100_000)]),
        ("keys", [keys(6_250), keys(50_000)]),
    ]
}

/// How much longer eight times the text takes: 8 is linear, 64 quadratic.
fn growth() {
    for (name, texts) in growing() {
        let [small, large] = texts.map(|text| {
            let times = (0..3).map(|_| {
                let began = Instant::now();
                black_box(read(&[Source { name: "long.yaml", text: &text }]));
                began.elapsed()
            });
            median(times.collect())
        });
        println!("8 times the {name:<9} {large:7.1} ms, {:.1} times as long", large / small);
    }
    let [small, large] = [250, 2_000].map(|services| {
        let texts = texts(services);
        let sources = sources(&texts);
        let (manifests, _) = read(&sources);
        let began = Instant::now();
        black_box(findings(&manifests, &sources));
        began.elapsed().as_secs_f64() * 1e3
    });
    println!("8 times the services  {large:7.1} ms, {:.1} times as long", large / small);
}

fn sources(texts: &[(String, String)]) -> Vec<Source<'_>> {
    texts.iter().map(|(name, text)| Source { name, text }).collect()
}

fn findings(manifests: &Manifests, sources: &[Source<'_>]) -> usize {
    let version = IstioVersion::NEWEST;
    check(&Input { manifests, sources, version, target: Target::Istio, live: &[] }).len()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// The most memory the process has had, in MB; `None` where the system does not tell.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes / 1024.0)
}

fn main() {
    let texts = texts(SERVICES);
    let sources = sources(&texts);
    let (mut reading, mut checking) = (Vec::new(), Vec::new());
    let mut found = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let (manifests, diagnostics) = read(black_box(&sources));
        reading.push(began.elapsed());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        found = black_box(findings(&manifests, &sources));
        checking.push(began.elapsed());
    }
    let (reading, checking) = (median(reading), median(checking));
    let memory = peak_memory().map_or("unknown".to_owned(), |it| format!("{it:.0} MB"));
    println!("{} manifests, {found} findings", 2 * SERVICES + 2);
    println!("read alone        {reading:7.1} ms");
    println!("read and checked  {checking:7.1} ms, {:.2} times as long", checking / reading);
    println!("memory at most    {memory}");
    growth();
}
