//! The seed's table: what each row expects, what was measured, whether it came true.

use std::time::Duration;

use mesh_failover_harness::Shares;

use super::play::{Played, RegionDown, Timeline};

/// How far a share may be from its half, in points.
const TOLERANCE: f64 = 2.0;

/// A row of the seed's table for one mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The state of the clusters, in the seed's words.
    pub state: &'static str,
    /// What the seed expects, with the moment from which it is counted.
    pub expected: String,
    /// What came out.
    pub measured: String,
    /// What else a person should know.
    pub note: String,
    /// Whether it came true.
    pub good: bool,
}

/// The table's three rows.
#[must_use]
pub fn rows(played: &Played) -> [Row; 3] {
    [healthy(played), down(played), back(played)]
}

fn healthy(played: &Played) -> Row {
    let shares = Shares::of(played.before_death());
    Row {
        state: "Both clusters healthy",
        expected: format!("50 / 50 ± {TOLERANCE}"),
        measured: split(played, &shares),
        note: failed(&shares),
        good: halves(played, &shares) && shares.failed == 0,
    }
}

fn down(played: &Played) -> Row {
    let all = Shares::of(played.under_death());
    let late = Shares::of(played.between(played.down + played.failover, played.back));
    let served = late.by_region.get(&played.regions.b).copied().unwrap_or_default();
    Row {
        state: "Cluster A becomes unavailable",
        expected: format!("0 / 100 from {}", seconds(played.failover)),
        measured: split(played, &late),
        note: format!("{}, all on B after {}", failed(&all), millis(played.failed_over_in())),
        good: late.total > 0 && served == late.total,
    }
}

fn back(played: &Played) -> Row {
    let shares = Shares::of(played.between(played.settled, Duration::MAX));
    let returned = played.failed_back_in();
    Row {
        state: "Cluster A recovers",
        expected: format!("50 / 50 ± {TOLERANCE} from {}", seconds(Timeline::SETTLE)),
        measured: split(played, &shares),
        note: match returned {
            Some(after) => format!(
                "{}, A answers after {}{}",
                failed(&Shares::of(played.between(played.back, Duration::MAX))),
                millis(after),
                match played.region_down {
                    RegionDown::Scale => "",
                    _ => "; judged from the end of its ejection",
                }
            ),
            None => "A never answered again".to_owned(),
        },
        good: returned.is_some() && halves(played, &shares),
    }
}

fn halves(played: &Played, shares: &Shares) -> bool {
    let near = |region: &str| (shares.percent(region) - 50.0).abs() <= TOLERANCE;
    near(&played.regions.a) && near(&played.regions.b)
}

fn split(played: &Played, shares: &Shares) -> String {
    let percent = |region: &str| shares.percent(region);
    format!("{:.1} / {:.1}", percent(&played.regions.a), percent(&played.regions.b))
}

fn failed(shares: &Shares) -> String {
    format!("{} of {} failed", shares.failed, shares.total)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}

/// Milliseconds below a second, tenths of seconds above.
pub(super) fn millis(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use mesh_failover_harness::{Outcome, Record};

    use super::*;
    use crate::demo::play::Regions;

    /// A run of 10 s a phase at 10 requests/s; `region` says who answers the n-th request.
    fn played(region: impl Fn(u64) -> Option<&'static str>) -> Played {
        let record = |n: u64| Record {
            start: Duration::from_millis(n * 100),
            duration: Duration::from_millis(1),
            phase: 0,
            outcome: match region(n) {
                Some(region) => Outcome::Answered {
                    status: 200,
                    region: region.to_owned(),
                    endpoint: "it-0".to_owned(),
                },
                None => Outcome::Local { status: 503 },
            },
        };
        Played {
            regions: Regions { a: "a".to_owned(), b: "b".to_owned() },
            region_down: RegionDown::Scale,
            failover: Duration::from_secs(1),
            records: (0..300).map(record).collect(),
            down: Duration::from_secs(10),
            back: Duration::from_secs(20),
            settled: Duration::from_secs(22),
        }
    }

    fn verdicts(region: impl Fn(u64) -> Option<&'static str>) -> [bool; 3] {
        rows(&played(region)).map(|row| row.good)
    }

    fn turns(n: u64) -> Option<&'static str> {
        Some(if n.is_multiple_of(2) { "a" } else { "b" })
    }

    #[test]
    fn the_table_holds_when_a_goes_and_comes_back() {
        let seed = |n| if (100..200).contains(&n) { Some("b") } else { turns(n) };
        assert_eq!(verdicts(seed), [true, true, true]);
    }

    #[test]
    fn each_row_can_fail() {
        assert_eq!(verdicts(turns), [true, false, true], "no failover");
        assert_eq!(verdicts(|_| Some("b")), [false, true, false], "never a split");
        let stuck = |n| if n >= 100 { Some("b") } else { turns(n) };
        assert_eq!(verdicts(stuck), [true, true, false], "no return");
        let late = |n| {
            if n == 111 {
                None
            } else if n >= 100 {
                Some("b")
            } else {
                turns(n)
            }
        };
        assert_eq!(verdicts(late), [true, false, false], "an error after the first second");
    }

    #[test]
    fn errors_in_the_first_second_are_told() {
        let seed = |n| match n {
            100..103 => None,
            103..200 => Some("b"),
            _ => turns(n),
        };
        let down = &rows(&played(seed))[1];
        assert!(down.good);
        assert_eq!(down.note, "3 of 100 failed, all on B after 200 ms");
    }
}
