//! Repairing: fixes are applied to the texts, and what comes out is checked again, until nothing is left to repair.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use mesh_failover_core::check::{Finding, Fix, apply};
use similar::TextDiff;

use crate::input::Text;
use crate::report::Failure;

/// A fix may bring up a finding that another fix repairs; more rounds than this only happen in circles.
const MOST_ROUNDS: usize = 8;

/// The texts with everything repaired that can be.
pub(super) fn repair(texts: &[Text], check: impl Fn(&[Text]) -> Vec<Finding>) -> Vec<Text> {
    let mut texts: Vec<Text> = texts.to_vec();
    for _ in 0..MOST_ROUNDS {
        let fixes: Vec<Fix> = check(&texts).into_iter().filter_map(|finding| finding.fix).collect();
        let mut changed = 0;
        for text in &mut texts {
            let (new, applied) = apply(&text.name, &text.text, &fixes);
            text.text = new;
            changed += applied;
        }
        if changed == 0 {
            break;
        }
    }
    texts
}

/// What changes, as `diff -u` shows it.
pub(super) fn diff(old: &[Text], new: &[Text]) -> String {
    let mut text = String::new();
    for (old, new) in old.iter().zip(new).filter(|(old, new)| old.text != new.text) {
        let diff = TextDiff::from_lines(&old.text, &new.text);
        let (before, after) = (format!("a/{}", old.name), format!("b/{}", new.name));
        let _ = write!(text, "{}", diff.unified_diff().header(&before, &after));
    }
    text
}

/// Writes what changed; each file changes in one step.
pub(super) fn write(old: &[Text], new: &[Text]) -> Result<(), Failure> {
    let changed: BTreeSet<&str> = old
        .iter()
        .zip(new)
        .filter(|(old, new)| old.text != new.text)
        .map(|(old, _)| old.name.as_str())
        .collect();
    if changed.contains("-") {
        return Err(Failure::unusable(
            "--fix cannot write into standard input",
            "give files, or use --diff",
        ));
    }
    for text in new.iter().filter(|text| changed.contains(text.name.as_str())) {
        let path = Path::new(&text.name);
        let beside = path.with_extension(format!("new-{}", std::process::id()));
        let written = fs::write(&beside, &text.text)
            .and_then(|()| fs::set_permissions(&beside, fs::metadata(path)?.permissions()))
            .and_then(|()| fs::rename(&beside, path));
        written.map_err(|error| {
            // The file itself is as it was; what is left beside it serves nobody.
            let _ = fs::remove_file(&beside);
            Failure::unusable(format!("cannot write `{}`: {}", text.name, error.kind()), "")
        })?;
    }
    Ok(())
}
