//! What istiod's webhook says of who sees an object, and of the labels that select.
//!
//! **Source**: Istio pkg/config/validation/validation.go `validateExportTo`, `validateWorkloadSelector`; pkg/config/visibility;
//! pkg/config/labels, 1.31.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::quoted::Quoted;
use super::{Said, domain};
use crate::manifest::WorkloadSelector;

const PATH: &str = "spec.exportTo";

/// `validateExportTo`, for anything but a ServiceEntry.
pub(super) fn export_to(entries: &[String], namespace: &str, selects: bool, said: &mut Vec<Said>) {
    let mut seen: SortedSet<&str> = SortedSet::new();
    for (index, entry) in entries.iter().enumerate() {
        let key = if entry == "." { namespace } else { entry };
        let message = if seen.contains(key) && key != entry {
            format!("duplicate entries in exportTo: . and current namespace {namespace}")
        } else if seen.contains(key) {
            format!("duplicate entries in exportTo for entry {entry}")
        } else if key == "~" {
            "exportTo ~ (none) is not allowed for Istio configuration objects".to_owned()
        } else if key != "*" && !domain::is_label(key) {
            "only .,*, or a valid DNS 1123 label is allowed as exportTo entry".to_owned()
        } else {
            seen.insert(key);
            continue;
        };
        said.push(Said::error(format!("{PATH}[{index}]"), message));
    }
    if selects && !seen.is_empty() {
        let message = match (seen.contains(namespace), seen.len()) {
            (true, 1) => "",
            (true, _) => {
                "destination rule with workload selector cannot have multiple entries in exportTo"
            }
            (false, _) => {
                "destination rule with workload selector cannot have exportTo beyond current namespace"
            }
        };
        said.extend((!message.is_empty()).then(|| Said::error(PATH, message)));
    }
    if seen.contains("*") && entries.len() > 1 {
        let message = "cannot have both public (*) and non-public exportTo values for a resource";
        said.push(Said::error(PATH, message));
    }
}

/// `validateWorkloadSelector`.
pub(super) fn selector(selector: &WorkloadSelector, path: &str, said: &mut Vec<Said>) {
    for (key, value) in &selector.match_labels {
        let pair = format!("{key}={value}");
        if key.is_empty() {
            let message =
                format!("empty key is not supported in selector: {pair}", pair = Quoted(&pair));
            said.push(Said::error(path, message));
        }
        if pair.contains('*') {
            let message =
                format!("wildcard is not supported in selector: {pair}", pair = Quoted(&pair));
            said.push(Said::error(path, message));
        }
    }
    if selector.match_labels.is_empty() {
        said.push(Said::warning(path, "workload selector specified without labels"));
    }
}

/// `labels.Instance.Validate`.
pub(super) fn labels(labels: &SortedMap<String, String>, path: &str, said: &mut Vec<Said>) {
    for (key, value) in labels {
        said.extend(domain::label_key(key).err().map(|message| Said::error(path, message)));
        if !(value.is_empty() || domain::is_qualified(value)) {
            said.push(Said::error(
                path,
                format!("invalid tag value: {value}", value = Quoted(value)),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn export_to_in_istiods_words() {
        let said = |entries: &[&str], selects| {
            let entries: Vec<String> = entries.iter().map(|&it| it.to_owned()).collect();
            let mut said = Vec::new();
            export_to(&entries, "shop", selects, &mut said);
            said.into_iter().map(|it| it.message).collect::<Vec<_>>()
        };
        for good in [&[][..], &["."], &["*"], &["shop", "web"]] {
            assert!(said(good, false).is_empty(), "{good:?}");
        }
        assert_eq!(
            said(&["shop", "."], false),
            ["duplicate entries in exportTo: . and current namespace shop"]
        );
        assert_eq!(
            said(&["~"], false),
            ["exportTo ~ (none) is not allowed for Istio configuration objects"]
        );
        let public = "cannot have both public (*) and non-public exportTo values for a resource";
        assert_eq!(said(&["*", "web"], false), [public]);
        let beyond =
            "destination rule with workload selector cannot have exportTo beyond current namespace";
        assert_eq!(said(&["web"], true), [beyond]);
        assert!(said(&["."], true).is_empty());
    }

    #[test]
    fn labels_in_istiods_words() {
        let said = |key: &str, value: &str| {
            let mut said = Vec::new();
            labels(&[(key.to_owned(), value.to_owned())].into(), "spec", &mut said);
            said.into_iter().map(|it| it.message).collect::<Vec<_>>()
        };
        assert!(said("topology.kubernetes.io/region", "europe-west1").is_empty());
        assert!(said("a_b", "").is_empty());
        assert_eq!(said("a/b/c", "v"), ["invalid tag key: \"a/b/c\""]);
        assert_eq!(said("version", "v 1"), ["invalid tag value: \"v 1\""]);
        let long = "a".repeat(64);
        assert_eq!(said(&long, "v"), [format!("invalid tag key: {long:?} (name is too long)")]);
    }
}
