//! What the demo prints: one line a phase, redrawn while it runs if somebody is looking.
//!
//! The finished lines are the same on a terminal, in a file and in CI's log.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;

use mesh_failover_harness::{Gateway, Shares, find};

use super::play::{Live, Phase, RegionDown};
use super::verdict::{Row, millis};
use super::{FROM, Mode};

const BAR: usize = 24;

/// Standard output.
pub(super) struct Screen {
    terminal: bool,
    colour: bool,
}

#[derive(Clone, Copy)]
enum Ink {
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Blue = 34,
    Yellow = 33,
}

impl Screen {
    pub(super) fn new() -> Self {
        let terminal = io::stdout().is_terminal();
        Self { terminal, colour: terminal && env::var_os("NO_COLOR").is_none() }
    }

    fn ink(&self, ink: Ink, text: &str) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", ink as u8) } else { text.to_owned() }
    }

    pub(super) fn title(&self, rate: u32, how: RegionDown) {
        println!(
            "A = {FROM}, B = us-central1; {rate} requests/s through Envoy {} in A",
            find::ENVOY_VERSION
        );
        if how == RegionDown::Blackhole {
            println!(
                "The VirtualService gets `timeout: {}`: without one, silence is no error.",
                millis(RegionDown::BLACKHOLE_TIMEOUT)
            );
        }
    }

    pub(super) fn mode(&self, mode: Mode) {
        println!("\n{}: {}", self.ink(Ink::Bold, mode.name()), mode.explained());
        let head = format!(
            "  {:<16} {:>7} {:>7} {:>9} {:>7}  {:<BAR$}",
            "phase", "A", "B", "requests", "failed", "last second"
        );
        println!("{}", self.ink(Ink::Dim, head.trim_end()));
    }

    pub(super) fn live(&self, live: &Live<'_>) {
        if !self.terminal && !live.last {
            return;
        }
        let phase = match live.phase {
            Phase::Healthy => "healthy",
            Phase::Down => live.region_down.event(),
            Phase::Back => "A is back",
        };
        let failed = format!("{:>7}", live.all.failed);
        let line = format!(
            "  {phase:<16} {:>5.1} % {:>5.1} % {:>8} {}  {}  {}",
            live.all.percent(&live.regions.a),
            live.all.percent(&live.regions.b),
            live.all.total,
            if live.all.failed > 0 { self.ink(Ink::Red, &failed) } else { failed },
            self.bar(live),
            turned(live),
        );
        let line = line.trim_end();
        if self.terminal {
            print!("\r\x1b[2K{line}{}", if live.last { "\n" } else { "" });
        } else {
            println!("{line}");
        }
        // A closed pipe is no reason to stop measuring.
        let _ = io::stdout().flush();
    }

    /// The last second's requests, A from the left, B from the right, failures in between.
    fn bar(&self, live: &Live<'_>) -> String {
        let cells = |shares: &Shares, region: &str| {
            (shares.percent(region) * BAR as f64 / 100.0).round() as usize
        };
        let a = cells(&live.recent, &live.regions.a).min(BAR);
        let b = cells(&live.recent, &live.regions.b).min(BAR - a);
        let failed = if live.recent.failed > 0 { BAR - a - b } else { 0 };
        let rest = BAR - a - b - failed;
        format!(
            "{}{}{}{}",
            self.ink(Ink::Blue, &"█".repeat(a)),
            self.ink(Ink::Red, &"╳".repeat(failed)),
            self.ink(Ink::Yellow, &"░".repeat(b)),
            " ".repeat(rest)
        )
    }

    /// The seed's table.
    pub(super) fn table(&self, results: &[(Mode, [Row; 3])]) {
        println!();
        for (mode, rows) in results {
            let heads = format!("{:<22} measured", "expected, % A / B");
            println!(
                "{}  {}",
                self.ink(Ink::Bold, &format!("{:<31}", mode.name())),
                self.ink(Ink::Dim, &heads)
            );
            for row in rows {
                let verdict = match row.good {
                    true => self.ink(Ink::Green, "PASS"),
                    false => self.ink(Ink::Red, "FAIL"),
                };
                println!(
                    "  {:<30} {:<22} {:<12} {verdict}  {}",
                    row.state, row.expected, row.measured, row.note
                );
            }
        }
    }

    /// Where the same can be played in a browser.
    pub(super) fn playground(&self, address: SocketAddr) {
        println!("the same in your browser while this runs: http://{address}/");
    }

    pub(super) fn urls(&self, gateways: &[(Mode, Gateway)]) {
        println!();
        for (mode, gateway) in gateways {
            println!(
                "{:<7} gateway http://{}/   Envoy's admin http://{}/",
                mode.name(),
                gateway.address(),
                gateway.envoy().admin()
            );
        }
        println!("Ctrl-C stops them.");
    }
}

/// When traffic failed over or came back.
fn turned(live: &Live<'_>) -> String {
    match (live.phase, live.turned) {
        (Phase::Healthy, _) => String::new(),
        (Phase::Down, Some(after)) => format!("all on B after {}", millis(after)),
        (Phase::Back, Some(after)) => format!("A again after {}", millis(after)),
        (_, None) => format!("waiting, {:.0} s", live.elapsed.as_secs_f64()),
    }
}
