//! How many requests a second the simulator plays: `cargo run --release -p mesh-failover-core --example simulate_speed`.
//!
//! The seed's shape (least request, outlier detection, two regions), then more endpoints and regions, which should cost at
//! most twice as much a request.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops when its input is wrong"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::sim::{Options, Simulation};

fn manifests(regions: u32, endpoints: u32, rate: u32, seconds: u32) -> String {
    let mut text = String::from(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: public-gateway, namespace: default}\n\
         spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: hello, namespace: default}\n\
         spec: {hosts: ['*'], gateways: [public-gateway], http: [{route: [{destination: {host: hello.default.svc.cluster.local}}]}]}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: hello, namespace: default}\n\
         spec: {host: hello.default.svc.cluster.local, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1, interval: 1s, \
         baseEjectionTime: 30s, maxEjectionPercent: 100}, loadBalancer: {localityLbSetting: {enabled: true, distribute: [{from: r0, to: {",
    );
    let weight = |region| 100 / regions + u32::from(region < 100 % regions);
    for region in 0..regions {
        let _ = write!(text, "{}r{region}: {}", if region > 0 { ", " } else { "" }, weight(region));
    }
    text += "}}]}}}}\n---\napiVersion: mesh-failover.dev/v1alpha1\nkind: Topology\nmetadata: {name: t}\nspec:\n  clusters:\n";
    for region in 0..regions {
        let _ = write!(
            text,
            "  - name: c{region}\n    locality: r{region}/z\n    gateway: {{workers: 2}}\n    workloads:\n    - {{name: c{region}, service: \
             hello.default.svc.cluster.local, port: 80, replicas: {}, latency: 5ms}}\n",
            endpoints / regions
        );
    }
    let _ = write!(
        text,
        "---\napiVersion: mesh-failover.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\nspec:\n  gateway: c0\n  traffic: \
         {{rate: {rate}, arrivals: poisson}}\n  duration: {seconds}s\n"
    );
    text
}

fn main() {
    for (regions, endpoints, rate, seconds) in [
        (2, 6, 1_000, 600),
        (2, 6, 20_000, 150),
        (60, 60, 20_000, 150),
        (2, 6_000, 20_000, 150),
        (60, 6_000, 20_000, 150),
    ] {
        let text = manifests(regions, endpoints, rate, seconds);
        let (manifests, diagnostics) = read(&[Source { name: "speed.yaml", text: &text }]);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let scenario = &manifests.scenarios[0].spec;
        let simulation = Simulation::new(&manifests, scenario, &Options::default()).expect("plays");
        let start = Instant::now();
        let report = black_box(simulation.run());
        let nanos = start.elapsed().as_nanos() as f64;
        let requests = report.total.requests;
        assert_eq!(report.total.errors, 0);
        println!(
            "{regions:>3} regions {endpoints:>5} endpoints {rate:>6}/s {seconds:>4} s: {requests:>8} requests, {:>6.1} ns each, {:>5.1} M/s, {:.3} s",
            nanos / requests as f64,
            requests as f64 * 1e3 / nanos,
            nanos / 1e9
        );
    }
}
