//! What a process has used, from `/proc`, and where it may run.
//!
//! **Source**: proc_pid_stat(5), proc_pid_statm(5).

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Linux reports CPU time in these; `getconf CLK_TCK` is 100 on every architecture it runs on.
const TICKS_A_SECOND: u64 = 100;

/// User and system time of all threads of a process so far.
///
/// **Units**: ticks of 10 ms, so measure over seconds.
pub fn cpu_time(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the name in brackets, which may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").context("unreadable `stat`")?;
    let ticks = |index: usize| -> Result<u64> {
        Ok(fields.split(' ').nth(index).context("short `stat`")?.parse()?)
    };
    // utime and stime are fields 14 and 15, counted from 1; the state, field 3, is the first here.
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1_000 / TICKS_A_SECOND))
}

/// Memory of a process that is in RAM.
pub fn resident_bytes(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: u64 =
        line.and_then(|it| it.split_whitespace().next()).context("no `VmRSS`")?.parse()?;
    Ok(kilobytes * 1024)
}

/// Runs something with this thread pinned to one core; processes and threads it starts stay there.
pub fn on_core<T>(core: usize, run: impl FnOnce() -> T) -> Result<T> {
    let before = sched_getaffinity(None)?;
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).with_context(|| format!("cannot run on core {core}"))?;
    let result = run();
    sched_setaffinity(None, &before)?;
    Ok(result)
}
