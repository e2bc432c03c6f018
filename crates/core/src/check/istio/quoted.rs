//! Texts in quotes as Go's `%q` puts them: istiod's messages have them so.

use std::fmt::{self, Display, Formatter, Write as _};

/// Prints in quotes.
///
/// **Source**: Go strconv `Quote`. **Not modelled**: what Unicode has not assigned, and format characters of single scripts, are printed as they are.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' => formatter.write_str("\\\"")?,
                '\\' => formatter.write_str("\\\\")?,
                '\u{7}' => formatter.write_str("\\a")?,
                '\u{8}' => formatter.write_str("\\b")?,
                '\u{c}' => formatter.write_str("\\f")?,
                '\n' => formatter.write_str("\\n")?,
                '\r' => formatter.write_str("\\r")?,
                '\t' => formatter.write_str("\\t")?,
                '\u{b}' => formatter.write_str("\\v")?,
                '\0'..' ' | '\u{7f}' => write!(formatter, "\\x{:02x}", u32::from(character))?,
                character if is_hidden(character) => {
                    write!(formatter, "\\u{:04x}", u32::from(character))?;
                }
                character => formatter.write_char(character)?,
            }
        }
        formatter.write_char('"')
    }
}

/// Control and format characters, spaces but the one of ASCII, and the private ones.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{a0}'
            | '\u{ad}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{3000}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    #[test]
    fn quotes_as_go_does() {
        // What `fmt.Printf("%q")` prints.
        for (text, quoted) in [
            ("hello", r#""hello""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("tab\tbell\u{7}\u{1}\u{7f}", r#""tab\tbell\a\x01\x7f""#),
            ("größe ☃ 😀", r#""größe ☃ 😀""#),
            ("\u{a0}\u{200b}\u{feff}", r#""\u00a0\u200b\ufeff""#),
        ] {
            assert_eq!(Quoted(text).to_string(), quoted);
        }
    }
}
