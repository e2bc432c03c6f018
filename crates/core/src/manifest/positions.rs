//! From the parser's character indices to lines, columns and bytes, in constant time each.

use crate::diagnostic::Span;

/// Characters between two known byte offsets.
const STRIDE: usize = 64;

/// One document's text and where it stands in its file.
pub(super) struct Positions<'a> {
    text: &'a str,
    first_line: u32,
    base: usize,
    /// Character index and byte offset of the start of every line.
    lines: Vec<(usize, usize)>,
    /// Byte offset of every [`STRIDE`]th character; empty if every character is one byte.
    strides: Vec<usize>,
}

impl<'a> Positions<'a> {
    /// `text` begins in line `first_line` at byte `base`.
    pub(super) fn new(text: &'a str, first_line: u32, base: usize) -> Self {
        let mut lines = vec![(0, 0)];
        let mut strides = Vec::new();
        let ascii = text.is_ascii();
        for (index, (byte, c)) in text.char_indices().enumerate() {
            if !ascii && index % STRIDE == 0 {
                strides.push(byte);
            }
            if c == '\n' {
                lines.push((index + 1, byte + 1));
            }
        }
        Self { text, first_line, base, lines, strides }
    }

    /// The span of the characters from `start` up to `end`.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let ((line, column), (end_line, end_column)) = (self.place(start), self.place(end));
        let (start, end) = (narrow(self.byte(start)), narrow(self.byte(end)));
        Span { line, column, end_line, end_column, start, end }
    }

    /// Where a value that begins at `index` stands behind its anchor and its tag.
    pub(super) fn behind_properties(&self, index: usize) -> usize {
        let all = self.text.get(self.byte(index) - self.base..).unwrap_or_default();
        let mut rest = all;
        while rest.starts_with(['&', '!']) {
            rest = rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
            while rest.starts_with('#') {
                rest = rest.trim_start_matches(|c| c != '\n').trim_start();
            }
        }
        index + all.strip_suffix(rest).map_or(0, |properties| properties.chars().count())
    }

    /// The text of a line by its number in the file.
    pub(super) fn line(&self, line: u32) -> &'a str {
        let index = line.checked_sub(self.first_line).and_then(|index| usize::try_from(index).ok());
        let index = index.unwrap_or(usize::MAX);
        let from = self.lines.get(index).map_or(self.text.len(), |(_, byte)| *byte);
        self.text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    fn place(&self, index: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|(start, _)| *start <= index).saturating_sub(1);
        let start = self.lines.get(line).map_or(0, |(start, _)| *start);
        (self.first_line.saturating_add(narrow(line)), narrow(index.saturating_sub(start) + 1))
    }

    fn byte(&self, index: usize) -> usize {
        let Some(known) = self.strides.get(index / STRIDE) else {
            let end =
                if self.strides.is_empty() { index.min(self.text.len()) } else { self.text.len() };
            return self.base + end;
        };
        let rest = self.text.get(*known..).unwrap_or_default();
        let within: usize = rest.chars().take(index % STRIDE).map(char::len_utf8).sum();
        self.base + known + within
    }
}

/// Texts are far shorter than 4 GiB.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_columns_and_bytes() {
        let text = format!("ä: 1\r\n{}: x\n", "ö".repeat(100));
        let positions = Positions::new(&text, 10, 3);
        let span = positions.span(6 + 102, 6 + 103);
        assert_eq!((span.line, span.column, span.end_column), (11, 103, 104));
        assert_eq!(text.get(span.start as usize - 3..span.end as usize - 3), Some("x"));
        assert_eq!(positions.line(10), "ä: 1");
    }
}
