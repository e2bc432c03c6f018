//! What Go's regexp package says of an expression that it refuses: RE2's syntax, as Envoy's.
//!
//! A walk through the text as Go's parser walks, with the same first error; nothing is built. The crate regex-syntax is no
//! substitute: it takes `a**`, `(?x)`, `[a&&b]`, `\u{61}`, `\b{start}` and counts over 1000, which Go refuses, and refuses
//! `\Q…\E`, `\07`, `{` on its own and two groups of one name, which Go takes; and its words are others.
//!
//! **Source**: Go regexp/syntax/parse.go, 1.25; Istio pkg/config/validation/validation.go `validateStringRegexp`, 1.31. Compared
//! with Go by tests/vectors/go_regexp.json.
//!
//! **Not modelled**: names of Unicode classes of three letters and more are not looked up. Expressions that are too large or too deep do not fit into what
//! Istio allows of characters.

use super::quoted::Quoted;

/// `validateStringRegexp`.
pub(super) fn refused(regex: &str, place: &str) -> Option<String> {
    if regex.is_empty() {
        return Some(format!(
            "{place}: regex string match should not be empty",
            place = Quoted(place)
        ));
    }
    if regex.len() > 1024 {
        return Some(format!(
            "{place}: regex is too large, max length allowed is 1024",
            place = Quoted(place)
        ));
    }
    let error = syntax(regex)?;
    Some(format!(
        "{place}: error parsing regexp: {error}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)",
        place = Quoted(place)
    ))
}

/// What Go says is wrong, after `error parsing regexp: `.
fn syntax(regex: &str) -> Option<String> {
    let mut parser = Parser { whole: regex, ..Parser::default() };
    parser.parse().err().map(|(what, text)| format!("{what}: `{text}`"))
}

/// What is wrong, and the part that it is about.
type Wrong<'t> = (&'static str, &'t str);

const ESCAPE: &str = "invalid escape sequence";
const PERL: &str = "invalid or unsupported Perl syntax";
const RANGE: &str = "invalid character class range";
const COUNT: &str = "invalid repeat count";
const MOST: u64 = 1000;

#[derive(Default)]
struct Parser<'t> {
    whole: &'t str,
    /// What surrounds the group at hand.
    open: Vec<Level>,
    here: Level,
    /// From the operator just before, if it was one.
    repeated: Option<&'t str>,
}

/// A group, from its last `|` on.
#[derive(Default, Clone, Copy)]
struct Level {
    /// Copies of the innermost thing that the last item comes to; `None`: there is nothing to repeat.
    last: Option<u64>,
    /// The most of all items of the group.
    most: u64,
}

impl<'t> Parser<'t> {
    fn parse(&mut self) -> Result<(), Wrong<'t>> {
        let mut rest = self.whole;
        while let Some(first) = rest.chars().next() {
            let repeated = self.repeated.take();
            let after = rest.get(first.len_utf8()..).unwrap_or_default();
            rest = match first {
                '(' if after.starts_with('?') => self.perl(rest)?,
                '(' => {
                    self.group();
                    after
                }
                '|' => {
                    self.here.last = None;
                    after
                }
                ')' => {
                    let inner = self.here.most;
                    self.here = self.open.pop().ok_or(("unexpected )", self.whole))?;
                    self.item(inner);
                    after
                }
                '[' => {
                    let after = class(rest)?;
                    self.item(1);
                    after
                }
                '*' | '+' | '?' => self.repeat(rest, after, None, repeated)?,
                '{' => match count(after) {
                    Some((least, most, after)) => {
                        self.repeat(rest, after, Some((least, most)), repeated)?
                    }
                    None => {
                        self.item(1);
                        after
                    }
                },
                '\\' => self.escaped(rest)?,
                _ => {
                    self.item(1);
                    after
                }
            };
        }
        if self.open.is_empty() { Ok(()) } else { Err(("missing closing )", self.whole)) }
    }

    fn item(&mut self, copies: u64) {
        self.here.last = Some(copies);
        self.here.most = self.here.most.max(copies);
    }

    fn group(&mut self) {
        self.open.push(std::mem::take(&mut self.here));
    }

    /// `parsePerlFlags`: named groups, groups without a number, flags.
    fn perl(&mut self, text: &'t str) -> Result<&'t str, Wrong<'t>> {
        let named = (text.strip_prefix("(?P<").filter(|rest| !rest.is_empty()))
            .or_else(|| text.strip_prefix("(?<").filter(|_| text.len() > 3));
        if let Some(rest) = named {
            let wrong = "invalid named capture";
            let (name, after) = rest.split_once('>').ok_or((wrong, text))?;
            if name.is_empty() || !name.bytes().all(|it| it == b'_' || it.is_ascii_alphanumeric()) {
                return Err((wrong, until(text, after)));
            }
            self.group();
            return Ok(after);
        }
        let mut rest = text.get(2..).unwrap_or_default();
        let (mut negated, mut any) = (false, false);
        while let Some(flag) = rest.chars().next() {
            rest = rest.get(flag.len_utf8()..).unwrap_or_default();
            match flag {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !negated => (negated, any) = (true, false),
                ':' | ')' if any || !negated => {
                    if flag == ':' {
                        self.group();
                    }
                    return Ok(rest);
                }
                _ => break,
            }
        }
        Err((PERL, until(text, rest)))
    }

    /// `repeat`. `counts`: at least and at most, `None` for no end.
    fn repeat(
        &mut self,
        text: &'t str,
        after: &'t str,
        counts: Option<(u64, Option<u64>)>,
        repeated: Option<&'t str>,
    ) -> Result<&'t str, Wrong<'t>> {
        if let Some((least, most)) = counts
            && (least > MOST || most.is_some_and(|most| most > MOST || least > most))
        {
            return Err((COUNT, until(text, after)));
        }
        let after = after.strip_prefix('?').unwrap_or(after);
        if let Some(before) = repeated {
            return Err(("invalid nested repetition operator", until(before, after)));
        }
        let last = self.here.last;
        let inner = last.ok_or(("missing argument to repetition operator", until(text, after)))?;
        if let Some((least, most)) = counts {
            let copies = match most {
                Some(0) => 0,
                most => most.unwrap_or(least).max(1) * inner.max(1),
            };
            if (least >= 2 || most.is_some_and(|most| most >= 2)) && copies > MOST {
                return Err((COUNT, until(text, after)));
            }
            self.item(copies);
        }
        self.repeated = Some(text);
        Ok(after)
    }

    /// What begins with a backslash, outside of a class.
    fn escaped(&mut self, text: &'t str) -> Result<&'t str, Wrong<'t>> {
        let after = text.get(2..).unwrap_or_default();
        let after = match text.as_bytes().get(1) {
            Some(b'A' | b'b' | b'B' | b'z' | b'd' | b'D' | b's' | b'S' | b'w' | b'W') => after,
            Some(b'C') => return Err((ESCAPE, until(text, after))),
            Some(b'Q') => {
                let (literal, rest) = after.split_once("\\E").unwrap_or((after, ""));
                if literal.is_empty() {
                    return Ok(rest);
                }
                rest
            }
            Some(b'p' | b'P') => unicode(text)?,
            _ => character(text)?.1,
        };
        self.item(1);
        Ok(after)
    }
}

/// The part of a text up to one of its ends.
fn until<'t>(text: &'t str, end: &str) -> &'t str {
    text.get(..text.len() - end.len()).unwrap_or(text)
}

/// `parseRepeat`, after the brace: at least, at most, and what follows. `None`: the brace is one.
fn count(text: &str) -> Option<(u64, Option<u64>, &str)> {
    let (least, rest) = number(text)?;
    let (most, rest) = match rest.strip_prefix(',') {
        None => (Some(least), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => number(rest).map(|(most, rest)| (Some(most), rest))?,
    };
    Some((least, most, rest.strip_prefix('}')?))
}

/// A number without leading zeros; too large ones are just that.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let fits = !digits.is_empty() && (digits.len() == 1 || !digits.starts_with('0'));
    fits.then(|| (digits.parse().unwrap_or(u64::MAX), rest))
}

/// `parseUnicodeClass`: `\pN`, `\p{Greek}`.
fn unicode(text: &str) -> Result<&str, Wrong<'_>> {
    let rest = text.get(2..).unwrap_or_default();
    let Some(name) = rest.strip_prefix('{') else {
        let Some(letter) = rest.chars().next() else { return Err((RANGE, text)) };
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        let name = until(rest, after);
        return if is_class(name) { Ok(after) } else { Err((RANGE, until(text, after))) };
    };
    let (name, after) = name.split_once('}').ok_or((RANGE, text))?;
    let name = name.strip_prefix('^').unwrap_or(name);
    if is_class(name) { Ok(after) } else { Err((RANGE, until(text, after))) }
}

/// Categories of two letters, and the one script that has a name of two.
const CATEGORIES: &str = "CC CF CN CO CS LC LL LM LO LT LU MC ME MN ND NL NO PC PD PE PF PI PO PS SC SK SM SO YI ZL ZP ZS";

/// Whether there may be a class of this name; spaces, dashes and case do not count.
fn is_class(name: &str) -> bool {
    let letters = name.chars().filter(|it| !" _-".contains(*it));
    let name: String = letters.map(|it| it.to_ascii_uppercase()).collect();
    match name.len() {
        0 => false,
        1 => "CLMNPSZ".contains(&name),
        2 => CATEGORIES.split(' ').any(|it| it == name),
        _ => name.bytes().all(|it| it.is_ascii_alphabetic()),
    }
}

/// `parseEscape`: which character it is, and what follows.
fn character(text: &str) -> Result<(u32, &str), Wrong<'_>> {
    let rest = text.get(1..).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        return Err(("trailing backslash at end of expression", ""));
    };
    let mut rest = rest.get(first.len_utf8()..).unwrap_or_default();
    let code = match first {
        'a' => 0x07,
        'f' => 0x0c,
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'v' => 0x0b,
        '0' => octal(first, &mut rest),
        // A digit on its own would be a reference back.
        '1'..='7' if rest.starts_with(|it| matches!(it, '0'..='7')) => octal(first, &mut rest),
        'x' => hexadecimal(&mut rest).ok_or((ESCAPE, until(text, rest)))?,
        _ if first.is_ascii() && !first.is_ascii_alphanumeric() => u32::from(first),
        _ => return Err((ESCAPE, until(text, rest))),
    };
    Ok((code, rest))
}

fn octal(first: char, rest: &mut &str) -> u32 {
    let mut code = first.to_digit(8).unwrap_or(0);
    for _ in 1..3 {
        let Some(digit) = rest.chars().next().and_then(|it| it.to_digit(8)) else { break };
        code = code * 8 + digit;
        *rest = rest.get(1..).unwrap_or_default();
    }
    code
}

/// `\x41` or `\x{41}`; `rest` goes as far as Go has read.
fn hexadecimal(rest: &mut &str) -> Option<u32> {
    let mut next = || {
        let first = rest.chars().next()?;
        *rest = rest.get(first.len_utf8()..).unwrap_or_default();
        Some(first)
    };
    let first = next()?;
    if first != '{' {
        let second = next()?;
        return Some(first.to_digit(16)? * 16 + second.to_digit(16)?);
    }
    let (mut code, mut digits) = (0_u32, 0);
    loop {
        match next()? {
            '}' => return (digits > 0).then_some(code),
            digit => code = code * 16 + digit.to_digit(16)?,
        }
        digits += 1;
        if code > u32::from(char::MAX) {
            return None;
        }
    }
}

/// `posixGroup`.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// `parseClass`: what follows.
fn class(text: &str) -> Result<&str, Wrong<'_>> {
    let unclosed = ("missing closing ]", text);
    let inside = text.get(1..).unwrap_or_default();
    let mut rest = inside.strip_prefix('^').unwrap_or(inside);
    let mut first = true;
    loop {
        // A bracket that stands first is one of the characters.
        if let Some(after) = rest.strip_prefix(']').filter(|_| !first) {
            return Ok(after);
        }
        first = false;
        if let Some((name, after)) = rest.strip_prefix("[:").and_then(|it| it.split_once(":]")) {
            if !CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
                return Err((RANGE, until(rest, after)));
            }
            rest = after;
        } else if rest.starts_with("\\p") || rest.starts_with("\\P") {
            rest = unicode(rest)?;
        } else if let Some(b'd' | b'D' | b's' | b'S' | b'w' | b'W') =
            rest.strip_prefix('\\').and_then(|it| it.as_bytes().first())
        {
            rest = rest.get(2..).unwrap_or_default();
        } else {
            let (low, after) = one(rest, unclosed)?;
            let upper = after.strip_prefix('-').filter(|it| !it.is_empty() && !it.starts_with(']'));
            let (high, after) = upper.map_or(Ok((low, after)), |it| one(it, unclosed))?;
            if high < low {
                return Err((RANGE, until(rest, after)));
            }
            rest = after;
        }
    }
}

/// `parseClassChar`.
fn one<'t>(text: &'t str, unclosed: Wrong<'t>) -> Result<(u32, &'t str), Wrong<'t>> {
    let first = text.chars().next().ok_or(unclosed)?;
    if first == '\\' {
        return character(text);
    }
    Ok((u32::from(first), text.get(first.len_utf8()..).unwrap_or_default()))
}
