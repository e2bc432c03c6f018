//! The explanation for a person: a fact a line, and below it the manifest line that makes it so.

use std::fmt::Write as _;

use mesh_failover_core::explain::{
    Cause, ClusterExplanation, Explanation, HostShare, LocalityExplanation, LocalityShare, Setting,
    Statement,
};

use crate::style::{BOLD, DIM};

pub(super) fn view(explanation: &Explanation, left_out: usize) -> String {
    let mut text = String::new();
    let gateway = &explanation.gateway;
    let _ = writeln!(
        text,
        "{BOLD}gateway of {} at {}{BOLD:#}, namespace {}, Istio {}",
        gateway.cluster, gateway.locality, gateway.namespace, gateway.istio
    );
    for cluster in &explanation.clusters {
        text.push('\n');
        one(&mut text, cluster);
    }
    if explanation.clusters.is_empty() {
        text.push_str("\nno route of this gateway leads to a cluster\n");
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "\n{left_out} more cluster(s) that no route of this gateway leads to: see `--all`"
        );
    }
    text
}

fn one(text: &mut String, cluster: &ClusterExplanation) {
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}", cluster.name);
    for route in &cluster.routes {
        fact(text, "route", route);
    }
    fact(text, "rule", &cluster.rule);
    fact(text, "localities", &cluster.balancing);
    fact(text, "hosts", &cluster.policy);
    if let Some(hashing) = &cluster.hashing {
        fact(text, "users", &hashing.statement);
    }
    if let Some(zone_aware) = &cluster.zone_aware {
        fact(text, "zones", &zone_aware.statement);
    }
    fact(text, "ejection", &cluster.ejection.statement);
    fact(text, "panic", &cluster.panic.statement);
    localities(text, &cluster.localities);
    if let Some(hashing) = &cluster.hashing {
        hosts(text, &hashing.hosts);
    }
    settings(text, "limits (a request beyond them gets 503, flag UO)", &cluster.limits);
    settings(text, "outlier detection in Envoy's words", &cluster.outlier_detection);
}

fn fact(text: &mut String, name: &str, statement: &Statement) {
    let _ = writeln!(text, "  {name:<10}  {}", statement.text);
    let source = source(&statement.cause);
    if !source.is_empty() {
        let _ = writeln!(text, "  {:<10}  {DIM}{source}{DIM:#}", "");
    }
}

fn localities(text: &mut String, localities: &[LocalityExplanation]) {
    if localities.is_empty() {
        text.push_str("\n  no endpoints: requests get 503 (flag UH)\n");
        return;
    }
    let _ = writeln!(
        text,
        "\n  {:>8}  {:>6}  {:>7}  {:>9}  locality",
        "priority", "weight", "share", "healthy"
    );
    for locality in localities {
        let weight = locality.weight.map_or("–".to_owned(), |weight| weight.to_string());
        let share = format!("{:.1} %", locality.share);
        let healthy = format!("{} of {}", locality.healthy, locality.endpoints.len());
        let _ = writeln!(
            text,
            "  {:>8}  {weight:>6}  {share:>7}  {healthy:>9}  {BOLD}{}{BOLD:#}: {}",
            locality.priority, locality.locality, locality.because.text
        );
        let mut below = |line: &str| {
            let _ = writeln!(text, "  {:>38}{line}", "");
        };
        below(&format!("{DIM}{}{DIM:#}", source(&locality.because.cause)));
        if locality.endpoints.is_empty() {
            continue;
        }
        if !locality.ejected.is_empty() {
            below(&format!("ejected right now: {}", locality.ejected.join(", ")));
        }
        below(&match &locality.spill {
            Some(spill) => spill.text.clone(),
            None if locality.share > 0.0 => "traffic never leaves it: it panics first".to_owned(),
            None => "gets nothing while those before it are well".to_owned(),
        });
        below(&format!("without it: {}; {}", shares(&locality.without_it), ejection(locality)));
    }
}

/// Hosts by their part of the table, below them what each locality comes to.
fn hosts(text: &mut String, hosts: &[HostShare]) {
    if hosts.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  users by the table for these addresses");
    let mut localities: Vec<(&str, f64)> = Vec::new();
    for HostShare { name, locality, share, .. } in hosts {
        let _ = writeln!(text, "  {:>8}  {:>6}  {share:>5.1} %  {name} in {locality}", "", "");
        match localities.iter_mut().find(|(known, _)| known == locality) {
            Some((_, sum)) => *sum += share,
            None => localities.push((locality.as_str(), *share)),
        }
    }
    for (locality, share) in localities {
        let _ = writeln!(
            text,
            "  {:>8}  {:>6}  {share:>5.1} %  {BOLD}{locality}{BOLD:#} in all",
            "", ""
        );
    }
}

fn ejection(locality: &LocalityExplanation) -> &'static str {
    match (locality.ejection_can_empty, locality.ejection_can_spill) {
        (true, _) => "ejection alone can take it out",
        (false, true) => "ejection alone can make it spill, not take it out",
        (false, false) => "ejection alone never moves its traffic",
    }
}

fn shares(shares: &[LocalityShare]) -> String {
    if shares.is_empty() {
        return "503 (flag UH)".to_owned();
    }
    let shares = shares.iter().map(|it| format!("{:.1} % to {}", it.share, it.locality));
    shares.collect::<Vec<_>>().join(", ")
}

fn settings(text: &mut String, title: &str, settings: &[Setting]) {
    if settings.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  {title}");
    let width = settings.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let values = settings.iter().map(|it| it.value.len()).max().unwrap_or(0);
    for Setting { name, value, cause } in settings {
        let _ =
            writeln!(text, "    {name:<width$}  {value:>values$}  {DIM}{}{DIM:#}", source(cause));
    }
}

fn source(cause: &Cause) -> String {
    cause.to_string()
}
