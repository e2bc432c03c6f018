//! The one surface, asked as the npm package asks it.

use std::time::Duration;

use mesh_failover_core::api::{
    self, CheckRequest, EnvoyRequest, File, ParseRequest, RenderRequest, SimulateRequest,
    Simulation,
};
use mesh_failover_core::manifest::Step;
use serde_json::{Value, json};

const GATEWAY: &str = include_str!("../../../examples/seed/gateway.yaml");
const ROUTE: &str = include_str!("../../../examples/seed/virtual-service.yaml");
const RULE: &str = include_str!("../../../examples/seed/destination-rule.yaml");
const TOPOLOGY: &str = include_str!("../../../examples/seed/topology.yaml");
const SCENARIO: &str = include_str!("../../../examples/seed/cluster-a-down.yaml");

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), text: text.to_owned() }
}

fn seed() -> Vec<File> {
    vec![
        file("gateway.yaml", GATEWAY),
        file("virtual-service.yaml", ROUTE),
        file("destination-rule.yaml", RULE),
        file("topology.yaml", TOPOLOGY),
        file("scenario.yaml", SCENARIO),
    ]
}

fn request(files: Vec<File>) -> SimulateRequest {
    SimulateRequest { files, ..SimulateRequest::default() }
}

/// The seed's scenario without its steps.
fn undisturbed() -> Vec<File> {
    let is_step = |line: &str| ["steps:", "- at:", "scale:"].iter().any(|it| line.contains(it));
    let quiet: Vec<&str> = SCENARIO.lines().filter(|line| !is_step(line)).collect();
    let mut files = seed();
    files.pop();
    files.push(file("scenario.yaml", &quiet.join("\n")));
    files
}

#[test]
fn parse_gives_every_object_with_its_place() {
    let answer = api::parse(ParseRequest { files: seed() }).unwrap();
    assert_eq!(answer.diagnostics, []);
    let json = serde_json::to_value(&answer).unwrap();
    let kinds: Vec<&Value> =
        json["objects"].as_array().unwrap().iter().map(|object| &object["kind"]).collect();
    assert_eq!(kinds, ["Gateway", "VirtualService", "DestinationRule", "Topology", "Scenario"]);
    let rule = &json["objects"][2];
    assert_eq!(rule["location"]["file"], "destination-rule.yaml");
    assert_eq!(rule["location"]["line"], 1);
    assert_eq!(rule["spec"]["host"], "hello-world.default.svc.cluster.local");
}

#[test]
fn check_tells_what_a_reader_and_a_translation_find() {
    let mut files = seed();
    files[2].text = RULE.replace("interval:", "intervall:");
    files[1].text = ROUTE.replace("host: hello-world", "host: goodbye-world");
    let answer = api::check(CheckRequest { files, ..CheckRequest::default() }).unwrap();
    let codes: Vec<&str> = answer.diagnostics.iter().map(|it| it.diagnostic.code).collect();
    assert!(codes.contains(&"MF0004") && codes.contains(&"MF0103"), "{:?}", answer.diagnostics);
    let error =
        api::check(CheckRequest { files: seed(), istio: Some("1.2".to_owned()), target: None });
    assert!(error.unwrap_err().message.starts_with("`istio`: "));
}

#[test]
fn the_seed_comes_as_expected() {
    let answer = api::simulate(request(seed())).unwrap();
    assert!(answer.passed, "{:?}", answer.report.expectations);
    assert_eq!((answer.scenario.as_str(), answer.report.phases.len()), ("cluster-a-down", 3));
}

#[test]
fn what_is_done_by_hand_is_what_the_scenario_would_say() {
    let written = api::simulate(request(seed())).unwrap();
    let mut by_hand = Simulation::new(request(undisturbed())).unwrap();
    let scale = |replicas: u32| -> Step {
        let step = json!({"scale": {
            "cluster": "cluster-a",
            "service": "hello-world.default.svc.cluster.local",
            "replicas": replicas,
        }});
        api::from_json(&step.to_string()).unwrap()
    };
    by_hand.step(Duration::from_secs(20));
    assert_eq!(by_hand.inject(scale(0)).unwrap().at.to_string(), "20s");
    by_hand.step(Duration::from_millis(33_333));
    by_hand.step(Duration::from_secs(40));
    by_hand.inject(scale(3)).unwrap();
    let text = by_hand.scenario().unwrap();
    assert_eq!(by_hand.run(), written);
    let mut files = undisturbed();
    files[4].text = text;
    assert_eq!(api::simulate(request(files)).unwrap(), written);
}

#[test]
fn a_step_that_cannot_be_changes_nothing() {
    let mut simulation = Simulation::new(request(seed())).unwrap();
    simulation.step(Duration::from_secs(5));
    let before = simulation.report();
    let step = api::from_json(r#"{"refuse": {"region": "europe-west9"}}"#).unwrap();
    let error = simulation.inject(step).unwrap_err();
    assert_eq!((error.code, error.diagnostics.len()), ("MF1406", 1));
    assert_eq!(simulation.report(), before);
}

#[test]
fn the_table_holds_what_the_frames_hold() {
    let report = api::simulate(request(seed())).unwrap().report;
    let mut simulation = Simulation::new(request(seed())).unwrap();
    simulation.step(simulation.duration());
    let table = simulation.frames(10);
    let frames = table.layout.frames as usize;
    assert_eq!(frames, report.frames.len() - 10);
    let layout = &table.layout;
    let columns = api::TOTAL_COLUMNS.len()
        + layout.regions.len() * api::REGION_COLUMNS.len()
        + layout.endpoints.len() * api::ENDPOINT_COLUMNS.len();
    assert_eq!(table.values.len(), frames * columns);
    let column = |index: usize| &table.values[index * frames..][..frames];
    let region = layout.regions.iter().position(|name| name == "us-central1").unwrap();
    let first = api::TOTAL_COLUMNS.len() + region * api::REGION_COLUMNS.len();
    for (index, frame) in report.frames.iter().skip(10).enumerate() {
        let known = &frame.regions["us-central1"];
        assert_eq!(column(0)[index], frame.from_ms);
        assert_eq!(column(first)[index], known.counts.requests as f64);
        assert_eq!(column(first + 4)[index], known.weight);
    }
}

#[test]
fn envoy_writes_what_the_command_line_writes() {
    let request =
        EnvoyRequest { files: seed(), from: Some("us-central1".to_owned()), ..Default::default() };
    let answer = api::envoy(request).unwrap();
    assert!(
        answer.bootstrap.contains("us-central1") && answer.bootstrap.contains("port_value: 8080")
    );
    assert_eq!(answer.eds.len(), 1);
    let request =
        EnvoyRequest { files: seed(), from: Some("mars".to_owned()), ..Default::default() };
    assert_eq!(api::envoy(request).unwrap_err().code, "MF1405");
}

#[test]
fn errors_say_where() {
    let mut files = seed();
    files[3].text = TOPOLOGY.replace("replicas: 3", "replicas: three");
    let error = api::simulate(request(files)).unwrap_err();
    assert_eq!(error.code, "MF1402");
    let place = error.diagnostics[0].location.as_ref().unwrap();
    assert_eq!(place.file, "topology.yaml");
    assert!(error.message.contains(&place.to_string()), "{error}");

    let mut files = seed();
    files[4].text = SCENARIO.replace("gateway: cluster-a", "gateway: cluster-c");
    let error = api::simulate(request(files)).unwrap_err();
    assert_eq!(error.code, "MF1405");
    assert_eq!(error.diagnostics[0].location.as_ref().unwrap().file, "scenario.yaml");

    let error = api::simulate(request(seed().into_iter().take(4).collect())).unwrap_err();
    assert_eq!(error.code, "MF1404");
    let error = api::simulate(request(seed().into_iter().take(3).collect())).unwrap_err();
    assert_eq!(error.code, "MF1403");
    let unknown = r#"{"files": [], "sede": 3}"#;
    let error = api::answer(unknown, api::simulate).unwrap_err();
    assert!(error.message.contains("unknown field `sede`"), "{error}");
    let fine = SimulateRequest {
        resolution: mesh_failover_core::manifest::GoDuration::parse("1us"),
        ..request(seed())
    };
    assert!(api::simulate(fine).unwrap_err().message.contains("too fine"));
}

const INTENT: &str = "\
apiVersion: mesh-failover.dev/v1alpha1
kind: Intent
metadata: {name: hello-world}
spec:
  host: hello-world.default.svc.cluster.local
  port: 80
  regions: [{name: europe-west1}, {name: us-central1}]
  distribute: {europe-west1: 50, us-central1: 50}
";

fn rendered(intent: &str) -> Result<api::RenderAnswer, api::Error> {
    api::render(RenderRequest { files: vec![file("intent.yaml", intent)], intent: None })
}

#[test]
fn what_is_rendered_can_be_explained() {
    let answer = rendered(INTENT).unwrap();
    assert!(answer.rendered.commands.contains("kubectl"));
    let json = serde_json::to_value(&answer).unwrap();
    let files: Vec<File> = api::from_json(&json["files"].to_string()).unwrap();
    let explained = api::explain(api::ExplainRequest {
        files,
        from: Some("europe-west1".to_owned()),
        istio: None,
    })
    .unwrap();
    assert!(!explained.explanation.clusters.is_empty());
}

#[test]
fn an_intent_that_cannot_be_rendered_says_where() {
    let error = rendered(&INTENT.replace("us-central1: 50", "us-central1: 40")).unwrap_err();
    assert_eq!(error.code, api::codes::UNREADABLE);
    assert_eq!(error.diagnostics[0].location.as_ref().unwrap().span.line, 8);
    assert_eq!(rendered(SCENARIO).unwrap_err().code, api::codes::NO_INTENT);
}
