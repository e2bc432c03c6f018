//! What a lint is: a code, a name, how bad it is, and why anybody should care.

use crate::diagnostic::Severity;

/// One lint. Its texts are the pages below `docs/lints`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rule {
    /// A stable code, `MF` and four digits; it never changes its meaning.
    pub code: &'static str,
    /// A name for people, in words joined by dashes.
    pub name: &'static str,
    /// How bad a finding is unless the finding says otherwise.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// Why it hurts, what Istio and Envoy do with it, and what to do. Markdown.
    pub why: &'static str,
}

/// Every lint, by code.
#[must_use]
pub fn rules() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> =
        super::FAMILIES.iter().flat_map(|family| family.rules).copied().collect();
    mesh_failover_sorted::sort_by_key(&mut rules, |rule| rule.code);
    rules
}
