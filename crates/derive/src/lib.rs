//! `#[derive(Read)]`: how a type is read from a tree, told by the attributes that say how it is written.
//!
//! A struct becomes a table of its fields' names and a jump to the nth field; what is done with them is one
//! function of the core's for all structs. serde's own derive unrolls a visitor for every type and every source: a third of the page's module.
//!
//! Of `#[serde(…)]` it knows `rename_all`, `rename`, `default`, `skip` and `transparent`; what is about writing alone it passes over. A
//! field without `default` that is no `Option` must be there. `#[read(partial)]`: the type names only some of the real type's fields.

mod attributes;
mod names;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DataEnum, DeriveInput, Error, Field, Fields, Ident, Type, parse_macro_input};

use attributes::Attributes;

/// Implements `Read` and, for a struct, `Record`.
#[proc_macro_derive(Read, attributes(serde, read))]
pub fn read(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> syn::Result<Tokens> {
    let attributes = Attributes::of(&input.attrs)?;
    let name = &input.ident;
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                record(name, fields.named.iter().collect::<Vec<_>>().as_slice(), &attributes)
            }
            Fields::Unnamed(fields) if attributes.transparent && fields.unnamed.len() == 1 => {
                Ok(implementation(
                    name,
                    &quote! { crate::manifest::Read::read(&mut self.0, node, reader) },
                ))
            }
            _ => Err(Error::new_spanned(name, "a struct with named fields, or a transparent one")),
        },
        Data::Enum(data) => words(name, data, &attributes),
        Data::Union(_) => Err(Error::new_spanned(name, "a union cannot be read")),
    }
}

fn implementation(name: &Ident, body: &Tokens) -> Tokens {
    quote! {
        impl crate::manifest::Read for #name {
            fn read<'a>(
                &mut self,
                node: &'a crate::manifest::Node,
                reader: &mut crate::manifest::Reader<'a>,
            ) -> bool {
                #body
            }
        }
    }
}

fn record(name: &Ident, fields: &[&Field], attributes: &Attributes) -> syn::Result<Tokens> {
    let (mut names, mut required, mut arms) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        let own = Attributes::of(&field.attrs)?;
        let Some(ident) = field.ident.as_ref().filter(|_| !own.skip) else { continue };
        let written =
            own.name(&names::field(attributes.rename_all.as_deref(), &ident.unraw().to_string()));
        if !attributes.default && !own.default && !is_option(&field.ty) {
            required.push(written.clone());
        }
        let index = names.len();
        arms.push(quote! { #index => Some(&mut self.#ident), });
        names.push(written);
    }
    let partial = attributes.partial;
    let read = implementation(
        name,
        &quote! {
            const FIELDS: crate::manifest::RecordFields = crate::manifest::RecordFields {
                names: &[#(#names),*],
                required: &[#(#required),*],
                partial: #partial,
            };
            reader.record(node, &FIELDS, self)
        },
    );
    Ok(quote! {
        #read

        impl crate::manifest::Record for #name {
            fn field(&mut self, index: usize) -> Option<&mut dyn crate::manifest::Read> {
                match index {
                    #(#arms)*
                    _ => None,
                }
            }
        }
    })
}

fn words(name: &Ident, data: &DataEnum, attributes: &Attributes) -> syn::Result<Tokens> {
    let (mut names, mut arms) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "only variants without fields can be read"));
        }
        let own = Attributes::of(&variant.attrs)?;
        let ident = &variant.ident;
        let index = names.len();
        names.push(own.name(&names::variant(attributes.rename_all.as_deref(), &ident.to_string())));
        arms.push(quote! { Some(#index) => *self = Self::#ident, });
    }
    Ok(implementation(
        name,
        &quote! {
            match reader.word(node, &[#(#names),*]) {
                #(#arms)*
                _ => return false,
            }
            true
        },
    ))
}

fn is_option(field: &Type) -> bool {
    match field {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Option"),
        Type::Group(group) => is_option(&group.elem),
        _ => false,
    }
}
