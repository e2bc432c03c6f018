//! Why there is no answer.

use std::fmt;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Location, Severity};

/// Codes of the errors of this surface, `MF09xx`. A code never changes its meaning.
pub mod codes {
    /// The request is not one: a field is missing, unknown or of the wrong type, or a number is out of range.
    pub const REQUEST: &str = "MF1401";
    /// The texts have errors, so that what they say is not known.
    pub const UNREADABLE: &str = "MF1402";
    /// No Topology says where the endpoints are.
    pub const NO_TOPOLOGY: &str = "MF1403";
    /// No Scenario says what happens, or none of that name.
    pub const NO_SCENARIO: &str = "MF1404";
    /// The gateway that was asked for is not in the topology.
    pub const NO_GATEWAY: &str = "MF1405";
    /// The scenario contradicts itself or the topology, or needs what is not modelled.
    pub const UNPLAYABLE: &str = "MF1406";
    /// The manifests give the gateway nothing to listen on.
    pub const NO_LISTENER: &str = "MF1407";
    /// No Intent says what to render, or none of that name.
    pub const NO_INTENT: &str = "MF1408";
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Error {
    /// A stable code, `MF` and four digits.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The places in the texts that are to blame, if they are.
    pub diagnostics: Vec<Diagnostic>,
}

impl Error {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, diagnostics: Vec::new() }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// An error about a field of a document, which is marked as such.
    pub(super) fn at(self, path: &str, location: Option<Location>) -> Self {
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            code: self.code,
            message: self.message.clone(),
            help: self.help.clone(),
            location,
            path: path.to_owned(),
        };
        Self { diagnostics: vec![diagnostic], ..self }
    }
}

/// The message, and what to do about it on a line of its own.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
