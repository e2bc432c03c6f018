//! Words that must not be in a file: somebody's folders, and work left for later.

use super::Source;

// Written in two parts, so that this file does not find itself.
const UNDONE: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
const MACHINE: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for Source { path, text } in sources {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(word) = UNDONE.iter().find(|word| line.contains(**word)) {
                findings.push(format!("{path}:{number}: `{word}` leaves work for later"));
            }
            if let Some(folder) = MACHINE.iter().find(|folder| names_folder(line, folder)) {
                findings.push(format!("{path}:{number}: `{folder}…` is a folder of one machine"));
            }
        }
    }
    findings
}

/// Whether an absolute path starts so, as opposed to a longer path that has it inside.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|it| !it.is_alphanumeric() && !"._-$}~".contains(it))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_of_people_are_found_and_other_paths_are_not() {
        let folder = MACHINE[0];
        let check =
            |line: String, expect| assert_eq!(names_folder(&line, folder), expect, "{line}");
        check(format!("see {folder}notes"), true);
        check(format!("\"{folder}notes\""), true);
        check(format!("sysroot{folder}notes"), false);
        check(format!("$HOME{folder}notes"), false);
    }

    #[test]
    fn findings_say_where() {
        let text = format!("fine\n// {}: later\n", UNDONE[0]);
        let found = check(&[Source { path: "a.md".to_owned(), text }]);
        assert_eq!(found, [format!("a.md:2: `{}` leaves work for later", UNDONE[0])]);
    }
}
