//! How fast the simulator plays; `cargo xtask bench simulate` builds and runs this optimised.
//!
//! Each row is the best of several runs, in nanoseconds a simulated request, and as a multiple of a baseline measured between the runs: the least
//! that any simulation of requests does, a binary heap of answers, a draw and a counter a request, with no Envoy in it. What memory it takes is said of a
//! minute with few and with many requests.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]
#![allow(clippy::expect_used, reason = "a benchmark may end")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use mesh_failover_core::manifest::{GoDuration, Manifests, Source, read};
use mesh_failover_core::sim::{Arm, Options, Simulation};

/// What is played, and how: nanoseconds a request.
type Row<'a> = (&'static str, Box<dyn Fn() -> f64 + 'a>);

const RUNS: u32 = 7;
/// Requests of a run.
const REQUESTS: f64 = 600_000.0;
const RATE: f64 = 1_000.0;

fn main() {
    let seed = manifests(2, 3);
    // First, because the process keeps what its largest run has taken.
    let peaks = [1e2, 1e5].map(|rate| (rate, memory_of_a_minute(&seed, rate)));
    let large = manifests(60, 100);
    let many = manifests(2, 3_000);
    let drill = |manifests, arm| move || play(manifests, RATE, REQUESTS / RATE, arm);
    let rows: [Row<'_>; 5] = [
        ("the seed: 2 regions, 6 endpoints", Box::new(drill(&seed, Arm::Native))),
        (
            "the same at 100,000 requests/s",
            Box::new(|| play(&seed, 1e5, REQUESTS / 1e5, Arm::Native)),
        ),
        ("2 regions, 6,000 endpoints", Box::new(drill(&many, Arm::Native))),
        ("60 regions, 6,000 endpoints", Box::new(drill(&large, Arm::Native))),
        ("baseline: heap, draw, counter", Box::new(baseline)),
    ];
    if let Some(only) = std::env::args().nth(1) {
        return for_a_profiler(&rows, &only);
    }
    let mut best = [f64::INFINITY; 5];
    for _ in 0..RUNS {
        for ((_, row), best) in rows.iter().zip(&mut best) {
            *best = best.min(row());
        }
    }
    let [first, .., base] = best;
    println!(
        "{:<36} {:>12} {:>14} {:>12}",
        "a simulated request", "ns", "x baseline", "x the seed"
    );
    for ((name, _), nanos) in rows.iter().zip(best) {
        println!("{name:<36} {nanos:>12.1} {:>14.2} {:>12.2}", nanos / base, nanos / first);
    }
    let drill = Duration::from_secs_f64(first * REQUESTS / 1e9);
    println!(
        "\n{:.1} million requests a second; ten minutes at 1,000 requests/s in {drill:.2?}",
        1e3 / first
    );
    for (rate, megabytes) in peaks.into_iter().filter_map(|(rate, peak)| Some((rate, peak?))) {
        println!("{megabytes:.1} MB of memory for a minute at {rate} requests/s");
    }
}

/// The most memory that this process has had after such a run, in megabytes, where the system says so.
fn memory_of_a_minute(manifests: &Manifests, rate: f64) -> Option<f64> {
    play(manifests, rate, 60.0, Arm::Native);
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1e3)
}

/// Plays the rows whose names contain `only`, and nothing else.
fn for_a_profiler(rows: &[Row<'_>], only: &str) {
    for (name, row) in rows.iter().filter(|(name, _)| name.contains(only)) {
        for _ in 0..3 * RUNS {
            println!("{name:<36} {:>12.1}", row());
        }
    }
}

/// The seed's rule over so many regions and endpoints of each, with everything going wrong in the middle.
fn manifests(regions: u32, endpoints: u32) -> Manifests {
    let shares: Vec<String> =
        (0..regions).map(|n| format!("region-{n}: {}", share(n, regions))).collect();
    let mut text = format!(
        "apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: gateway, namespace: default}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - {{port: {{number: 80, name: http, protocol: HTTP}}, hosts: ['*']}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: hello, namespace: default}}
spec:
  hosts: ['*']
  gateways: [gateway]
  http:
  - route:
    - destination: {{host: hello.default.svc.cluster.local}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: hello, namespace: default}}
spec:
  host: hello.default.svc.cluster.local
  trafficPolicy:
    outlierDetection: {{consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 30s, maxEjectionPercent: 100}}
    loadBalancer:
      localityLbSetting:
        distribute:
        - {{from: region-0, to: {{{}}}}}
---
apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata: {{name: drill}}
spec:
  gateway: cluster-0
  traffic: {{rate: 1, arrivals: poisson}}
  duration: 1s
---
apiVersion: mesh-failover.dev/v1alpha1
kind: Topology
metadata: {{name: regions}}
spec:
  clusters:
",
        shares.join(", ")
    );
    for n in 0..regions {
        let _ = write!(
            text,
            "  - name: cluster-{n}
    locality: region-{n}/region-{n}-a
    gateway: {{replicas: 1, workers: 2}}
    workloads:
    - {{service: hello.default.svc.cluster.local, port: 80, replicas: {endpoints}, latency: 5ms}}
"
        );
    }
    let (manifests, diagnostics) = read(&[Source { name: "benchmark", text: &text }]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    manifests
}

/// Whole percents that add up to 100.
fn share(n: u32, regions: u32) -> u32 {
    100 / regions + u32::from(n < 100 % regions)
}

/// Nanoseconds a request.
fn play(manifests: &Manifests, rate: f64, seconds: f64, arm: Arm) -> f64 {
    let mut scenario = manifests.scenarios.first().expect("there is one").spec.clone();
    scenario.traffic.rate = rate;
    scenario.duration = GoDuration(Duration::from_secs_f64(seconds));
    let options = Options { arm, ..Options::default() };
    let simulation = Simulation::new(manifests, &scenario, &options).expect("it can be played");
    let began = Instant::now();
    let report = black_box(simulation.run());
    began.elapsed().as_nanos() as f64 / report.started as f64
}

/// The same number of requests through a heap.
fn baseline() -> f64 {
    let mut answers: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    let mut counts = [0_u64; 6];
    let (mut now, mut random) = (0_u64, 0x9e37_79b9_7f4a_7c15_u64);
    let began = Instant::now();
    for _ in 0..REQUESTS as u64 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        now += random % 2_000_000;
        answers.push(Reverse((now + 5_000_000, (random >> 32) as u32 % 6)));
        while let Some(Reverse((at, host))) = answers.peek().copied().filter(|it| it.0.0 <= now) {
            black_box(at);
            if let Some(count) = counts.get_mut(host as usize) {
                *count += 1;
            }
            answers.pop();
        }
    }
    black_box(counts);
    began.elapsed().as_nanos() as f64 / REQUESTS
}
