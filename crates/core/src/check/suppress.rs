//! Comments that switch a finding off, with a reason: `# mesh-failover: allow MF0203 -- measured in the game day`.

use mesh_failover_sorted::SortedMap;

use super::Finding;
use crate::manifest::Source;

/// What a comment begins with.
const MARK: &str = "mesh-failover: allow ";

/// Codes that are switched off, by the line for which they are.
#[derive(Debug, Default)]
struct Allowed {
    by_line: SortedMap<u32, Vec<String>>,
    /// For all lines of a document: from, to (excluded), code.
    by_document: Vec<(u32, u32, String)>,
}

/// The findings that no comment switches off.
pub(super) fn filter(findings: Vec<Finding>, sources: &[Source<'_>]) -> Vec<Finding> {
    let allowed: SortedMap<&str, Allowed> = SortedMap::from_iter(
        sources
            .iter()
            .filter(|source| source.text.contains(MARK))
            .map(|source| (source.name, allowed_in(source.text))),
    );
    let is_off = |finding: &Finding| {
        let place = finding.diagnostic.location.as_ref();
        place.is_some_and(|at| {
            allowed
                .get(at.file.as_str())
                .is_some_and(|allowed| allowed.covers(at.span.line, finding.diagnostic.code))
        })
    };
    findings.into_iter().filter(|finding| !is_off(finding)).collect()
}

impl Allowed {
    fn covers(&self, line: u32, code: &str) -> bool {
        self.by_line.get(&line).is_some_and(|codes| codes.iter().any(|it| it == code))
            || self
                .by_document
                .iter()
                .any(|(from, to, it)| (*from..*to).contains(&line) && it == code)
    }
}

fn allowed_in(text: &str) -> Allowed {
    let mut allowed = Allowed::default();
    let mut waiting: Vec<String> = Vec::new();
    let mut document: Vec<String> = Vec::new();
    let (mut document_start, mut in_head) = (1, true);
    let mut last = 0;
    for (line, number) in text.lines().zip(1_u32..) {
        last = number;
        if line.starts_with("---") {
            allowed.end_document(document_start, number, &mut document);
            (document_start, in_head) = (number, true);
            waiting.clear();
            continue;
        }
        let codes = codes_in(line);
        if line.trim_start().starts_with('#') {
            waiting.extend(codes);
        } else if !line.trim().is_empty() {
            if std::mem::take(&mut in_head) {
                document = std::mem::take(&mut waiting);
            }
            let here: Vec<String> = codes.into_iter().chain(std::mem::take(&mut waiting)).collect();
            if !here.is_empty() {
                allowed.by_line.insert(number, here);
            }
        }
    }
    allowed.end_document(document_start, last.saturating_add(1), &mut document);
    allowed
}

impl Allowed {
    fn end_document(&mut self, from: u32, to: u32, codes: &mut Vec<String>) {
        self.by_document.extend(codes.drain(..).map(|code| (from, to, code)));
    }
}

/// Codes that a line's comment allows; none without a reason.
fn codes_in(line: &str) -> Vec<String> {
    let comment = line.match_indices('#').map(|(at, _)| line.get(at + 1..).unwrap_or_default());
    let mut allowed = comment.filter_map(|text| text.trim_start().strip_prefix(MARK));
    let Some((codes, reason)) = allowed.next().and_then(|rest| rest.split_once("--")) else {
        return Vec::new();
    };
    if reason.trim().is_empty() {
        return Vec::new();
    }
    codes.split([',', ' ']).filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_line_above_it_and_for_a_document() {
        let text = "\
# mesh-failover: allow MF0001 -- the whole document
kind: A
a: 1 # mesh-failover: allow MF0002, MF0003 -- measured
# mesh-failover: allow MF0004 -- above
# goes on
b: 2
c: 3 # mesh-failover: allow MF0005
---
d: 4
";
        let allowed = allowed_in(text);
        for (line, code, covered) in [
            (2, "MF0001", true),
            (6, "MF0001", true),
            (9, "MF0001", false),
            (3, "MF0002", true),
            (3, "MF0003", true),
            (6, "MF0004", true),
            (7, "MF0004", false),
            (7, "MF0005", false),
        ] {
            assert_eq!(allowed.covers(line, code), covered, "{code} in line {line}");
        }
    }
}
