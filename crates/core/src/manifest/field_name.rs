//! The two names of a field: `trafficPolicy`, as JSON has it, and `traffic_policy`, as the proto does.

/// Whether the key of a mapping names this field.
///
/// **Source**: protobuf's JSON mapping, which reads both; `ToJsonName`: an underscore goes, the letter after it becomes upper case.
pub(super) fn names(key: &str, field: &str) -> bool {
    key == field || of_proto_name(key).is_some_and(|name| name == field)
}

/// The JSON name that a proto name stands for.
pub(super) fn of_proto_name(key: &str) -> Option<String> {
    is_proto_name(key).then(|| camel_case(key))
}

/// `lower_case_words`. **Source**: protobuf's style guide; with other underscores `ToJsonName` would read one field under many names.
fn is_proto_name(key: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    key.contains('_') && key.split('_').all(is_word)
}

fn camel_case(key: &str) -> String {
    let mut upper = false;
    let mut out = String::with_capacity(key.len());
    for c in key.chars() {
        if c == '_' {
            upper = true;
        } else {
            out.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_field_has_two_names_and_no_third() {
        assert!(names("trafficPolicy", "trafficPolicy"));
        assert!(names("traffic_policy", "trafficPolicy"));
        assert!(names("consecutive_5xx_errors", "consecutive5xxErrors"));
        for wrong in ["trafficPolicy_", "_traffic_policy", "traffic__policy", "Traffic_policy"] {
            assert!(!names(wrong, "trafficPolicy"), "{wrong}");
        }
    }
}
