//! Removes exports from a module, and gives those that stay their names. Everything else is copied byte for byte; what is unreachable
//! afterwards is wasm-opt's to remove.

use anyhow::{Context, Result};
use wasm_encoder::{ExportKind, ExportSection, Module};
use wasmparser::{ExternalKind, Parser, Payload};

use super::sections::as_it_is;

/// The module with only the exports that `name` has a name for, under that name.
pub(super) fn trim(module: &[u8], name: impl Fn(&str) -> Option<&str>) -> Result<Vec<u8>> {
    let mut trimmed = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("not a WebAssembly module")?;
        if let Payload::ExportSection(section) = &payload {
            let mut exports = ExportSection::new();
            for export in section.clone() {
                let export = export?;
                if let Some(name) = name(export.name) {
                    exports.export(name, kind(export.kind), export.index);
                }
            }
            trimmed.section(&exports);
        } else if let Some(section) = as_it_is(module, &payload)? {
            trimmed.section(&section);
        }
    }
    Ok(trimmed.finish())
}

fn kind(kind: ExternalKind) -> ExportKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, Function, FunctionSection, TypeSection};

    use super::*;
    use crate::filter::interface;

    fn module_with_exports(names: &[&str]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        let mut exports = ExportSection::new();
        let mut code = CodeSection::new();
        for (index, name) in (0..).zip(names) {
            functions.function(0);
            exports.export(name, ExportKind::Func, index);
            let mut function = Function::new([]);
            function.instructions().end();
            code.function(&function);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    #[test]
    fn only_wanted_exports_stay_and_the_rest_is_untouched() {
        let module = module_with_exports(&["proxy_on_tick", "proxy_on_log", "malloc"]);
        let trimmed = trim(&module, |name| match name {
            "proxy_on_log" => None,
            other => Some(other.strip_prefix("proxy_").unwrap_or(other)),
        });
        let interface = interface::of(&trimmed.unwrap()).unwrap();
        assert_eq!(interface, "export malloc function\nexport on_tick function\n");
        let untouched = trim(&module, |name| name.strip_prefix("")).unwrap();
        assert_eq!(untouched, module);
    }
}
