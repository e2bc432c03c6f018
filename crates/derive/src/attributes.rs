//! What `#[serde(…)]` and `#[read(…)]` say.

use syn::{Attribute, Expr, LitStr, Token};

/// Of a type, a field or a variant.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) rename_all: Option<String>,
    pub(crate) rename: Option<String>,
    pub(crate) default: bool,
    pub(crate) skip: bool,
    pub(crate) transparent: bool,
    pub(crate) partial: bool,
}

impl Attributes {
    pub(crate) fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut all = Self::default();
        let ours = |it: &&Attribute| it.path().is_ident("serde") || it.path().is_ident("read");
        for attribute in attributes.iter().filter(ours) {
            attribute.parse_nested_meta(|meta| {
                let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                match word.as_str() {
                    "rename_all" => all.rename_all = Some(meta.value()?.parse::<LitStr>()?.value()),
                    "rename" => all.rename = Some(meta.value()?.parse::<LitStr>()?.value()),
                    "default" => all.default = true,
                    "skip" => all.skip = true,
                    "transparent" => all.transparent = true,
                    "partial" => all.partial = true,
                    "deny_unknown_fields" | "skip_serializing_if" => {}
                    _ => return Err(meta.error("not known to `Read`")),
                }
                if meta.input.peek(Token![=]) {
                    meta.value()?.parse::<Expr>()?;
                }
                Ok(())
            })?;
        }
        Ok(all)
    }

    /// Its own name, if it has one.
    pub(crate) fn name(&self, by_rule: &str) -> String {
        self.rename.clone().unwrap_or_else(|| by_rule.to_owned())
    }
}
