//! A scenario that is played piece by piece, with a hand in it.

use std::rc::Rc;
use std::time::Duration;

use mesh_failover_sorted::SortedMap;

use super::error::{Error, codes};
use super::files;
use super::frames::FrameTable;
use super::simulate::{SimulateAnswer, SimulateRequest};
use crate::diagnostic::Diagnostic;
use crate::live::Mesh;
use crate::manifest::{self, Document, GoDuration, Manifests, Object, Scenario, Step};
use crate::sim::{self, Event, FilterHost, Options, Report, SimError};

/// Finer than a screen can show, and more than a browser's memory should hold.
const MAX_FRAMES: u128 = 100_000;

/// A scenario being played.
///
/// What is done by hand becomes a step of the scenario: a run with [`inject`](Self::inject)ed steps is the run of the
/// scenario that has them written, request by request.
#[derive(Debug)]
pub struct Simulation {
    manifests: Manifests,
    diagnostics: Vec<Diagnostic>,
    scenario: Object<Scenario>,
    options: Options,
    host: Option<Rc<dyn FilterHost>>,
    playing: sim::Simulation,
    now: Duration,
}

impl Simulation {
    /// Sets the stage.
    ///
    /// # Errors
    /// If the texts cannot be used, or the scenario cannot be played.
    pub fn new(request: SimulateRequest) -> Result<Self, Error> {
        Self::with_filter(request, None)
    }

    /// Sets the stage, with the filter that ships deciding in the place of the router wherever there is one.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_filter(
        request: SimulateRequest,
        host: Option<Rc<dyn FilterHost>>,
    ) -> Result<Self, Error> {
        let version = files::istio_version(request.istio.as_deref())?;
        let Mesh { manifests, gateways, diagnostics } = files::read_usable(&request.files)?;
        let scenario = find(&manifests, request.scenario.as_deref())?.clone();
        let resolution = request.resolution.map(|resolution| resolution.0);
        check_resolution(resolution, scenario.spec.duration)?;
        let SimulateRequest { seed, arm, .. } = request;
        let addresses = SortedMap::new();
        let options = Options { seed, resolution, addresses, version, arm, gateways };
        let playing = play(&manifests, &scenario, &options, host.as_deref())?;
        let now = Duration::ZERO;
        Ok(Self { manifests, diagnostics, scenario, options, host, playing, now })
    }

    /// How long the scenario runs.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.playing.duration()
    }

    /// How far it was played.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Plays up to `until`, or to the end; a moment in the past changes nothing.
    pub fn step(&mut self, until: Duration) {
        self.now = self.now.max(until.min(self.duration()));
        self.playing.step(self.now);
    }

    /// Makes something happen at `step.at`, or now if that has passed, and returns the step as it stands in the scenario.
    ///
    /// # Errors
    /// If the scenario cannot be played with it; then nothing has changed.
    pub fn inject(&mut self, step: Step) -> Result<Step, Error> {
        let step = Step { at: step.at.max(GoDuration(self.now)), ..step };
        let mut scenario = self.scenario.clone();
        scenario.spec.steps.push(step.clone());
        let mut playing = play(&self.manifests, &scenario, &self.options, self.host.as_deref())?;
        playing.step(self.now);
        self.scenario = scenario;
        self.playing = playing;
        Ok(step)
    }

    /// The scenario with everything that was done by hand, YAML.
    ///
    /// # Errors
    /// None: every scenario can be written.
    pub fn scenario(&self) -> Result<String, Error> {
        manifest::write(&self.scenario)
            .map_err(|diagnostic| Error::new(codes::REQUEST, diagnostic.message))
    }

    /// The scenario with everything that was done by hand.
    pub(super) fn written(&self) -> &Scenario {
        &self.scenario.spec
    }

    /// The frames that are over, without the first `skip`.
    #[must_use]
    pub fn frames(&self, skip: u32) -> FrameTable {
        FrameTable::new(self.playing.regions(), &self.playing.frames(skip))
    }

    /// What happened so far, without the first `skip` events.
    #[must_use]
    pub fn events(&self, skip: u32) -> &[Event] {
        self.playing.events().get(skip as usize..).unwrap_or_default()
    }

    /// What came of it so far. Requests under way are not in it.
    #[must_use]
    pub fn report(&self) -> SimulateAnswer {
        answer(self.scenario.metadata.name.clone(), self.playing.report(), self.diagnostics.clone())
    }

    /// Plays to the end and lets requests under way be answered.
    #[must_use]
    pub fn run(self) -> SimulateAnswer {
        answer(self.scenario.metadata.name, self.playing.run(), self.diagnostics)
    }
}

fn answer(scenario: String, report: Report, diagnostics: Vec<Diagnostic>) -> SimulateAnswer {
    SimulateAnswer { scenario, passed: report.passed(), report, diagnostics }
}

fn find<'a>(manifests: &'a Manifests, name: Option<&str>) -> Result<&'a Object<Scenario>, Error> {
    let scenarios = &manifests.scenarios;
    let found = scenarios.iter().find(|it| name.is_none_or(|name| it.metadata.name == name));
    found.ok_or_else(|| match name {
        Some(name) if !scenarios.is_empty() => {
            let known: Vec<String> =
                scenarios.iter().map(|it| format!("`{}`", it.metadata.name)).collect();
            let message = format!("no scenario `{name}`; there are {}", known.join(", "));
            Error::new(codes::NO_SCENARIO, message)
        }
        _ => Error::new(codes::NO_SCENARIO, "no scenario says what happens")
            .help("add a document with `kind: Scenario`"),
    })
}

fn check_resolution(resolution: Option<Duration>, duration: GoDuration) -> Result<(), Error> {
    let Some(resolution) = resolution else { return Ok(()) };
    let frames = duration.0.as_nanos().checked_div(resolution.as_nanos()).unwrap_or(u128::MAX);
    if frames <= MAX_FRAMES {
        return Ok(());
    }
    let shown = GoDuration(resolution);
    Err(Error::new(
        codes::REQUEST,
        format!(
            "`resolution`: `{shown}` is too fine, a run of `{duration}` may have {MAX_FRAMES} frames"
        ),
    ))
}

fn play(
    manifests: &Manifests,
    scenario: &Object<Scenario>,
    options: &Options,
    host: Option<&dyn FilterHost>,
) -> Result<sim::Simulation, Error> {
    let playing = sim::Simulation::with_filter(manifests, &scenario.spec, options, host);
    playing.map_err(|error| {
        let name = &scenario.metadata.name;
        let path = match &error {
            SimError::Gateway(_) => "spec.gateway",
            SimError::Field { path, .. } => path,
            _ => "spec",
        };
        let code = match &error {
            SimError::Gateway(_) => codes::NO_GATEWAY,
            _ => codes::UNPLAYABLE,
        };
        let location =
            manifests.documents.get(scenario.document).and_then(|it: &Document| it.locate(path));
        Error::new(code, format!("cannot play scenario `{name}`: {error}")).at(path, location)
    })
}
