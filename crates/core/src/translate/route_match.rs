//! From one `match` of a VirtualService to Envoy's conditions.
//!
//! **Source**: Istio pilot/pkg/networking/core/route/route.go `TranslateRouteMatch`, 1.31.
//!
//! **Not modelled**: `@request.auth.claims` headers, which match metadata.

use crate::manifest::{HttpMatchRequest, StringMatch as Written};
use crate::route::{HeaderMatcher, PathMatch, QueryParameterMatcher, RouteMatch, StringMatch};

/// All conditions of a match; named headers sorted by name, pseudo headers after them.
pub(super) fn route_match(request: &HttpMatchRequest) -> RouteMatch {
    let wanted = request.headers.iter().map(|(name, value)| (name, value, false));
    let unwanted = request.without_headers.iter().map(|(name, value)| (name, value, true));
    let mut headers: Vec<_> = wanted
        .chain(unwanted)
        .map(|(name, value, invert)| HeaderMatcher {
            name: name.to_ascii_lowercase(),
            value: string_match(value.as_ref()),
            invert,
        })
        .collect();
    mesh_failover_sorted::sort_by(&mut headers, |one, other| one.name.cmp(&other.name));
    let pseudo = [
        (":method", &request.method),
        (":authority", &request.authority),
        (":scheme", &request.scheme),
    ];
    headers.extend(pseudo.into_iter().filter_map(|(name, value)| {
        let value = string_match(Some(value.as_ref()?));
        Some(HeaderMatcher { name: name.to_owned(), value, invert: false })
    }));
    let query_parameters = request.query_params.iter().map(|(name, value)| QueryParameterMatcher {
        name: name.clone(),
        value: string_match(value.as_ref()),
    });
    RouteMatch {
        path: request.uri.as_ref().map(path_match).unwrap_or_default(),
        ignore_case: request.ignore_uri_case == Some(true),
        headers,
        query_parameters: query_parameters.collect(),
    }
}

fn path_match(uri: &Written) -> PathMatch {
    let Written { exact, prefix, regex } = uri.clone();
    let exact = exact.map(PathMatch::Exact);
    let other = || prefix.map(PathMatch::Prefix).or_else(|| regex.map(PathMatch::Regex));
    exact.or_else(other).unwrap_or_default()
}

/// Null, empty and the regex `*` (which is none) ask for presence.
fn string_match(value: Option<&Written>) -> StringMatch {
    let Some(Written { exact, prefix, regex }) = value.cloned() else {
        return StringMatch::Present;
    };
    let regex = regex.filter(|regex| regex != "*").map(StringMatch::Regex);
    let exact = exact.map(StringMatch::Exact);
    exact.or_else(|| prefix.map(StringMatch::Prefix)).or(regex).unwrap_or(StringMatch::Present)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::from_value;

    fn read(json: serde_json::Value) -> RouteMatch {
        route_match(&from_value(&json).unwrap())
    }

    #[test]
    fn headers_are_sorted_and_pseudo_headers_follow() {
        let found = read(serde_json::json!({
            "method": {"exact": "GET"},
            "headers": {"x-b": {"exact": "1"}, "A-header": {"prefix": "p"}, "x-any": {}, "x-null": null},
            "withoutHeaders": {"x-a": {"regex": "*"}},
        }));
        let header =
            |name: &str, value, invert| HeaderMatcher { name: name.to_owned(), value, invert };
        assert_eq!(
            found.headers,
            [
                header("a-header", StringMatch::Prefix("p".to_owned()), false),
                header("x-a", StringMatch::Present, true),
                header("x-any", StringMatch::Present, false),
                header("x-b", StringMatch::Exact("1".to_owned()), false),
                header("x-null", StringMatch::Present, false),
                header(":method", StringMatch::Exact("GET".to_owned()), false),
            ]
        );
        assert_eq!(found.path, PathMatch::Prefix("/".to_owned()));
    }

    #[test]
    fn paths_are_matched_as_written() {
        let check = |uri: serde_json::Value, expect| {
            assert_eq!(read(serde_json::json!({ "uri": uri })).path, expect);
        };
        check(serde_json::json!({"exact": "/a"}), PathMatch::Exact("/a".to_owned()));
        check(serde_json::json!({"prefix": "/a"}), PathMatch::Prefix("/a".to_owned()));
        check(serde_json::json!({"regex": "/a.*"}), PathMatch::Regex("/a.*".to_owned()));
        check(serde_json::json!({}), PathMatch::Prefix("/".to_owned()));
    }
}
