//! The functions of a module: whose they are, how large, and whom they call.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use anyhow::{Context, Result};
use wasmparser::{ElementItems, FunctionBody, KnownCustom, Name, Operator, Parser, Payload};

use super::sections::imported_functions;

const SHOWN: usize = 60;

/// What a module's functions are and how they are reached.
#[derive(Default)]
pub(super) struct Functions {
    /// Those with a body, in their order.
    pub(super) defined: Vec<Function>,
    /// How many are imported: the first defined one has this index.
    pub(super) imported: u32,
    /// The indices that can be called through the table.
    pub(super) in_table: Vec<u32>,
    /// The indices that are exported.
    pub(super) exported: Vec<u32>,
}

/// A function with a body.
#[derive(Default)]
pub(super) struct Function {
    /// As it stands in the source, without hashes; empty when the module has no names.
    pub(super) name: String,
    /// Where its body lies in the module, without the size before it.
    pub(super) body: Range<usize>,
    /// Whom it calls by index.
    pub(super) calls: Vec<u32>,
}

/// Reads all functions.
pub(super) fn of(module: &[u8]) -> Result<Functions> {
    let mut functions = Functions::default();
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("not a WebAssembly module")? {
            Payload::ImportSection(section) => {
                functions.imported += imported_functions(section)?;
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == wasmparser::ExternalKind::Func {
                        functions.exported.push(export.index);
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    if let ElementItems::Functions(items) = element?.items {
                        for index in items {
                            functions.in_table.push(index?);
                        }
                    }
                }
            }
            Payload::CodeSectionEntry(body) => functions.defined.push(function(&body)?),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(section) = section.as_known() {
                    read_names(section, &mut names)?;
                }
            }
            _ => {}
        }
    }
    for (index, function) in (functions.imported..).zip(&mut functions.defined) {
        function.name = names.remove(&index).unwrap_or_default();
    }
    Ok(functions)
}

fn function(body: &FunctionBody<'_>) -> Result<Function> {
    let mut calls = Vec::new();
    for operator in body.get_operators_reader()? {
        if let Operator::Call { function_index } = operator? {
            calls.push(function_index);
        }
    }
    let range = body.range();
    let body = usize::try_from(range.start)?..usize::try_from(range.end)?;
    Ok(Function { name: String::new(), body, calls })
}

fn read_names(
    section: wasmparser::NameSectionReader<'_>,
    names: &mut BTreeMap<u32, String>,
) -> Result<()> {
    for part in section {
        if let Name::Function(map) = part? {
            for naming in map {
                let naming = naming?;
                let name = rustc_demangle::demangle(naming.name);
                names.insert(naming.index, format!("{name:#}"));
            }
        }
    }
    Ok(())
}

/// The functions that take most, the largest first.
pub(super) fn sizes(module: &[u8]) -> Result<String> {
    let mut functions = of(module)?.defined;
    functions.sort_by_key(|function| std::cmp::Reverse(function.body.len()));
    let total: usize = functions.iter().map(|function| function.body.len()).sum();
    let mut text = format!("{total:>8} bytes in {} functions\n", functions.len());
    for function in functions.iter().take(SHOWN) {
        let _ = writeln!(text, "{:>8} {}", function.body.len(), function.name);
    }
    Ok(text)
}
