//! What `cargo test` said, condensed: a line for each test program that ran something, and the sums.

use std::fmt;

/// The result lines of a run.
#[derive(Default)]
pub(super) struct Results {
    lines: Vec<String>,
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Results {
    /// Reads the lines that libtest and libtest-mimic end with, and cargo's lines that say whose they are.
    pub(super) fn read(output: &str) -> Self {
        let mut results = Results::default();
        let mut program = String::new();
        for line in output.lines() {
            let trimmed = line.trim_start();
            if let Some(name) = trimmed.strip_prefix("Running ") {
                program = name.split(" (").next().unwrap_or(name).to_owned();
            } else if let Some(name) = trimmed.strip_prefix("Doc-tests ") {
                program = format!("doc-tests of {name}");
            } else if line.starts_with("test result:") {
                results.add(line, &program);
            }
        }
        results
    }

    fn add(&mut self, line: &str, program: &str) {
        let [passed, failed, ignored] =
            ["passed", "failed", "ignored"].map(|what| count(line, what));
        self.passed += passed;
        self.failed += failed;
        self.ignored += ignored;
        if passed + failed > 0 {
            self.lines.push(format!("{line}  {program}"));
        }
    }
}

impl fmt::Display for Results {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(formatter, "{line}")?;
        }
        write!(
            formatter,
            "{} passed, {} failed, {} ignored",
            self.passed, self.failed, self.ignored
        )
    }
}

/// The number before a word: 12 for `passed` in `test result: ok. 12 passed; 0 failed; …`.
fn count(line: &str, what: &str) -> u32 {
    let before = line.split(['.', ';']).find_map(|part| part.trim().strip_suffix(what));
    before.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed_and_named() {
        let output = "\
     Running unittests src/lib.rs (target/debug/deps/a-1)
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
     Running tests/empty.rs (target/debug/deps/b-2)
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests mesh_failover_core
test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.30s
";
        let results = Results::read(output).to_string();
        let lines: Vec<&str> = results.lines().collect();
        assert!(lines[0].ends_with("finished in 0.01s  unittests src/lib.rs"));
        assert!(lines[1].ends_with("finished in 0.30s  doc-tests of mesh_failover_core"));
        assert_eq!(lines[2..], ["14 passed, 3 failed, 1 ignored"]);
    }
}
