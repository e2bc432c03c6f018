//! What to do about a YAML syntax error: the parser names its own state, a person needs the cause.

/// Help for the parser's message about a line and the one before it.
pub(super) fn help(message: &str, before: &str, line: &str) -> String {
    let indentation: &str = line.split(|c: char| !c.is_whitespace()).next().unwrap_or_default();
    let trimmed = line.trim();
    let text = if is_conflict(before) || is_conflict(line) {
        "this is the mark of a merge conflict; resolve it first"
    } else if line.contains("{{") {
        "this looks like a template; render it first, for example with `helm template`"
    } else if indentation.contains('\t') || message.contains("tab") {
        "YAML does not allow tabs here; use spaces"
    } else if message.contains("anchor or alias") && trimmed.ends_with('*')
        || trimmed.contains(": *.")
        || trimmed.contains("- *.")
    {
        "`*` has a meaning of its own in YAML; put it in quotes: `'*'`"
    } else if message.contains("unknown anchor") {
        "an alias `*name` stands for what was marked `&name` before it in the same document; if a star is meant, put it in quotes: `'*'`"
    } else if message.contains("quoted scalar") {
        "a quote is opened here and not closed, or there is text after the closing one"
    } else if message.contains("mapping values are not allowed") {
        "check the indentation; a value that contains `: ` must be in quotes"
    } else if message.contains("expected ',' or")
        || message.contains("flow")
        || message.contains("bracket")
        || message.contains("illegal placement")
        || message.contains("node content")
    {
        "a `[` or `{` is not closed, or closed twice"
    } else if message.contains("simple key expect") {
        "a key needs `: ` after it, the space included"
    } else {
        "check the indentation of this line against the lines above it"
    };
    text.into()
}

fn is_conflict(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark))
}
