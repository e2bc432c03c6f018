//! Rules of an HTTPRoute that no request takes. Of a VirtualService istiod says so itself.

use crate::check::facts::Facts;
use crate::check::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::gateway_api::KubeHttpRoute;
use crate::manifest::{HttpMatchRequest, HttpRoute, Object};
use crate::translate::any_request;

pub(super) const NEVER_REACHED: Rule = Rule {
    code: "MF0612",
    name: "rule-never-reached",
    severity: Severity::Warning,
    title: "an earlier rule of the HTTPRoute has the same match",
    why: "\
Of rules with the same match the first takes every request, and the others are never looked at: nothing refuses them, and \
nothing reports them. A rule that sends traffic elsewhere while a region is away has to stand before the usual one, or to \
ask for something more.",
};

pub(super) fn check(
    facts: &Facts<'_>,
    route: &Object<KubeHttpRoute>,
    rules: &[(usize, HttpRoute)],
    findings: &mut Vec<Finding>,
) {
    let mut earlier: Vec<(usize, HttpMatchRequest)> = Vec::new();
    for (index, rule) in rules {
        let is_any = rule.matches.is_empty();
        let matches = if is_any { vec![any_request()] } else { rule.matches.clone() };
        for (number, request) in matches.into_iter().enumerate() {
            let mut taken = earlier.iter();
            if let Some((first, _)) = taken.find(|(rule, it)| rule != index && *it == request) {
                let path = format!("spec.rules[{index}]");
                let path = if is_any { path } else { format!("{path}.matches[{number}]") };
                let message =
                    format!("rule {first} has the same match: no request comes to this one");
                let found = facts.finding(&NEVER_REACHED, route, path, message);
                findings.push(found.help("give it another match, or remove it"));
            }
            earlier.push((*index, request));
        }
    }
}
