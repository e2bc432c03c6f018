//! serde's `rename_all`.
//!
//! **Source**: serde_derive `internals/case.rs`.

/// A field in `snake_case`, by its rule.
pub(crate) fn field(rule: Option<&str>, name: &str) -> String {
    match rule {
        Some("camelCase") => {
            let mut words = name.split('_');
            let first = words.next().unwrap_or_default().to_owned();
            words.fold(first, |name, word| name + &capitalized(word))
        }
        _ => name.to_owned(),
    }
}

/// A variant in `PascalCase`, by its rule.
pub(crate) fn variant(rule: Option<&str>, name: &str) -> String {
    match rule {
        Some("camelCase") => {
            let mut letters = name.chars();
            letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect()
        }
        Some("kebab-case") => words(name, '-').to_lowercase(),
        Some("SCREAMING_SNAKE_CASE") => words(name, '_').to_uppercase(),
        Some("lowercase") => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn words(name: &str, between: char) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push(between);
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{field, variant};

    #[test]
    fn names_are_serdes() {
        assert_eq!(field(Some("camelCase"), "consecutive_5xx_errors"), "consecutive5xxErrors");
        assert_eq!(field(Some("camelCase"), "h2_upgrade_policy"), "h2UpgradePolicy");
        assert_eq!(field(None, "lb_endpoints"), "lb_endpoints");
        assert_eq!(variant(Some("SCREAMING_SNAKE_CASE"), "LeastConn"), "LEAST_CONN");
        assert_eq!(variant(Some("kebab-case"), "CloudServiceMesh"), "cloud-service-mesh");
        assert_eq!(variant(Some("camelCase"), "GatewayApi"), "gatewayApi");
        assert_eq!(variant(None, "WasmPlugin"), "WasmPlugin");
    }
}
