//! Empties the functions of a module that nothing can call any more.
//!
//! wasm-opt does this too, but keeps whatever stands in the table of indirect calls. There the SDK's dispatcher has its traits'
//! methods, and they keep a dozen imports alive that no filter uses. They are called by the dispatcher only, so when no export
//! leads to it, they are dead: the table is then no reason to keep a function of the SDK.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use wasm_encoder::{CodeSection, Module};
use wasmparser::{Parser, Payload};

use super::functions::{self, Functions};
use super::sections::as_it_is;

/// No locals, `unreachable`, `end`.
const EMPTY: [u8; 3] = [0, 0, 0x0b];

/// The module, with the bodies of dead functions replaced by a trap.
pub(super) fn sweep(module: &[u8]) -> Result<Vec<u8>> {
    let functions = functions::of(module)?;
    let live = live(&functions);
    let mut swept = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("not a WebAssembly module")?;
        if matches!(payload, Payload::CodeSectionStart { .. }) {
            let mut code = CodeSection::new();
            for (index, function) in (functions.imported..).zip(&functions.defined) {
                let body = module.get(function.body.clone()).context("a body outside")?;
                code.raw(if live.contains(&index) { body } else { &EMPTY });
            }
            swept.section(&code);
        } else if let Some(section) = as_it_is(module, &payload)? {
            swept.section(&section);
        }
    }
    Ok(swept.finish())
}

/// The indices that can be reached from an export or through the table.
fn live(functions: &Functions) -> BTreeSet<u32> {
    let name = |index: u32| {
        let place = index.checked_sub(functions.imported)? as usize;
        Some(functions.defined.get(place)?.name.as_str())
    };
    let of_sdk = |index: u32| name(index).is_some_and(is_of_sdk);
    let strict = reached(functions, functions.in_table.iter().copied().filter(|it| !of_sdk(*it)));
    if strict
        .iter()
        .any(|index| name(*index).is_some_and(|it| it.contains("proxy_wasm::dispatcher")))
    {
        return reached(functions, functions.in_table.iter().copied());
    }
    strict
}

/// `proxy_wasm::…`, `<proxy_wasm::… as …>::…`.
fn is_of_sdk(name: &str) -> bool {
    name.trim_start_matches('<').starts_with("proxy_wasm::")
}

fn reached(functions: &Functions, in_table: impl Iterator<Item = u32>) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut next: Vec<u32> = functions.exported.iter().copied().chain(in_table).collect();
    while let Some(index) = next.pop() {
        if !found.insert(index) {
            continue;
        }
        let place = index.checked_sub(functions.imported).map(|place| place as usize);
        if let Some(function) = place.and_then(|place| functions.defined.get(place)) {
            next.extend(&function.calls);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::functions::Function;

    /// Function 1 is exported and calls 2; 3 and 4 stand in the table; 0 is imported.
    fn functions(names: [&str; 4], calls_of_2: &[u32]) -> Functions {
        let calls = [&[2][..], calls_of_2, &[], &[]];
        let function = |(name, calls): (&str, &[u32])| Function {
            name: name.to_owned(),
            calls: calls.to_vec(),
            ..Function::default()
        };
        let defined = names.into_iter().zip(calls).map(function).collect();
        Functions { defined, imported: 1, in_table: vec![3, 4], exported: vec![1] }
    }

    #[test]
    fn the_table_keeps_all_but_the_sdks_functions() {
        let names = ["on_tick", "help", "<proxy_wasm::a as proxy_wasm::b>::c", "core::fmt"];
        assert_eq!(live(&functions(names, &[0])), [0, 1, 2, 4].into());
    }

    #[test]
    fn a_module_that_uses_the_dispatcher_keeps_everything_it_may_call() {
        let names = ["on_tick", "proxy_wasm::dispatcher::x", "proxy_wasm::y", "core::fmt"];
        assert_eq!(live(&functions(names, &[])), [1, 2, 3, 4].into());
    }
}
