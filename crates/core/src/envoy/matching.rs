//! What a route asks of a request.
//!
//! **Source**: Istio pilot/pkg/networking/core/route/route.go `TranslateRouteMatch`, 1.31.

use super::message::Message;
use crate::route::{HeaderMatcher, PathMatch, QueryParameterMatcher, RouteMatch, StringMatch};

/// `RouteMatch`.
pub(super) fn route_match(matcher: &RouteMatch) -> Message {
    let message = match &matcher.path {
        PathMatch::Exact(path) => Message::new().with("path", path.as_str()),
        PathMatch::Prefix(prefix) => Message::new().with("prefix", prefix.as_str()),
        PathMatch::PathSeparatedPrefix(prefix) => {
            Message::new().with("path_separated_prefix", prefix.as_str())
        }
        PathMatch::Regex(regex) => Message::new().with("safe_regex", safe_regex(regex)),
    };
    message
        .with_some("case_sensitive", matcher.ignore_case.then_some(false))
        .with_list("headers", matcher.headers.iter().map(header))
        .with_list("query_parameters", matcher.query_parameters.iter().map(query_parameter))
}

/// `HeaderMatcher`. A header that must not have a value may also be missing altogether.
fn header(matcher: &HeaderMatcher) -> Message {
    let message = string_match(Message::new().with("name", matcher.name.as_str()), &matcher.value);
    let missing_is_empty = matcher.invert && matcher.value != StringMatch::Present;
    message
        .with_flag("invert_match", matcher.invert)
        .with_flag("treat_missing_header_as_empty", missing_is_empty)
}

fn query_parameter(matcher: &QueryParameterMatcher) -> Message {
    string_match(Message::new().with("name", matcher.name.as_str()), &matcher.value)
}

fn string_match(message: Message, value: &StringMatch) -> Message {
    let matcher = match value {
        StringMatch::Present => return message.with("present_match", true),
        StringMatch::Exact(text) => Message::new().with("exact", text.as_str()),
        StringMatch::Prefix(text) => Message::new().with("prefix", text.as_str()),
        StringMatch::Regex(regex) => Message::new().with("safe_regex", safe_regex(regex)),
    };
    message.with("string_match", matcher)
}

fn safe_regex(regex: &str) -> Message {
    Message::new().with("regex", regex)
}
