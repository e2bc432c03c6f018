//! What a process has used, from `/proc`, and where it may run.
//!
//! **Source**: proc_pid_stat(5), proc_pid_statm(5).

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Time that all threads of a process have been running so far.
///
/// **Units**: nanoseconds, from the scheduler's own accounts; `/proc/PID/stat` counts in ticks of 10 ms.
pub fn cpu_time(process: u32) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let accounts = fs::read_to_string(thread?.path().join("schedstat"))
            .context("this kernel keeps no `schedstat`, so CPU time cannot be measured")?;
        let running = accounts.split(' ').next().context("an empty `schedstat`")?;
        nanos += running.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
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
