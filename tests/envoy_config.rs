//! The real Envoy accepts every field that the configuration writer can set, and reads back what was meant.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mesh_failover_core::cluster::{
    Address, CircuitBreakers, Cluster, ClusterLoadAssignment, DiscoveryType, HealthStatus,
    HttpProtocolOptions, LbEndpoint, LbPolicy, LocalityLbEndpoints, OutlierDetection, RetryBudget,
    SlowStart, ZoneAwareLbConfig,
};
use mesh_failover_core::envoy::{self, Options};
use mesh_failover_core::locality::Locality;
use mesh_failover_core::route::{
    Forward, HashPolicy, HeaderMatcher, HeaderOperations, Listener, PathMatch,
    QueryParameterMatcher, RetryPolicy, Route, RouteAction, RouteMatch, StringMatch, VirtualHost,
    WeightedCluster,
};
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::translate::Translation;
use mesh_failover_core::units::{Percent, Priority};
use mesh_failover_harness::find;

/// Writes the configuration to a folder and lets Envoy check it without running it.
fn validate(folder: &Path, translation: &Translation, options: Options) -> anyhow::Result<()> {
    let eds = folder.join("eds");
    std::fs::create_dir_all(&eds)?;
    let options = Options { eds_dir: eds.display().to_string(), ..options };
    let rendered = envoy::render(translation, &options);
    for (name, text) in &rendered.eds {
        std::fs::write(eds.join(name), text)?;
    }
    let bootstrap = folder.join("envoy.yaml");
    std::fs::write(&bootstrap, &rendered.bootstrap)?;
    let output = Command::new(find::envoy()?)
        .args(["--mode", "validate", "--use-dynamic-base-id", "--log-level", "warn", "-c"])
        .arg(&bootstrap)
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{log}\n{}", rendered.bootstrap);
    Ok(())
}

fn address(port: u16) -> Address {
    Address { host: "127.0.0.1".to_owned(), port }
}

fn cluster(name: &str) -> Cluster {
    let endpoint = |index: u16, health_status| LbEndpoint {
        name: format!("cluster-a-{index}"),
        address: address(20_000 + index),
        health_status,
        load_balancing_weight: 3,
        labels: SortedMap::new(),
    };
    let group = LocalityLbEndpoints {
        locality: Some(Locality::parse("europe-west1/europe-west1-b/rack-1")),
        priority: Priority(0),
        load_balancing_weight: Some(50),
        lb_endpoints: vec![
            endpoint(0, HealthStatus::Healthy),
            endpoint(1, HealthStatus::Unhealthy),
            endpoint(2, HealthStatus::Draining),
            endpoint(3, HealthStatus::Degraded),
        ],
    };
    let nowhere = LocalityLbEndpoints { priority: Priority(1), ..LocalityLbEndpoints::default() };
    Cluster {
        name: name.to_owned(),
        discovery: DiscoveryType::Eds,
        connect_timeout: Duration::from_secs(10),
        lb_policy: LbPolicy::LeastRequest { choice_count: None, slow_start: None },
        locality_weighted: false,
        zone_aware: None,
        healthy_panic_threshold: None,
        update_merge_window: None,
        outlier_detection: None,
        circuit_breakers: CircuitBreakers::UNLIMITED,
        http: HttpProtocolOptions::default(),
        load_assignment: ClusterLoadAssignment {
            cluster_name: name.to_owned(),
            endpoints: vec![group, nowhere],
        },
    }
}

fn every_outlier_field() -> OutlierDetection {
    OutlierDetection {
        consecutive_5xx: Some(1),
        enforcing_consecutive_5xx: Some(100),
        consecutive_gateway_failure: Some(2),
        enforcing_consecutive_gateway_failure: Some(100),
        split_external_local_origin_errors: true,
        consecutive_local_origin_failure: Some(3),
        enforcing_consecutive_local_origin_failure: Some(100),
        interval: Some(Duration::from_secs(1)),
        base_ejection_time: Some(Duration::from_millis(1_500)),
        max_ejection_time: Some(Duration::from_secs(300)),
        max_ejection_time_jitter: Some(Duration::from_secs(1)),
        max_ejection_percent: Some(100),
        always_eject_one_host: Some(true),
        enforcing_success_rate: Some(0),
        enforcing_local_origin_success_rate: Some(0),
        success_rate_minimum_hosts: Some(5),
        success_rate_request_volume: Some(100),
        success_rate_stdev_factor: Some(1_900),
        failure_percentage_threshold: Some(85),
        enforcing_failure_percentage: Some(0),
        enforcing_failure_percentage_local_origin: Some(0),
        failure_percentage_minimum_hosts: Some(5),
        failure_percentage_request_volume: Some(50),
        successful_active_health_check_uneject_host: Some(true),
        error_statuses: vec![429, 503],
    }
}

/// One cluster for every balancer.
fn every_policy() -> Vec<Cluster> {
    let ramp = SlowStart {
        window: Duration::from_secs(30),
        aggression: Some(1.5),
        min_weight_percent: Percent::new(20),
    };
    let policies = [
        LbPolicy::RoundRobin { slow_start: Some(ramp.clone()) },
        LbPolicy::LeastRequest { choice_count: Some(4), slow_start: Some(ramp) },
        LbPolicy::Random,
        LbPolicy::RingHash { minimum_ring_size: 1_024 },
        LbPolicy::Maglev { table_size: Some(65_537) },
    ];
    policies
        .into_iter()
        .enumerate()
        .map(|(index, lb_policy)| Cluster { lb_policy, ..cluster(&format!("policy-{index}")) })
        .collect()
}

/// One cluster for every way to write one.
fn every_cluster() -> Vec<Cluster> {
    let mut clusters = every_policy();
    let http2 = HttpProtocolOptions {
        http2: true,
        max_concurrent_streams: Some(10),
        idle_timeout: Some(Duration::from_secs(60)),
        max_connection_duration: Some(Duration::from_secs(600)),
        max_requests_per_connection: Some(1),
        ..HttpProtocolOptions::default()
    };
    let client = HttpProtocolOptions { use_client_protocol: true, ..Default::default() };
    let budget = RetryBudget {
        budget_percent: 20.0,
        min_retry_concurrency: 3,
        budget_interval: Some(Duration::from_secs(1)),
    };
    clusters.extend([
        Cluster {
            locality_weighted: true,
            healthy_panic_threshold: Some(Percent::ZERO),
            update_merge_window: Some(Duration::ZERO),
            outlier_detection: Some(every_outlier_field()),
            circuit_breakers: CircuitBreakers {
                retry_budget: Some(budget),
                ..CircuitBreakers::UNLIMITED
            },
            http: http2,
            ..cluster("outbound|80|v1|hello-world.default.svc.cluster.local")
        },
        Cluster {
            zone_aware: Some(ZoneAwareLbConfig {
                routing_enabled: Some(Percent::ZERO),
                min_cluster_size: Some(2),
            }),
            outlier_detection: Some(OutlierDetection {
                error_statuses: vec![500],
                ..OutlierDetection::default()
            }),
            http: client,
            ..cluster("zone-aware")
        },
        Cluster { discovery: DiscoveryType::StrictDns, ..cluster("strict-dns") },
        Cluster { discovery: DiscoveryType::Static, ..cluster("static") },
        Cluster {
            discovery: DiscoveryType::OriginalDst,
            lb_policy: LbPolicy::ClusterProvided,
            load_assignment: ClusterLoadAssignment::default(),
            ..cluster("original-dst")
        },
    ]);
    let mut logical = Cluster { discovery: DiscoveryType::LogicalDns, ..cluster("logical-dns") };
    logical.load_assignment.endpoints.truncate(1);
    logical.load_assignment.endpoints[0].lb_endpoints.truncate(1);
    clusters.push(logical);
    clusters
}

fn header(name: &str, value: StringMatch, invert: bool) -> HeaderMatcher {
    HeaderMatcher { name: name.to_owned(), value, invert }
}

fn every_match() -> Vec<RouteMatch> {
    let values = [
        StringMatch::Present,
        StringMatch::Exact("a".to_owned()),
        StringMatch::Prefix("a".to_owned()),
        StringMatch::Regex("a.*".to_owned()),
    ];
    let headers = values.iter().flat_map(|value| {
        [header("x-mesh-region", value.clone(), false), header("x-other", value.clone(), true)]
    });
    let query_parameters = values
        .iter()
        .map(|value| QueryParameterMatcher { name: "q".to_owned(), value: value.clone() });
    vec![
        RouteMatch {
            path: PathMatch::Exact("/exact".to_owned()),
            headers: headers.collect(),
            ..RouteMatch::default()
        },
        RouteMatch {
            path: PathMatch::Regex("/re.*".to_owned()),
            query_parameters: query_parameters.collect(),
            ..RouteMatch::default()
        },
        RouteMatch { ignore_case: true, ..RouteMatch::default() },
    ]
}

fn every_action() -> Vec<RouteAction> {
    let operations = HeaderOperations {
        set: vec![("x-set".to_owned(), "true".to_owned())],
        add: vec![("x-add".to_owned(), "1".to_owned())],
        remove: vec!["x-gone".to_owned()],
    };
    let cluster = |name: &str, weight| WeightedCluster { name: name.to_owned(), weight };
    let retry_policy = RetryPolicy {
        retry_on: "connect-failure,retriable-status-codes".to_owned(),
        num_retries: 2,
        retriable_status_codes: vec![503],
        per_try_timeout: Some(Duration::from_millis(200)),
        avoid_previous_hosts: true,
        host_selection_retry_max_attempts: Some(5),
        previous_priorities: Some(2),
        base_interval: Some(Duration::from_millis(25)),
    };
    let hash_policy = vec![
        HashPolicy::Header("x-user".to_owned()),
        HashPolicy::Cookie {
            name: "session".to_owned(),
            path: Some("/".to_owned()),
            ttl: Some(Duration::ZERO),
        },
        HashPolicy::QueryParameter("user".to_owned()),
        HashPolicy::SourceIp,
    ];
    let plain = Forward {
        clusters: vec![cluster("policy-0", 1)],
        missing_cluster_status: 503,
        timeout: None,
        retry_policy: None,
        hash_policy: Vec::new(),
        request_headers: HeaderOperations::default(),
        response_headers: HeaderOperations::default(),
        path_rewrite: None,
        authority_rewrite: None,
    };
    let full = Forward {
        clusters: vec![cluster("policy-0", 1), cluster("policy-1", 3)],
        missing_cluster_status: 500,
        timeout: Some(Duration::from_secs(5)),
        retry_policy: Some(retry_policy),
        hash_policy,
        request_headers: operations.clone(),
        response_headers: operations,
        path_rewrite: Some("/other".to_owned()),
        authority_rewrite: Some("other.example.com".to_owned()),
    };
    vec![
        RouteAction::Forward(Box::new(full)),
        RouteAction::Redirect {
            status: 308,
            authority: Some("example.com".to_owned()),
            path: Some("/there".to_owned()),
            scheme: Some("https".to_owned()),
            port: Some(8443),
        },
        RouteAction::DirectResponse { status: 418, body: Some("no".to_owned()) },
        RouteAction::DirectResponse { status: 204, body: None },
        RouteAction::Forward(Box::new(plain)),
    ]
}

fn everything() -> Translation {
    let matches = every_match().into_iter().map(|matcher| (matcher, 0));
    let actions = (0..every_action().len()).map(|index| (RouteMatch::default(), index));
    let routes = matches
        .chain(actions)
        .map(|(matcher, action)| Route {
            name: format!("route-{action}"),
            matcher,
            action: every_action().swap_remove(action),
            place: None,
        })
        .collect();
    let host = VirtualHost {
        name: "*:80".to_owned(),
        domains: vec!["*".to_owned()],
        require_tls: false,
        routes,
    };
    let listener = |port, tls| Listener {
        port,
        bind: None,
        route_name: format!("http.{port}"),
        tls,
        virtual_hosts: vec![host.clone()],
    };
    let secure = |name: &str| Listener {
        virtual_hosts: vec![VirtualHost {
            name: format!("{name}:443"),
            domains: vec![name.to_owned()],
            require_tls: true,
            ..host.clone()
        }],
        ..listener(443, Some(vec![name.to_owned()]))
    };
    Translation {
        listeners: vec![listener(80, None), secure("a.example.com"), secure("b.example.com")],
        clusters: every_cluster(),
        ..Translation::default()
    }
}

#[test]
fn envoy_accepts_every_field() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        access_log: Some("/dev/null".to_owned()),
        outlier_log: Some("/dev/null".to_owned()),
        ..Options::default()
    };
    validate(folder.path(), &everything(), options).unwrap();
}

/// The check above could not fail if Envoy let anything pass.
#[test]
fn envoy_refuses_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = everything();
    wrong.clusters[0].name = String::new();
    let error = validate(folder.path(), &wrong, Options::default()).unwrap_err().to_string();
    assert!(error.contains("name"), "{error}");
}
