//! What makes a document unreadable before it is parsed.

use super::codes;
use super::parse::{error, is_content};
use super::positions::Positions;
use super::reader::Finding;

/// The first of it.
pub(super) fn find(chunk: &str, positions: &Positions<'_>) -> Option<Finding> {
    control_character(chunk, positions).or_else(|| unknown_directive(chunk, positions))
}

/// The first character that YAML does not allow at all, most of all NUL, of a file that is not text; and a carriage return that
/// only YAML takes for the end of a line: what editors and kubectl's users see as one line would be read as two.
fn control_character(chunk: &str, positions: &Positions<'_>) -> Option<Finding> {
    let lone_return = |byte: usize| chunk.as_bytes().get(byte + 1) != Some(&b'\n');
    let forbidden = |&(byte, c): &(usize, char)| match c {
        '\t' | '\n' => false,
        '\r' => lone_return(byte),
        _ => c.is_ascii_control(),
    };
    let (byte, c) = chunk.char_indices().find(forbidden)?;
    let index = chunk.get(..byte)?.chars().count();
    let (message, help) = if c == '\r' {
        let message =
            "a carriage return without a line feed: YAML ends the line here, editors do not";
        (message.to_owned(), "end lines with a line feed, or with both")
    } else {
        let message = format!("not valid YAML: a control character, U+{:04X}", u32::from(c));
        (message, "remove it; is this a text file?")
    };
    let span = positions.span(index, index + 1);
    Some(error(codes::SYNTAX, message, Some(help.into()), span))
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
