//! Every lint against its examples: `tests/lints/CODE/bad.yaml` is found exactly once and nothing else is, `good.yaml` is clean; so
//! with every further `bad-….yaml` and `good-….yaml`. An example is completed by `tests/lints/base.yaml`, and every fix makes its
//! finding go away.

mod lint_rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use lint_rows::pitfalls::{ANALYSIS, FoundBy, PITFALLS};
use lint_rows::{Example, example, istio_docs, page};
use mesh_failover_core::check::{Finding, apply, rules};
use mesh_failover_core::diagnostic::Severity;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("lints");
    let mut trials = Vec::new();
    for rule in rules() {
        let folder = root.join(rule.code);
        let code = rule.code;
        for file in examples(&folder, "bad") {
            let name = named(&file);
            trials.push(Trial::test(format!("{code}/{name}"), move || found_once(&file, code)));
        }
        for file in examples(&folder, "good") {
            trials.push(Trial::test(format!("{code}/{}", named(&file)), move || clean(&file)));
        }
        trials.push(Trial::test(format!("{code}/page"), move || {
            let bad: Result<Vec<_>, _> =
                examples(&folder, "bad").iter().map(|it| example(it)).collect();
            let page = page::page(rule, &bad?, &example(&folder.join("good.yaml"))?)?;
            current(&format!("{code}.md"), &page)
        }));
    }
    trials.push(Trial::test("the list of pages", || current("README.md", &page::index(&rules()))));
    trials.push(Trial::test("every example is a lint's", move || known(&root)));
    trials.push(Trial::test("every pitfall has a lint or a reason", pitfalls));
    trials.push(Trial::test("a code has one meaning", one_meaning));
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for folder in folders(&examples) {
        let name = named(&folder);
        trials
            .push(Trial::test(format!("no false alarm: examples/{name}"), move || silent(&folder)));
    }
    for folder in folders(&examples.join("istio-docs")) {
        let name = named(&folder);
        trials
            .push(Trial::test(format!("no false alarm: examples/istio-docs/{name}"), move || {
                Ok(istio_docs::check(&named(&folder), &lint_rows::folder(&folder)?)?)
            }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// `bad.yaml`, and the others of its kind in order; the one of the name comes first.
fn examples(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let first = folder.join(format!("{kind}.yaml"));
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut others: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    others.retain(|file| named(file).starts_with(&format!("{kind}-")));
    others.sort();
    [vec![first], others].concat()
}

fn named(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn found_once(file: &Path, code: &str) -> Result<(), Failed> {
    let example = example(file)?;
    let found = example.check();
    match found.as_slice() {
        [only] if only.diagnostic.code == code => fixes(&example, only),
        _ => Err(format!("expected {code} once, found:\n{}", shown(&found)).into()),
    }
}

/// With its fix, the finding is gone and no other has come.
fn fixes(example: &Example, finding: &Finding) -> Result<(), Failed> {
    if finding.diagnostic.location.is_none() {
        return Err("the finding has no place".into());
    }
    let Some(fix) = &finding.fix else { return Ok(()) };
    let fixed = example.changed(|name, text| apply(name, text, [fix]).0);
    match fixed.check().as_slice() {
        [] => Ok(()),
        rest => Err(format!("`{}` leaves:\n{}\n{}", fix.title, shown(rest), fixed.text()).into()),
    }
}

/// A page is what is written, unless it is to be written anew.
fn current(name: &str, page: &str) -> Result<(), Failed> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lints").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(&file, page).map_err(|error| error.to_string().into());
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    if written == page {
        Ok(())
    } else {
        Err(format!("docs/lints/{name} is out of date; write it with `{}`", page::UPDATE).into())
    }
}

fn clean(file: &Path) -> Result<(), Failed> {
    match example(file)?.check().as_slice() {
        [] => Ok(()),
        found => Err(format!("found:\n{}", shown(found)).into()),
    }
}

/// Nothing beyond notes about a folder of manifests that are as they should be.
fn silent(folder: &Path) -> Result<(), Failed> {
    let found = lint_rows::folder(folder)?.check();
    let alarms: Vec<Finding> =
        found.into_iter().filter(|it| it.diagnostic.severity > Severity::Note).collect();
    if alarms.is_empty() { Ok(()) } else { Err(shown(&alarms).into()) }
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("the folder is part of the project");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.is_dir());
    paths.sort();
    paths
}

fn known(root: &Path) -> Result<(), Failed> {
    let codes: Vec<&str> = rules().iter().map(|rule| rule.code).collect();
    let strangers: Vec<String> = folders(root)
        .iter()
        .filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
        .filter(|name| !codes.contains(&name.as_str()))
        .collect();
    if strangers.is_empty() { Ok(()) } else { Err(format!("no lints: {strangers:?}").into()) }
}

/// Lints of the table exist, and what has none has a reason.
fn pitfalls() -> Result<(), Failed> {
    let codes: Vec<&str> = rules().iter().map(|rule| rule.code).collect();
    for pitfall in PITFALLS.iter().chain(ANALYSIS) {
        match pitfall.found_by {
            FoundBy::Lints(found_by) => {
                let strangers: Vec<_> = found_by.iter().filter(|it| !codes.contains(it)).collect();
                if found_by.is_empty() || !strangers.is_empty() {
                    return Err(format!("{}: no lints: {strangers:?}", pitfall.what).into());
                }
            }
            FoundBy::Reason("") => {
                return Err(format!("{}: neither lint nor reason", pitfall.what).into());
            }
            FoundBy::Reason(_) => {}
        }
    }
    Ok(())
}

/// No code of the core is written down twice: each has one constant or one lint.
fn one_meaning() -> Result<(), Failed> {
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/core/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path)?;
            let defined = text.lines().filter_map(|line| {
                let (before, after) = line.split_once("\"MF")?;
                let before = before.trim_end();
                let defines = before.ends_with("&str =") || before.ends_with("code:");
                (defines && after.get(4..5) == Some("\"")).then(|| after[..4].to_owned())
            });
            for code in defined {
                if let Some(first) = seen.insert(code.clone(), path.clone()) {
                    let both = format!("{} and {}", first.display(), path.display());
                    return Err(format!("MF{code} is defined in {both}").into());
                }
            }
        }
    }
    if seen.len() < rules().len() { Err("codes are not where they were".into()) } else { Ok(()) }
}

fn shown(found: &[Finding]) -> String {
    found.iter().map(|finding| format!("{}\n", finding.diagnostic)).collect()
}
