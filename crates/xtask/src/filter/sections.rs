//! What sections of a module have in common for those who rewrite some and keep the rest.

use anyhow::{Context, Result};
use wasm_encoder::RawSection;
use wasmparser::{ImportSectionReader, Payload, TypeRef};

/// The section of a payload as it stands in the module; `None`: it is none.
pub(crate) fn as_it_is<'a>(
    module: &'a [u8],
    payload: &Payload<'_>,
) -> Result<Option<RawSection<'a>>> {
    let Some((id, range)) = payload.as_section() else { return Ok(None) };
    let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
    let data = module.get(range).context("a section beyond the end of the module")?;
    Ok(Some(RawSection { id, data }))
}

/// How many functions are imported: a module's own are numbered from there.
pub(crate) fn imported_functions(section: ImportSectionReader<'_>) -> Result<u32> {
    let mut count = 0;
    for import in section.into_imports() {
        count += u32::from(matches!(import?.ty, TypeRef::Func(_)));
    }
    Ok(count)
}
