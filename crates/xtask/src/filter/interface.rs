//! What a module asks of its host and offers to it, as text: one line an item, sorted, so that a change
//! shows as a line in a review.

use std::fmt::Write;

use anyhow::{Context, Result};
use wasmparser::{Export, ExternalKind, Import, Parser, Payload, TypeRef};

/// The lines `import module.name kind` and `export name kind` of a module.
pub fn of(module: &[u8]) -> Result<String> {
    let mut lines = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("not a WebAssembly module")? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let Import { module, name, ty } = import?;
                    lines.push(format!("import {module}.{name} {}", kind_of_import(&ty)));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let Export { name, kind, .. } = export?;
                    lines.push(format!("export {name} {}", kind_of_export(kind)));
                }
            }
            _ => {}
        }
    }
    lines.sort();
    Ok(lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    }))
}

fn kind_of_import(ty: &TypeRef) -> &'static str {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "function",
        TypeRef::Table(_) => "table",
        TypeRef::Memory(_) => "memory",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
    }
}

fn kind_of_export(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "function",
        ExternalKind::Table => "table",
        ExternalKind::Memory => "memory",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}
