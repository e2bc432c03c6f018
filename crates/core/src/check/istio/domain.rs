//! Names as istiod accepts them.
//!
//! **Source**: Istio pkg/config/validation/agent/validation.go `ValidateWildcardDomain`, pkg/config/labels
//! `IsDNS1123Label`, 1.31.

use super::quoted::Quoted;

/// `checkDNS1123Preconditions`.
fn preconditions(domain: &str) -> Result<(), String> {
    if domain.len() > 255 {
        return Err(format!("domain name {domain} too long (max 255)", domain = Quoted(domain)));
    }
    if domain.is_empty() {
        return Err("empty domain name not allowed".to_owned());
    }
    Ok(())
}

/// `ValidateFQDN`.
pub(super) fn fqdn(domain: &str) -> Result<(), String> {
    preconditions(domain)?;
    labels(domain)
}

/// `ValidateWildcardDomain`.
pub(super) fn wildcard(domain: &str) -> Result<(), String> {
    preconditions(domain)?;
    let (first, rest) = match domain.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (domain, None),
    };
    // `*`, and labels with a leading asterisk such as `*-foo`.
    let named = first.strip_prefix('*').map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    if !(is_label(first) || named.is_some_and(|rest| rest.is_empty() || is_label(rest))) {
        return Err(format!(
            "domain name {domain} invalid (label {first} invalid)",
            domain = Quoted(domain),
            first = Quoted(first)
        ));
    }
    rest.map_or(Ok(()), labels)
}

/// `validateDNS1123Labels`.
fn labels(domain: &str) -> Result<(), String> {
    let parts: Vec<&str> = domain.split('.').collect();
    let top = parts.last().copied().unwrap_or_default();
    if top.parse::<i64>().is_ok() {
        return Err(format!(
            "domain name {domain} invalid (top level domain {top} cannot be all-numeric)",
            domain = Quoted(domain),
            top = Quoted(top)
        ));
    }
    let last = parts.len().saturating_sub(1);
    let bad = parts
        .iter()
        .enumerate()
        .find(|(index, label)| !(is_label(label) || *index == last && label.is_empty()));
    match bad {
        Some((_, label)) => Err(format!(
            "domain name {domain} invalid (label {label} invalid)",
            domain = Quoted(domain),
            label = Quoted(label)
        )),
        None => Ok(()),
    }
}

/// `validateSubsetName`.
pub(super) fn subset(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("subset name cannot be empty".to_owned());
    }
    if is_label(name) { Ok(()) } else { Err(format!("subset name is invalid: {name}")) }
}

/// `validateTagKey`: a name, after a domain and a slash perhaps.
pub(super) fn label_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let prefixed = prefix.is_none_or(|prefix| prefix.split('.').all(is_label));
    if !(prefixed && is_qualified(name)) {
        return Err(format!("invalid tag key: {key}", key = Quoted(key)));
    }
    if prefix.is_some_and(|prefix| prefix.len() > 253) {
        return Err(format!("invalid tag key: {key} (DNS prefix is too long)", key = Quoted(key)));
    }
    if name.len() > 63 {
        return Err(format!("invalid tag key: {key} (name is too long)", key = Quoted(key)));
    }
    Ok(())
}

/// Kubernetes' qualified name, of any length.
pub(super) fn is_qualified(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    ends(bytes.first()) && ends(bytes.last()) && bytes.iter().copied().all(inner)
}

/// A label of a domain name (RFC 1123); istiod accepts upper case too.
pub(super) fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().copied().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_istiod_takes_them() {
        for good in ["a", "*", "*.b.com", "*-a.b", "a.b.", "reviews", "A.b"] {
            assert_eq!(wildcard(good), Ok(()), "{good}");
        }
        for bad in ["", "a..b", "-a", "a.*", "a b", "a.1", "*a*.b"] {
            assert!(wildcard(bad).is_err(), "{bad}");
        }
        assert_eq!(subset("us_1"), Err("subset name is invalid: us_1".to_owned()));
    }
}
