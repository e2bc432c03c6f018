//! Child processes that stay quiet: one line while they run, their output only when it matters.
//!
//! A chore is read by a person who wants to know what is going on and how long it has been going on,
//! and by CI, where a terminal's redrawing would be noise. Both get one line a job.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const POLL: Duration = Duration::from_millis(50);
const REDRAW: Duration = Duration::from_secs(1);

/// What a child process left behind.
pub struct Finished {
    pub success: bool,
    /// Standard output and error, interleaved as they were written.
    pub output: String,
    pub elapsed: Duration,
}

/// One line on standard error that says what is running and, in the end, how long it took. A job of
/// under a second is over before anybody wonders, so it says nothing.
pub struct Progress {
    label: String,
    started: Instant,
    drawn: Option<Instant>,
    terminal: bool,
}

impl Progress {
    pub fn start(label: impl Into<String>) -> Self {
        let terminal = io::stderr().is_terminal();
        Progress { label: label.into(), started: Instant::now(), drawn: None, terminal }
    }

    /// Draws the line at once: the job is one of several that a person follows.
    pub fn announced(label: impl Into<String>) -> Self {
        let mut progress = Progress::start(label);
        progress.draw();
        progress
    }

    /// To be called now and then while the job runs.
    pub fn tick(&mut self) {
        let due = match self.drawn {
            None => self.started.elapsed() >= REDRAW,
            Some(drawn) => self.terminal && drawn.elapsed() >= REDRAW,
        };
        if due {
            self.draw();
        }
    }

    fn draw(&mut self) {
        self.drawn = Some(Instant::now());
        let so_far = if self.terminal { self.clock() } else { String::new() };
        eprint!("{}{} … {so_far}", self.line_start(), self.label);
        let _ = io::stderr().flush();
    }

    /// Ends the line with the outcome and the time it took.
    pub fn end(self, outcome: &str) {
        if self.drawn.is_some() {
            let redrawn = if self.terminal { self.label.clone() + " … " } else { String::new() };
            eprintln!("{}{redrawn}{outcome}, {}", self.line_start(), self.clock());
        }
    }

    fn line_start(&self) -> &'static str {
        if self.terminal { "\r\x1b[2K" } else { "" }
    }

    fn clock(&self) -> String {
        seconds(self.started.elapsed())
    }
}

/// Runs a command behind a progress line; `limit` kills it when it takes longer.
pub fn with_progress(
    label: &str,
    command: &mut Command,
    limit: Option<Duration>,
) -> Result<Finished> {
    let mut progress = Progress::start(label);
    let finished = capture(command, limit, || progress.tick());
    progress.end(if finished.as_ref().is_ok_and(|it| it.success) { "done" } else { "failed" });
    finished
}

/// Runs a command without any input and collects its output; calls `tick` while waiting.
pub fn capture(
    command: &mut Command,
    limit: Option<Duration>,
    mut tick: impl FnMut(),
) -> Result<Finished> {
    let started = Instant::now();
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().with_context(|| format!("cannot run `{name}`"))?;
    // The command keeps its ends of the pipe; without this the reader would never see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let collector = thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes);
        bytes
    });
    let (success, late) = loop {
        if let Some(status) = child.try_wait()? {
            break (status.success(), None);
        }
        if let Some(limit) = limit.filter(|limit| started.elapsed() > *limit) {
            kill_tree(&mut child);
            break (false, Some(format!("\n`{name}` was stopped after {}", seconds(limit))));
        }
        tick();
        thread::sleep(POLL);
    };
    let bytes = collector.join().unwrap_or_default();
    let mut output = String::from_utf8_lossy(&bytes).into_owned();
    output.extend(late);
    Ok(Finished { success, output, elapsed: started.elapsed() })
}

/// The trimmed standard output of a short command, or why there is none.
pub fn stdout_of(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot run `{name}`"))?;
    if !output.status.success() {
        bail!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A duration as a person reads it: `0.4 s`, `12 s`, `3 min 05 s`.
pub fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        whole @ 10..120 => format!("{whole} s"),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

/// Ends a child and what it started: a killed `cargo test` alone would leave its test running.
fn kill_tree(child: &mut Child) {
    let mut family = vec![child.id()];
    let mut next = 0;
    while let Some(&id) = family.get(next) {
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        family.extend(
            children.unwrap_or_default().split_whitespace().filter_map(|id| id.parse::<u32>().ok()),
        );
        next += 1;
    }
    let _ = child.kill();
    for id in family.iter().skip(1) {
        let _ =
            Command::new("kill").args(["-KILL", &id.to_string()]).stderr(Stdio::null()).status();
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_collected_in_order() {
        let finished =
            capture(&mut shell("echo a; echo b >&2; echo c; exit 3"), None, || {}).unwrap();
        assert_eq!((finished.success, finished.output.as_str()), (false, "a\nb\nc\n"));
    }

    #[test]
    fn a_command_beyond_its_limit_is_stopped_with_its_children() {
        let limit = Some(Duration::from_millis(300));
        let finished =
            capture(&mut shell("echo early; sleep 60; echo late"), limit, || {}).unwrap();
        assert!(!finished.success && finished.elapsed < Duration::from_secs(10));
        assert!(finished.output.starts_with("early\n\n`sh` was stopped after 0.3 s"));
    }

    #[test]
    fn durations_read_well() {
        let check =
            |millis, expect: &str| assert_eq!(seconds(Duration::from_millis(millis)), expect);
        check(432, "0.4 s");
        check(12_900, "12 s");
        check(185_000, "3 min 05 s");
    }
}
