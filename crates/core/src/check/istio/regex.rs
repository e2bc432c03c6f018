//! What Go's regexp package says of an expression that it refuses: RE2, as Envoy's.
//!
//! **Source**: Go regexp/syntax/parse.go, 1.25; Istio pkg/config/validation/validation.go `validateStringRegexp`, 1.31.
//!
//! **Not modelled**: names of character classes, flags, counts of repetitions, escapes in classes. What is not noticed here istiod
//! notices; what is noticed here it refuses in these words.

/// `validateStringRegexp`.
pub(super) fn refused(regex: &str, place: &str) -> Option<String> {
    if regex.is_empty() {
        return Some(format!("{place:?}: regex string match should not be empty"));
    }
    if regex.len() > 1024 {
        return Some(format!("{place:?}: regex is too large, max length allowed is 1024"));
    }
    let error = syntax(regex)?;
    Some(format!(
        "{place:?}: error parsing regexp: {error}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)"
    ))
}

/// The first error, from left to right.
fn syntax(regex: &str) -> Option<String> {
    let said = |what: &str, text: &str| Some(format!("{what}: `{text}`"));
    let mut rest = regex;
    let mut open = 0_u32;
    let mut repeatable = false;
    // From the operator before, if that was one.
    let mut repeated: Option<&str> = None;
    while let Some(first) = rest.chars().next() {
        let before = rest;
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        let mut repeats = false;
        match first {
            '(' if ["?=", "?!"].iter().any(|it| rest.starts_with(it)) => {
                return said("invalid or unsupported Perl syntax", before.get(..3)?);
            }
            '(' => {
                // `(?:`, `(?i)`, `(?P<name>`.
                if rest.starts_with('?') {
                    let end = rest.find([':', ')', '>']).map_or(rest.len(), |end| end + 1);
                    let flags = rest.get(..end).unwrap_or_default();
                    open += u32::from(!flags.ends_with(')'));
                    rest = rest.get(end..).unwrap_or_default();
                } else {
                    open += 1;
                }
                repeatable = false;
            }
            '|' => repeatable = false,
            ')' if open == 0 => return said("unexpected )", regex),
            ')' => {
                open -= 1;
                repeatable = true;
            }
            '[' => match class(rest) {
                Some(after) => (rest, repeatable) = (after, true),
                None => return said("missing closing ]", before),
            },
            '*' | '+' | '?' => {
                rest = rest.strip_prefix('?').unwrap_or(rest);
                let end = before.len() - rest.len();
                if !repeatable {
                    return said("missing argument to repetition operator", before.get(..end)?);
                }
                if let Some(start) = repeated {
                    let text = start.get(..start.len() - rest.len())?;
                    return said("invalid nested repetition operator", text);
                }
                repeats = true;
            }
            '\\' => {
                let Some(escaped) = rest.chars().next() else {
                    return Some("trailing backslash at end of expression: ``".to_owned());
                };
                rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                let known =
                    !escaped.is_alphanumeric() || "01234567AbBzdDsSwWpPafnrtvxQE".contains(escaped);
                let octal =
                    matches!(escaped, '1'..='7') && !rest.starts_with(|it| matches!(it, '0'..='7'));
                if !known || octal {
                    return said("invalid escape sequence", before.get(..1 + escaped.len_utf8())?);
                }
                repeatable = true;
            }
            _ => repeatable = true,
        }
        repeated = repeats.then_some(before);
    }
    if open > 0 { said("missing closing )", regex) } else { None }
}

/// What comes after a class of characters; `None` if it has no end.
fn class(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix('^').unwrap_or(rest);
    // A bracket that stands first is one of the characters.
    let (mut rest, mut skip) = (rest, rest.starts_with(']'));
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '[' if rest.starts_with("[:") => rest.find(":]").map_or(1, |end| end + 2),
            '\\' => 1 + rest.chars().nth(1)?.len_utf8(),
            _ => first.len_utf8(),
        };
        rest = rest.get(length..)?;
        if first == ']' && !std::mem::take(&mut skip) {
            return Some(rest);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_gos_words() {
        for good in [
            "a|b*",
            "^/v[12]/.*$",
            "(?i)mobile",
            "(?P<id>[0-9]+)-x",
            "[]a]+?",
            r"\d{2,3}\.\w",
            "[[:alpha:]]",
            "",
            r"[^\]]*",
            "a{,2}",
            "(?:a|b)?",
        ] {
            assert_eq!(syntax(good), None, "{good}");
        }
        for (bad, error) in [
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("x[a", "missing closing ]: `[a`"),
            ("*.example.com", "missing argument to repetition operator: `*`"),
            ("a|+?", "missing argument to repetition operator: `+?`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            (r"a\", "trailing backslash at end of expression: ``"),
            (r"(a)\1", r"invalid escape sequence: `\1`"),
            (r"\Z", r"invalid escape sequence: `\Z`"),
        ] {
            assert_eq!(syntax(bad).as_deref(), Some(error), "{bad}");
        }
    }
}
