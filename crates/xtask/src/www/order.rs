//! Puts functions that are alike beside each other, for what compresses the module on its way to a reader.
//!
//! gzip finds again what it has seen in the last 32 kB. The linker's order follows the crates', and the same few lines, compiled for another type,
//! may be a megabyte away. Which function has which number means nothing to a module, so they are put into an order in which each has as much as
//! possible in common with those right before it. Takes some 4 % off what is sent, and nothing off what runs.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;

use anyhow::{Context, Result, anyhow};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ElementSection, ExportSection, FunctionSection, GlobalSection, Module,
    StartSection,
};
use wasmparser::{FunctionBody, Parser, Payload};

use crate::filter::sections::{as_it_is, imported_functions};

/// Bytes that two functions must have in common to have something in common.
const LENGTH: usize = 6;
/// What so many functions have makes none of them more alike.
const COMMON: usize = 400;
/// What gzip can look back to, less what it needs for itself.
const WINDOW: usize = 28_000;
/// How little a long function's length is held against it.
const EXPONENT: f64 = 0.7;

/// A module's own functions.
struct Defined<'a> {
    /// How many others are imported: the first of these has this number.
    imported: u32,
    types: Vec<u32>,
    bodies: Vec<FunctionBody<'a>>,
}

impl<'a> Defined<'a> {
    fn of(module: &'a [u8]) -> Result<Self> {
        let mut found = Self { imported: 0, types: Vec::new(), bodies: Vec::new() };
        for payload in Parser::new(0).parse_all(module) {
            match payload.context("not a WebAssembly module")? {
                Payload::ImportSection(section) => {
                    found.imported += imported_functions(section)?;
                }
                Payload::FunctionSection(section) => {
                    found.types = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::CodeSectionEntry(body) => found.bodies.push(body),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The module, with its functions in an order of likeness.
pub(super) fn by_likeness(module: &[u8]) -> Result<Vec<u8>> {
    let Defined { imported, types, bodies } = Defined::of(module)?;
    let texts: Vec<&[u8]> = bodies.iter().map(FunctionBody::as_bytes).collect();
    let order = chain(&texts);
    let mut new = vec![0; order.len()];
    for (number, old) in (imported..).zip(&order) {
        *new.get_mut(*old).context("an order of other functions")? = number;
    }
    let mut renumber = Renumber { imported, new };
    let wrong = |error: Error<Infallible>| anyhow!("cannot renumber functions: {error}");
    let mut ordered = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::FunctionSection(_) => {
                let mut functions = FunctionSection::new();
                for old in &order {
                    functions.function(*types.get(*old).context("a function without a type")?);
                }
                ordered.section(&functions);
            }
            Payload::GlobalSection(section) => {
                let mut globals = GlobalSection::new();
                renumber.parse_global_section(&mut globals, section.clone()).map_err(wrong)?;
                ordered.section(&globals);
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                renumber.parse_export_section(&mut exports, section.clone()).map_err(wrong)?;
                ordered.section(&exports);
            }
            Payload::StartSection { func, .. } => {
                let function_index = renumber.function_index(*func).map_err(wrong)?;
                ordered.section(&StartSection { function_index });
            }
            Payload::ElementSection(section) => {
                let mut elements = ElementSection::new();
                renumber.parse_element_section(&mut elements, section.clone()).map_err(wrong)?;
                ordered.section(&elements);
            }
            Payload::CodeSectionStart { .. } => {
                let mut code = CodeSection::new();
                for body in order.iter().filter_map(|old| bodies.get(*old)) {
                    renumber.parse_function_body(&mut code, body.clone()).map_err(wrong)?;
                }
                ordered.section(&code);
            }
            // Names would be other functions'; the module has none.
            Payload::CustomSection(_) => {}
            _ => {
                if let Some(section) = as_it_is(module, &payload)? {
                    ordered.section(&section);
                }
            }
        }
    }
    Ok(ordered.finish())
}

/// Gives functions their new numbers.
struct Renumber {
    imported: u32,
    /// Of those with a body, by their old place.
    new: Vec<u32>,
}

impl Reencode for Renumber {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        let place = function.checked_sub(self.imported).map(|place| place as usize);
        Ok(place.and_then(|place| self.new.get(place)).copied().unwrap_or(function))
    }
}

/// An order of texts in which each has much in common with those before it: always the one that has most for its length.
fn chain(texts: &[&[u8]]) -> Vec<usize> {
    let mut window = Window::over(texts);
    let length = |text: usize| texts.get(text).map_or(0, |text| text.len());
    let cost: Vec<f64> =
        (0..texts.len()).map(|text| (length(text) as f64).powf(EXPONENT) + 8.0).collect();
    let mut left: Vec<usize> = (0..texts.len()).collect();
    let mut order = Vec::new();
    let mut next =
        place_of_most(&left, &window.pieces.iter().map(|it| it.len() as f64).collect::<Vec<_>>());
    while let Some(place) = next {
        let text = left.remove(place);
        order.push(text);
        window.enter(text, length(text));
        let worth = window.alike.iter().zip(&cost).map(|(alike, cost)| f64::from(*alike) / cost);
        next = place_of_most(&left, &worth.collect::<Vec<_>>());
    }
    order
}

/// Where among `left` the text of most worth stands, the first of equals.
fn place_of_most(left: &[usize], worth: &[f64]) -> Option<usize> {
    let worth =
        |place: &usize| left.get(*place).and_then(|text| worth.get(*text)).copied().unwrap_or(0.0);
    (0..left.len()).max_by(|a, b| worth(a).total_cmp(&worth(b)).then(b.cmp(a)))
}

/// What a compressor still sees, and what each text has in common with it.
struct Window {
    /// Of each text.
    pieces: Vec<Vec<u32>>,
    /// The texts that have each piece.
    holders: Vec<Vec<u32>>,
    texts: VecDeque<(usize, usize)>,
    reach: usize,
    /// How often each piece is in the window.
    seen: Vec<u32>,
    /// How many of each text's pieces are.
    alike: Vec<u32>,
}

impl Window {
    fn over(texts: &[&[u8]]) -> Self {
        let (pieces, holders) = in_common(texts);
        let (seen, alike) = (vec![0; holders.len()], vec![0; texts.len()]);
        Self { pieces, holders, texts: VecDeque::new(), reach: 0, seen, alike }
    }

    /// A text follows, and the first ones go out of sight.
    fn enter(&mut self, text: usize, length: usize) {
        self.texts.push_back((text, length));
        self.reach += length;
        self.count(text, true);
        while self.reach > WINDOW
            && self.texts.len() > 1
            && let Some((text, length)) = self.texts.pop_front()
        {
            self.reach -= length;
            self.count(text, false);
        }
    }

    fn count(&mut self, text: usize, enters: bool) {
        let Self { pieces, holders, seen, alike, .. } = self;
        let by_one = |count: &mut u32| if enters { *count += 1 } else { *count -= 1 };
        for piece in pieces.get(text).into_iter().flatten().map(|piece| *piece as usize) {
            let (Some(times), Some(holders)) = (seen.get_mut(piece), holders.get(piece)) else {
                continue;
            };
            by_one(times);
            // The first that comes and the last that goes change what others have in common.
            if *times == u32::from(enters) {
                for text in holders {
                    if let Some(alike) = alike.get_mut(*text as usize) {
                        by_one(alike);
                    }
                }
            }
        }
    }
}

/// The pieces of each text that others have too, and the texts that have each.
fn in_common(texts: &[&[u8]]) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
    let mut all: HashMap<&[u8], Vec<u32>> = HashMap::new();
    for (text, bytes) in (0..).zip(texts) {
        for piece in bytes.windows(LENGTH) {
            let holders = all.entry(piece).or_default();
            if holders.last() != Some(&text) {
                holders.push(text);
            }
        }
    }
    let mut shared: Vec<(&[u8], Vec<u32>)> =
        all.into_iter().filter(|(_, texts)| (2..COMMON).contains(&texts.len())).collect();
    // The same order each time.
    shared.sort_unstable();
    let mut pieces = vec![Vec::new(); texts.len()];
    let holders: Vec<Vec<u32>> = shared.into_iter().map(|(_, texts)| texts).collect();
    for (piece, holders) in (0..).zip(&holders) {
        for text in holders {
            if let Some(pieces) = pieces.get_mut(*text as usize) {
                pieces.push(piece);
            }
        }
    }
    (pieces, holders)
}

#[cfg(test)]
mod tests {
    use wasmparser::{ElementItems, Operator};

    use super::*;

    #[test]
    fn what_is_alike_comes_together() {
        let texts: [&[u8]; 5] =
            [b"abcdefghijklmnop", b"0123456789", b"abcdefghijkl", b"..........", b"1234567890"];
        assert_eq!(chain(&texts), [0, 2, 1, 4, 3]);
    }

    #[test]
    fn calls_exports_and_tables_lead_to_the_same_functions() {
        let text = r#"(module
            (import "a" "b" (func $imported (param i32)))
            (table funcref (elem $four $one))
            (func $one (export "one") (result i32) i32.const 1 i32.const 1000000 i32.add)
            (func $two (export "two") (param i64) i32.const 2 call $imported)
            (func $three (export "three") (result i32) call $one)
            (func $four (export "four") (result i32) i32.const 4 i32.const 1000000 i32.add))"#;
        let before = wat::parse_str(text).unwrap();
        let after = by_likeness(&before).unwrap();
        assert_eq!(meanings(&after), meanings(&before));
        assert_ne!(after, before);
    }

    /// The bodies of exported functions, and the table: functions by what they are exported or imported as.
    fn meanings(module: &[u8]) -> Vec<String> {
        let mut names = vec!["imported".to_owned()];
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(module).map(Result::unwrap) {
            match payload {
                Payload::FunctionSection(section) => {
                    names.extend(
                        section.into_iter().map(|kind| format!("of type {}", kind.unwrap())),
                    );
                }
                Payload::ExportSection(section) => {
                    for export in section.into_iter().map(Result::unwrap) {
                        let name = &mut names[export.index as usize];
                        *name = format!("{} {name}", export.name);
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section.into_iter().map(Result::unwrap) {
                        let ElementItems::Functions(items) = element.items else { panic!() };
                        let named = items.into_iter().map(|it| names[it.unwrap() as usize].clone());
                        found.push(format!("table: {:?}", named.collect::<Vec<_>>()));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let mut text = names[1 + found.len() - 1].clone();
                    for operator in body.get_operators_reader().unwrap() {
                        text += &match operator.unwrap() {
                            Operator::Call { function_index } => {
                                format!(", calls {}", names[function_index as usize])
                            }
                            other => format!(", {other:?}"),
                        };
                    }
                    found.push(text);
                }
                _ => {}
            }
        }
        found.sort();
        found
    }
}
