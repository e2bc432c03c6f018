//! What makes a document unreadable before it is parsed.

use super::codes;
use super::parse::{error, is_content};
use super::pass::Finding;
use super::positions::Positions;

/// The first of it.
pub(super) fn find(chunk: &str, positions: &Positions<'_>) -> Option<Finding> {
    control_character(chunk, positions).or_else(|| unknown_directive(chunk, positions))
}

/// The first character that YAML does not allow at all; most of all NUL, of a file that is not text.
fn control_character(chunk: &str, positions: &Positions<'_>) -> Option<Finding> {
    let forbidden = |c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r');
    let byte = chunk.find(forbidden)?;
    let c = chunk.get(byte..)?.chars().next()?;
    let index = chunk.get(..byte)?.chars().count();
    let message = format!("not valid YAML: a control character, U+{:04X}", u32::from(c));
    let help = Some("remove it; is this a text file?".into());
    Some(error(codes::SYNTAX, message, help, positions.span(index, index + 1)))
}

/// A directive that YAML does not define, which kubectl refuses as well. One that is not ASCII is none of YAML's either, and the parser would miscount
/// all that follows.
fn unknown_directive(chunk: &str, positions: &Positions<'_>) -> Option<Finding> {
    let mut index = 0;
    for line in chunk.split_inclusive('\n').take_while(|line| !is_content(line)) {
        let length = line.trim_end().chars().count();
        let name = line.split_whitespace().next().unwrap_or_default();
        if line.starts_with('%') && !(matches!(name, "%YAML" | "%TAG") && line.is_ascii()) {
            let message = "not valid YAML: an unknown directive".to_owned();
            let help = Some("remove the line; only `%YAML` and `%TAG` begin with `%`".into());
            return Some(error(
                codes::SYNTAX,
                message,
                help,
                positions.span(index, index + length),
            ));
        }
        index += line.chars().count();
    }
    None
}
