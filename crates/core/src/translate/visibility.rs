//! `exportTo`: which namespaces see a resource.

use mesh_failover_sorted::SortedSet;

/// Namespaces that see a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visibility(SortedSet<String>);

impl Visibility {
    /// As written in a resource of `namespace`; an empty list takes the mesh's default, and that is everyone.
    pub(super) fn new(export_to: &[String], default: Option<&[String]>, namespace: &str) -> Self {
        let list = if export_to.is_empty() { default.unwrap_or_default() } else { export_to };
        let named = list.iter().map(|entry| if entry == "." { namespace } else { entry.as_str() });
        let mut set: SortedSet<String> = SortedSet::from_iter(named.map(str::to_owned));
        if set.is_empty() {
            set.insert("*".to_owned());
        }
        Self(set)
    }

    /// Only the resource's own namespace.
    pub(super) fn private(namespace: &str) -> Self {
        Self(SortedSet::from([namespace.to_owned()]))
    }

    pub(super) fn includes(&self, namespace: &str) -> bool {
        self.is_public() || self.0.contains(namespace)
    }

    pub(super) fn is_public(&self) -> bool {
        self.0.contains("*")
    }

    pub(super) fn is_private_to(&self, namespace: &str) -> bool {
        *self == Self::private(namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(export_to: &[&str], default: Option<&[&str]>, sees: &[&str], blind: &[&str]) {
        let own = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        let default = default.map(own);
        let visibility = Visibility::new(&own(export_to), default.as_deref(), "home");
        for namespace in sees {
            assert!(visibility.includes(namespace), "{export_to:?} includes {namespace}");
        }
        for namespace in blind {
            assert!(!visibility.includes(namespace), "{export_to:?} hides from {namespace}");
        }
    }

    #[test]
    fn names_dots_stars_and_defaults() {
        check(&[], None, &["home", "other"], &[]);
        check(&["*"], None, &["home", "other"], &[]);
        check(&["."], None, &["home"], &["other"]);
        check(&["a", "b"], None, &["a", "b"], &["home", "other"]);
        check(&["~"], None, &[], &["home", "other"]);
        check(&[], Some(&["."]), &["home"], &["other"]);
        check(&["*"], Some(&["."]), &["other"], &[]);
    }
}
