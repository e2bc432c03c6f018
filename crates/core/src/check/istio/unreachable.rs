//! What istiod's webhook says of rules and matches that nothing comes to.
//!
//! **Source**: Istio pkg/config/validation/validation.go `analyzeUnreachableHTTPRules`, `analyzeUnreachableTCPRules`,
//! `analyzeUnreachableTLSRules`, `coveredValidation`, 1.31.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use mesh_failover_sorted::SortedMap;
use serde_json::Value;

use super::Said;
use super::quoted::Quoted;
use crate::json_text;
use crate::manifest::{HttpMatchRequest, HttpRoute, StringMatch, VirtualService};

/// What is wrong with the order of the rules.
pub(super) fn rules(service: &VirtualService, said: &mut Vec<Said>) {
    let http: Vec<Rule<'_, HttpMatchRequest>> = service.http.iter().map(of_http).collect();
    in_order(&http, "spec.http", said);
    covered(&service.http, said);
    for (list, path) in [(&service.tcp, "spec.tcp"), (&service.tls, "spec.tls")] {
        let routes = list.as_ref().and_then(Value::as_array).into_iter().flatten();
        let rules: Vec<Rule<'_, Value>> = routes.map(below_http).collect();
        in_order(&rules, path, said);
    }
}

/// A rule: its name, and what it asks for, with the name of each.
struct Rule<'a, M> {
    name: Option<&'a str>,
    matches: Vec<(Option<&'a str>, &'a M)>,
}

fn of_http(route: &HttpRoute) -> Rule<'_, HttpMatchRequest> {
    let matches = route.matches.iter().map(|it| (it.name.as_deref(), it)).collect();
    Rule { name: route.name.as_deref(), matches }
}

fn below_http(route: &Value) -> Rule<'_, Value> {
    let matches = route.get("match").and_then(Value::as_array).into_iter().flatten();
    Rule { name: None, matches: matches.map(|it| (None, it)).collect() }
}

/// What two matches are compared by.
trait Compared {
    /// `asJSON`: the same text is the same match.
    fn as_json(&self) -> String;
}

/// Names do not count.
impl Compared for HttpMatchRequest {
    fn as_json(&self) -> String {
        let bare = Self { name: None, ..self.clone() };
        json_text::to_string(&bare).unwrap_or_default()
    }
}

impl Compared for Value {
    fn as_json(&self) -> String {
        json_text::of(self)
    }
}

/// `routeName`, `requestName`.
fn title(name: Option<&str>, index: usize) -> String {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{name}", name = Quoted(name)),
        None => format!("#{index}"),
    }
}

fn in_order<M: Compared>(rules: &[Rule<'_, M>], path: &str, said: &mut Vec<Said>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut catches_all = false;
    for (index, rule) in rules.iter().enumerate() {
        let (name, path) = (title(rule.name, index), format!("{path}[{index}]"));
        let unused = |reason: &str| {
            Said::warning(&path, format!("virtualService rule {name} not used ({reason})"))
        };
        if rule.matches.is_empty() {
            if catches_all {
                said.push(unused("only the last rule can have no matches"));
            }
            catches_all = true;
            continue;
        }
        if catches_all {
            said.push(unused("route without matches defined before"));
            continue;
        }
        let mut duplicates = 0;
        for (number, &(of_match, request)) in rule.matches.iter().enumerate() {
            let earlier = match seen.entry(request.as_json()) {
                Entry::Occupied(earlier) => *earlier.get(),
                Entry::Vacant(new) => {
                    new.insert(index);
                    continue;
                }
            };
            duplicates += 1;
            let of_match = title(of_match, number);
            let first = rules.get(earlier).and_then(|rule| rule.name);
            let first = title(first, earlier);
            said.push(ineffective(&format!("{path}.match[{number}]"), &name, &of_match, &first));
        }
        if duplicates == rule.matches.len() {
            said.push(unused("all matches used by prior rules"));
        }
    }
}

fn ineffective(path: &str, rule: &str, of_match: &str, earlier: &str) -> Said {
    let message = format!(
        "virtualService rule {rule} match {of_match} is not used (duplicate/overlapping match in rule {earlier})"
    );
    Said::warning(path, message)
}

/// A match by prefix, as it is compared: `OverlappingMatchValidationForHTTPRoute`.
struct ByPrefix<'a> {
    place: (usize, usize),
    rule: String,
    of_match: String,
    prefix: &'a str,
    port: u32,
    method: String,
    authority: String,
    values: [SortedMap<&'a str, String>; 3],
}

/// Prefixes that an earlier one covers. Expressions do not count, and a match without a method is one for GET: so it is in Istio.
fn covered(routes: &[HttpRoute], said: &mut Vec<Said>) {
    let mut prefixes: Vec<ByPrefix<'_>> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (index, route) in routes.iter().enumerate() {
        if route.matches.is_empty() {
            break; // What comes after it is not looked at.
        }
        for (number, request) in route.matches.iter().enumerate() {
            if seen.insert(request.as_json()) {
                prefixes.extend(by_prefix(route, request, (index, number)));
            }
        }
    }
    let pairs = candidates(&prefixes);
    let pairs =
        pairs.iter().filter_map(|(one, other)| Some((prefixes.get(*one)?, prefixes.get(*other)?)));
    for (first, it) in pairs.filter(|(first, it)| covers(first, it)) {
        let path = format!("spec.http[{}].match[{}]", it.place.0, it.place.1);
        let of_match = format!("{} of prefix {}", it.of_match, it.prefix);
        let earlier = format!("{} of prefix {} on {}", first.of_match, first.prefix, first.rule);
        said.push(ineffective(&path, &it.rule, &of_match, &earlier));
    }
}

/// Each match with each later one of a longer prefix that begins with its own, on the same port. They are looked up, not compared
/// one by one: a gateway may have thousands of routes.
fn candidates(prefixes: &[ByPrefix<'_>]) -> Vec<(usize, usize)> {
    let mut earlier: BTreeMap<(u32, &str), Vec<usize>> = BTreeMap::new();
    let mut lengths: BTreeSet<usize> = BTreeSet::new();
    let mut pairs = Vec::new();
    for (index, later) in prefixes.iter().enumerate() {
        for begin in lengths.range(..later.prefix.len()).filter_map(|it| later.prefix.get(..*it)) {
            let firsts = earlier.get(&(later.port, begin)).into_iter().flatten();
            pairs.extend(firsts.map(|first| (*first, index)));
        }
        earlier.entry((later.port, later.prefix)).or_default().push(index);
        lengths.insert(later.prefix.len());
    }
    pairs.sort_unstable();
    pairs
}

fn by_prefix<'a>(
    route: &HttpRoute,
    request: &'a HttpMatchRequest,
    place: (usize, usize),
) -> Option<ByPrefix<'a>> {
    let prefix = request.uri.as_ref()?.prefix.as_deref().filter(|it| !it.is_empty())?;
    let method = value(request.method.as_ref());
    let values = |of: &'a SortedMap<String, Option<StringMatch>>| {
        of.iter().map(|(name, it)| (name.as_str(), value(it.as_ref()))).collect()
    };
    Some(ByPrefix {
        place,
        rule: title(route.name.as_deref(), place.0),
        of_match: title(request.name.as_deref(), place.1),
        prefix,
        port: request.port.unwrap_or(0),
        method: if method.is_empty() { "exact:GET".to_owned() } else { method },
        authority: value(request.authority.as_ref()),
        values: [
            values(&request.headers),
            values(&request.query_params),
            values(&request.without_headers),
        ],
    })
}

/// `assignExactOrPrefix`.
fn value(wanted: Option<&StringMatch>) -> String {
    let Some(StringMatch { exact, prefix, .. }) = wanted else { return String::new() };
    match (exact, prefix) {
        (Some(exact), _) if !exact.is_empty() => format!("exact:{exact}"),
        (_, Some(prefix)) if !prefix.is_empty() => format!("prefix:{prefix}"),
        _ => String::new(),
    }
}

/// `coveredValidation`, of two whose prefixes and ports are [`candidates`].
fn covers(first: &ByPrefix<'_>, later: &ByPrefix<'_>) -> bool {
    let values = first.values.iter().zip(&later.values);
    first.method.starts_with(&later.method)
        && first.authority.starts_with(&later.authority)
        && values.into_iter().all(|(first, later)| {
            first.len() == later.len()
                && first
                    .iter()
                    .all(|(name, it)| later.get(name).is_some_and(|later| it.starts_with(later)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Matches by prefix, one a rule.
    fn routes(prefixes: impl IntoIterator<Item = String>) -> Vec<HttpRoute> {
        let route = |prefix| {
            let uri = StringMatch { prefix: Some(prefix), ..StringMatch::default() };
            let request = HttpMatchRequest { uri: Some(uri), ..HttpMatchRequest::default() };
            HttpRoute { matches: vec![request], ..HttpRoute::default() }
        };
        prefixes.into_iter().map(route).collect()
    }

    fn compared(routes: &[HttpRoute]) -> usize {
        let prefixes = routes
            .iter()
            .enumerate()
            .filter_map(|(index, route)| by_prefix(route, route.matches.first()?, (index, 0)));
        candidates(&prefixes.collect::<Vec<_>>()).len()
    }

    #[test]
    fn only_prefixes_within_each_other_are_compared() {
        let of = |count: usize| routes((0..count).map(|number| format!("/{number:05}/a")));
        assert_eq!((compared(&of(2_000)), compared(&of(20_000))), (0, 0));
        // One that covers all is compared with each of them, once.
        let below = |count| {
            let first = routes(["/0".to_owned()]);
            [first, routes((0..count).map(|number| format!("/0{number:05}")))].concat()
        };
        assert_eq!((compared(&below(2_000)), compared(&below(20_000))), (2_000, 20_000));
        let mut said = Vec::new();
        covered(&below(20_000), &mut said);
        assert_eq!(said.len(), 20_000);
    }
}
