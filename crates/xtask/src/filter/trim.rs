//! Removes exports from a module. Everything else is copied byte for byte; what is unreachable
//! afterwards is wasm-opt's to remove.

use anyhow::{Context, Result};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

/// The module with only the exports that `keep` wants, and their names.
pub(super) fn trim(module: &[u8], keep: impl Fn(&str) -> bool) -> Result<(Vec<u8>, Vec<String>)> {
    let mut trimmed = Module::new();
    let mut kept = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("not a WebAssembly module")?;
        if let Payload::ExportSection(section) = &payload {
            let mut exports = ExportSection::new();
            for export in section.clone() {
                let export = export?;
                if keep(export.name) {
                    exports.export(export.name, kind(export.kind), export.index);
                    kept.push(export.name.to_owned());
                }
            }
            trimmed.section(&exports);
        } else if let Some((id, range)) = payload.as_section() {
            let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
            let data = module.get(range).context("a section beyond the end of the module")?;
            trimmed.section(&RawSection { id, data });
        }
    }
    Ok((trimmed.finish(), kept))
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
        let (trimmed, kept) = trim(&module, |name| name != "proxy_on_log").unwrap();
        assert_eq!(kept, ["proxy_on_tick", "malloc"]);
        let interface = interface::of(&trimmed).unwrap();
        assert_eq!(interface, "export malloc function\nexport proxy_on_tick function\n");
        let (untouched, _) = trim(&module, |_| true).unwrap();
        assert_eq!(untouched, module);
    }
}
