//! Texts that nobody should have to read, given to everything that reads: an answer with the file's name and what is wrong with
//! it, in bounded memory, and no crash.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail as the test does")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use mesh_failover_harness::find;

/// Address space of a run, in KiB: the largest text that is read takes a fraction of it, what an alias bomb means takes more.
const MEMORY: &str = "524288";
/// Far beyond what a run takes on a busy machine.
const GIVE_UP: Duration = Duration::from_secs(120);

struct Hostile {
    name: &'static str,
    text: Vec<u8>,
    /// What a reader of YAML says of it.
    says: &'static str,
}

fn hostile(name: &'static str, text: impl Into<Vec<u8>>, says: &'static str) -> Hostile {
    Hostile { name, text: text.into(), says }
}

fn all() -> Vec<Hostile> {
    let bomb: String = (0..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let next = level + 1;
        text + &format!("a{next}: &a{next} [*a{level}, *a{level}, *a{level}, *a{level}]\n")
    });
    let deep_block: String = (0..3000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let most = "at most 8388608 are read";
    vec![
        hostile("twenty-megabytes", "a: b\n".repeat(4 << 20), most),
        hostile("twenty-megabytes-of-one-value", "x".repeat(20 << 20), most),
        hostile("huge-value", format!("a: {}\n", "x".repeat(7 << 20)), "apiVersion"),
        hostile("deep-brackets", "[".repeat(100_000), "nested deeper than 64 levels"),
        hostile("deep-braces", "{\"a\":".repeat(100_000), "nested deeper than 64 levels"),
        hostile("deep-block", deep_block, "nested deeper than 64 levels"),
        hostile("alias-bomb", bomb, "expand"),
        hostile("cyclic-anchor", "a: &a [*a]\n", "a"),
        hostile("nul", "kind: \0\n", "U+0000"),
        hostile(
            "not-utf8",
            b"# \xc3\xa9\nkind: \xff\n".as_slice(),
            ".yaml:2:7: the text is not UTF-8",
        ),
        hostile("tabs", "spec:\n\thost: a\n", "tab"),
        hostile("empty", "", ""),
        hostile("only-a-mark", "\u{feff}", ""),
    ]
}

/// Every way into the tool, with the hostile file in its place; `OUT` is a folder to write into.
const READERS: [(&str, &[&str]); 8] = [
    ("check", &["check", "FILE"]),
    ("explain", &["explain", "FILE", "--from", "europe-west1"]),
    ("simulate", &["simulate", "FILE", "--scenario", "examples/seed/cluster-a-down.yaml"]),
    ("envoy", &["envoy", "FILE", "--from", "europe-west1", "--out", "OUT"]),
    (
        "a topology",
        &[
            "explain",
            "examples/seed/destination-rule.yaml",
            "--from",
            "europe-west1",
            "--topology",
            "FILE",
        ],
    ),
    ("a scenario", &["simulate", "examples/seed", "--scenario", "FILE"]),
    ("an intent", &["render", "--intent", "FILE", "--out", "OUT"]),
    ("a dump", &["check", "examples/seed", "--live", "FILE"]),
];

struct Ran {
    status: ExitStatus,
    text: String,
}

fn run(arguments: &[&str], file: &Path, folder: &Path) -> Ran {
    let out = folder.join("out");
    let arguments = arguments.iter().map(|argument| match *argument {
        "FILE" => file.to_path_buf(),
        "OUT" => out.clone(),
        other => PathBuf::from(other),
    });
    let printed = folder.join("printed");
    let print = File::create(&printed).unwrap();
    let child = Command::new("sh")
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", MEMORY])
        .arg(env!("CARGO_BIN_EXE_mesh-failover"))
        .args(arguments)
        .current_dir(find::workspace())
        .stdout(print.try_clone().unwrap())
        .stderr(print)
        .spawn()
        .unwrap();
    let status = wait(child);
    Ran { status, text: String::from_utf8_lossy(&fs::read(&printed).unwrap()).into_owned() }
}

fn wait(mut child: Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > GIVE_UP {
            child.kill().unwrap();
            return child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn everything_that_reads_survives_every_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    for Hostile { name, text, says } in all() {
        let file = folder.path().join(format!("{name}.yaml"));
        fs::write(&file, &text).unwrap();
        for (reader, arguments) in READERS {
            let Ran { status, text } = run(arguments, &file, folder.path());
            let mut wrong = Vec::new();
            if !matches!(status.code(), Some(0..=2)) || text.contains("panicked") {
                wrong.push("a crash".to_owned());
            }
            // A long line is shown in part.
            if text.len() > 100_000 {
                wrong.push(format!("{} bytes", text.len()));
            }
            if !says.is_empty() {
                if status.code() == Some(0) {
                    wrong.push("no failure".to_owned());
                }
                let words = [name, if reader == "a dump" { "" } else { says }];
                let missing = words.iter().filter(|words| !text.contains(**words));
                wrong.extend(missing.map(|words| format!("no `{words}`")));
            }
            if !wrong.is_empty() {
                let shown: String = text.chars().take(600).collect();
                found.push(format!("{name} as {reader}: {}: {status}: {shown}", wrong.join(", ")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// A mark at the beginning and the other kind of line end change nothing: a folder so written is a folder like any other.
#[test]
fn marks_and_line_ends_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let marked = folder.path().join("marked");
    fs::create_dir(&marked).unwrap();
    let seed = find::workspace().join("examples/seed");
    for entry in fs::read_dir(&seed).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
        fs::write(marked.join(path.file_name().unwrap()), format!("\u{feff}{text}")).unwrap();
    }
    let explained = |at: &Path| {
        let Ran { status, text } =
            run(&["explain", "FILE", "--from", "europe-west1"], at, folder.path());
        assert_eq!(status.code(), Some(0), "{text}");
        text.replace(at.to_str().unwrap(), "")
    };
    assert_eq!(explained(&marked), explained(&seed));
    assert_eq!(run(&["check", "FILE"], &marked, folder.path()).status.code(), Some(0));
}

/// A folder where a file is to be, an empty one where manifests are to be, and nothing at all.
#[test]
fn folders_and_nothing_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("nothing-in-it");
    fs::create_dir(&empty).unwrap();
    for (reader, arguments) in READERS {
        for file in [&empty, &folder.path().join("not-there.yaml")] {
            let Ran { status, text } = run(arguments, file, folder.path());
            assert_ne!(status.code(), Some(0), "{reader}: {text}");
            assert!(matches!(status.code(), Some(1..=2)), "{reader}: {status}: {text}");
            assert!(text.contains(file.file_name().unwrap().to_str().unwrap()), "{reader}: {text}");
        }
    }
}
