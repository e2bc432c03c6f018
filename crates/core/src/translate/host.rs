//! Host names as istiod compares and completes them.
//!
//! **Source**: Istio pkg/config/host/name.go, names.go; pilot/pkg/model/config.go
//! `ResolveShortnameToFQDN`, 1.31.

/// The cluster domain; istiod's default, and the only one modelled.
const DOMAIN: &str = "cluster.local";

/// Completes a short name with the namespace of the resource it stands in, not of the client.
///
/// ```
/// use mesh_failover_core::translate::resolve_short_name;
///
/// assert_eq!(resolve_short_name("reviews", "shop"), "reviews.shop.svc.cluster.local");
/// assert_eq!(resolve_short_name("reviews.shop", "other"), "reviews.shop", "a dot is enough");
/// assert_eq!(resolve_short_name("*", "shop"), "*");
/// ```
#[must_use]
pub fn resolve_short_name(host: &str, namespace: &str) -> String {
    if host.is_empty() || host.contains(['.', '*', ':']) {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.svc.{DOMAIN}")
    }
}

/// The namespace in a Kubernetes service's full name; `None` for other names.
#[must_use]
pub(crate) fn namespace_of(hostname: &str) -> Option<&str> {
    let mut parts = hostname.split('.');
    let (_name, namespace) = (parts.next()?, parts.next()?);
    (parts.next() == Some("svc")).then_some(namespace)
}

/// Whether every name that `inner` stands for is one that `outer` stands for.
///
/// `*` and a leading `*.` are wildcards; `*` stands for everything.
#[must_use]
pub(crate) fn is_subset_of(inner: &str, outer: &str) -> bool {
    match (inner.strip_prefix('*'), outer.strip_prefix('*')) {
        (Some(inner_rest), Some(outer_rest)) => {
            inner.len() >= outer.len() && inner_rest.ends_with(outer_rest)
        }
        (Some(_), None) => false,
        (None, Some(outer_rest)) => inner.ends_with(outer_rest),
        (None, None) => inner == outer,
    }
}

/// The narrower of two names if one covers the other.
#[must_use]
pub(crate) fn intersection<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    if is_subset_of(one, other) {
        Some(one)
    } else if is_subset_of(other, one) {
        Some(other)
    } else {
        None
    }
}

/// The most specific of `candidates` that covers `hostname`: itself, else the longest wildcard.
///
/// **Source**: Istio pilot/pkg/model/push_context.go `MostSpecificHostMatch`, 1.31.
#[must_use]
pub(crate) fn most_specific<'a>(
    hostname: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .filter(|candidate| is_subset_of(hostname, candidate))
        .max_by_key(|candidate| (!candidate.starts_with('*'), candidate.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_as_in_istio() {
        for (inner, outer, covered) in [
            ("a.b.com", "a.b.com", true),
            ("a.b.com", "*.b.com", true),
            ("a.b.com", "*", true),
            ("b.com", "*.b.com", false),
            ("*.b.com", "*", true),
            ("*", "*.b.com", false),
            ("*.a.b.com", "*.b.com", true),
            ("*.b.com", "a.b.com", false),
            ("*", "*", true),
        ] {
            assert_eq!(is_subset_of(inner, outer), covered, "{inner} in {outer}");
        }
    }

    #[test]
    fn the_narrower_host_becomes_the_domain() {
        assert_eq!(intersection("*", "shop.example.com"), Some("shop.example.com"));
        assert_eq!(intersection("*.example.com", "*"), Some("*.example.com"));
        assert_eq!(intersection("a.example.com", "b.example.com"), None);
    }

    #[test]
    fn the_most_specific_rule_wins() {
        let rules = ["*", "*.local", "*.default.svc.cluster.local", "a.default.svc.cluster.local"];
        let check = |host: &str, expect| {
            assert_eq!(most_specific(host, rules.into_iter()), Some(expect), "{host}");
        };
        check("a.default.svc.cluster.local", "a.default.svc.cluster.local");
        check("b.default.svc.cluster.local", "*.default.svc.cluster.local");
        check("b.other.svc.cluster.local", "*.local");
        check("example.com", "*");
    }
}
