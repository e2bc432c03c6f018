//! A scenario from its start to its end.

use mesh_failover_derive::Read;
use serde::Serialize;

use super::error::Error;
use super::files::File;
use super::session::Simulation;
use crate::diagnostic::Diagnostic;
use crate::manifest::GoDuration;
use crate::report::{self, Run};
use crate::sim::{Arm, Report};

/// A scenario to play.
#[derive(Debug, Clone, Default, PartialEq, Eq, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SimulateRequest {
    /// The texts; a Topology and a Scenario among them.
    pub files: Vec<File>,
    /// The name of the scenario to play; unset: the first one.
    #[serde(default)]
    pub scenario: Option<String>,
    /// What everything random follows from; goes before the scenario's own.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Length of a frame; unset: a second, or more in runs longer than 20 minutes.
    #[serde(default)]
    pub resolution: Option<GoDuration>,
    /// The istiod to imitate, for example `1.31`; unset: the newest.
    #[serde(default)]
    pub istio: Option<String>,
    /// Who decides about regions; unset: the region router if a WasmPlugin puts it into the gateway.
    #[serde(default)]
    pub arm: Arm,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SimulateAnswer {
    /// The scenario's name.
    pub scenario: String,
    /// Whether everything came as expected.
    pub passed: bool,
    /// The run.
    #[serde(flatten)]
    pub report: Report,
    /// What is doubtful about the texts.
    pub diagnostics: Vec<Diagnostic>,
}

/// Plays a scenario to its end.
///
/// # Errors
/// If the texts cannot be used, or the scenario cannot be played; the diagnostics say where.
pub fn simulate(request: SimulateRequest) -> Result<SimulateAnswer, Error> {
    Ok(Simulation::new(request)?.run())
}

/// Plays a scenario to its end and tells it as one self-contained page, HTML.
///
/// # Errors
/// As [`simulate`].
pub fn html(request: SimulateRequest) -> Result<String, Error> {
    let simulation = Simulation::new(request)?;
    let scenario = simulation.written().clone();
    let SimulateAnswer { scenario: name, report, .. } = simulation.run();
    Ok(report::html(&[Run { name: &name, scenario: &scenario, report: &report }]))
}
