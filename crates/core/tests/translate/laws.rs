//! What holds for every input.

use mesh_failover_core::cluster::{
    Address, ClusterLoadAssignment, HealthStatus, LbEndpoint, LocalityLbEndpoints,
};
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::{Distribute, Failover, LocalityLoadBalancerSetting};
use mesh_failover_core::sorted::SortedSet;
use mesh_failover_core::translate::{LbSetting, Proxy, Translation, apply_locality_load_balancer};
use mesh_failover_core::units::Priority;
use proptest::prelude::*;

use crate::support::{GATEWAY, TOPOLOGY, translated};

fn place() -> impl Strategy<Value = String> {
    ("[ab]", "[xy]?", "[st]?").prop_map(|(region, zone, sub)| {
        format!("{region}/{zone}/{sub}").trim_end_matches('/').to_owned()
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![place(), Just("*".to_owned()), Just("a/*".to_owned())]
}

fn setting() -> impl Strategy<Value = LocalityLoadBalancerSetting> {
    let distribute = (key(), prop::collection::btree_map(key(), 1_u32..=100, 1..4))
        .prop_map(|(from, to)| Distribute { from, to: to.into() });
    let failover = ("[abc]", "[abc]").prop_map(|(from, to)| Failover { from, to });
    let labels = prop::sample::select(vec!["v", "topology.istio.io/network", "v=1"]);
    (
        prop::collection::vec(distribute, 0..3),
        prop::collection::vec(failover, 0..3),
        prop::collection::vec(labels.prop_map(str::to_owned), 0..3),
    )
        .prop_map(|(distribute, failover, failover_priority)| LocalityLoadBalancerSetting {
            distribute,
            failover,
            failover_priority,
            enabled: None,
        })
}

/// Groups with distinct places, each endpoint with its own address.
fn assignment() -> impl Strategy<Value = ClusterLoadAssignment> {
    let endpoint = (1_u32..50, "[12]", "[12]");
    let group = prop::collection::vec(endpoint, 1..4);
    prop::collection::btree_map(place(), group, 1..6).prop_map(|groups| {
        let endpoints = groups.into_iter().map(|(place, endpoints)| LocalityLbEndpoints {
            locality: Some(Locality::parse(&place)),
            priority: Priority(0),
            load_balancing_weight: Some(endpoints.iter().map(|(weight, ..)| weight).sum()),
            lb_endpoints: (0_u16..)
                .zip(endpoints)
                .map(|(port, (weight, version, network))| LbEndpoint {
                    name: format!("{place}-{port}"),
                    address: Address { host: place.clone(), port },
                    health_status: HealthStatus::Healthy,
                    load_balancing_weight: weight,
                    labels: [("v", version), ("topology.istio.io/network", network)]
                        .map(|(key, value)| (key.to_owned(), value))
                        .into(),
                })
                .collect(),
        });
        ClusterLoadAssignment { cluster_name: String::new(), endpoints: endpoints.collect() }
    })
}

fn applied(
    assignment: &ClusterLoadAssignment,
    place: &str,
    setting: &LocalityLoadBalancerSetting,
) -> ClusterLoadAssignment {
    let proxy = Proxy {
        locality: Locality::parse(place),
        labels: [("v".to_owned(), "1".to_owned())].into(),
        ..Proxy::default()
    };
    let mut assignment = assignment.clone();
    let setting = LbSetting::Locality { setting: setting.clone(), force: false };
    apply_locality_load_balancer(&mut assignment, &proxy, &setting, true);
    assignment
}

fn hosts(assignment: &ClusterLoadAssignment) -> Vec<&Address> {
    let mut hosts: Vec<_> = assignment
        .endpoints
        .iter()
        .flat_map(|group| &group.lb_endpoints)
        .map(|host| &host.address)
        .collect();
    hosts.sort();
    hosts
}

/// What each host gets: its priority and its group's weight.
fn fate(assignment: &ClusterLoadAssignment) -> SortedSet<(&Address, Priority, Option<u32>)> {
    let groups = assignment.endpoints.iter();
    groups
        .flat_map(|group| {
            let of_group = move |host| (host, group.priority, group.load_balancing_weight);
            group.lb_endpoints.iter().map(|host| &host.address).map(of_group)
        })
        .collect()
}

proptest! {
    #[test]
    fn priorities_have_no_gaps(
        before in assignment(), place in place(), setting in setting()
    ) {
        let after = applied(&before, &place, &setting);
        let used: SortedSet<u32> = after.endpoints.iter().map(|group| group.priority.0).collect();
        prop_assert!(used.iter().copied().eq(0..used.len() as u32), "{used:?}");
    }

    #[test]
    fn hosts_are_never_invented_and_only_distribute_takes_them_away(
        before in assignment(), place in place(), setting in setting()
    ) {
        let after = applied(&before, &place, &setting);
        let (had, has) = (hosts(&before), hosts(&after));
        if setting.distribute.is_empty() {
            prop_assert_eq!(had, has);
        } else {
            prop_assert!(has.iter().all(|host| had.contains(host)));
            prop_assert_eq!(after.endpoints.len(), before.endpoints.len(), "emptied groups stay");
        }
    }

    #[test]
    fn the_order_of_groups_does_not_matter(
        before in assignment(), place in place(), setting in setting()
    ) {
        let mut backwards = before.clone();
        backwards.endpoints.reverse();
        let (one, other) =
            (applied(&before, &place, &setting), applied(&backwards, &place, &setting));
        prop_assert_eq!(fate(&one), fate(&other));
    }

    #[test]
    fn shares_of_distribute_are_kept_up_to_rounding(
        before in assignment(), place in place(), weight in 1_u32..=100
    ) {
        let to = [("a".to_owned(), weight)].into();
        let distribute = vec![Distribute { from: "*".to_owned(), to }];
        let setting = LocalityLoadBalancerSetting { distribute, ..Default::default() };
        let after = applied(&before, &place, &setting);
        let in_a = |group: &&LocalityLbEndpoints| {
            group.locality.as_ref().is_some_and(|place| place.region == "a")
        };
        let groups: Vec<_> = after.endpoints.iter().filter(in_a).collect();
        let sum: u32 = groups.iter().filter_map(|group| group.load_balancing_weight).sum();
        // Each part is rounded up.
        let rounding = groups.len() as u32;
        prop_assert!(groups.is_empty() || (weight..weight + rounding).contains(&sum), "{}", sum);
    }

    #[test]
    fn nearer_places_never_come_later(before in assignment(), place in place()) {
        let setting = LocalityLoadBalancerSetting::default();
        let after = applied(&before, &place, &setting);
        let own = Locality::parse(&place);
        let distance = |group: &LocalityLbEndpoints| {
            let place = group.locality.clone().unwrap_or_default();
            mesh_failover_core::locality::lb_priority(&own, &place)
        };
        for one in &after.endpoints {
            for other in &after.endpoints {
                prop_assert!(distance(one) > distance(other) || one.priority <= other.priority);
            }
        }
    }

    #[test]
    fn the_order_of_documents_does_not_matter(order in Just(documents()).prop_shuffle()) {
        let texts: Vec<&str> = order.iter().map(String::as_str).collect();
        let sorted = documents();
        let reference: Vec<&str> = sorted.iter().map(String::as_str).collect();
        let (one, other) = (translated(&texts), translated(&reference));
        prop_assert_eq!(without_documents(one), without_documents(other));
    }
}

/// Documents are counted as they come.
fn without_documents(mut translation: Translation) -> Translation {
    for origin in translation.origins.values_mut() {
        origin.destination_rule = origin.destination_rule.map(|_| 0);
        for place in [
            &mut origin.outlier_detection,
            &mut origin.load_balancer,
            &mut origin.connection_pool,
            &mut origin.lb_setting_place,
            &mut origin.service,
        ] {
            place.iter_mut().for_each(|place| place.document = 0);
        }
    }
    let hosts = translation.listeners.iter_mut().flat_map(|it| &mut it.virtual_hosts);
    for route in hosts.flat_map(|host| &mut host.routes) {
        route.place.iter_mut().for_each(|place| place.document = 0);
    }
    translation
}

/// Rules that meet: two DestinationRules and two VirtualServices of one host.
fn documents() -> Vec<String> {
    let rule = |name: &str, requests: u32| {
        format!(
            "kind: DestinationRule\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{host: web, subsets: [{{name: {name}}}], trafficPolicy: {{outlierDetection: {{}}, connectionPool: {{http: {{http2MaxRequests: {requests}}}}}}}}}"
        )
    };
    let service = |name: &str, path: &str| {
        format!(
            "kind: VirtualService\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{hosts: ['*'], gateways: [infra/gw], http: [{{match: [{{uri: {{prefix: {path}}}}}], route: [{{destination: {{host: web, subset: {name}}}}}]}}]}}"
        )
    };
    let gateway = GATEWAY.replace("name: gw", "name: other");
    let entry = "kind: ServiceEntry\nmetadata: {name: api, namespace: shop}\nspec: {hosts: [api.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}";
    vec![
        TOPOLOGY.to_owned(),
        GATEWAY.to_owned(),
        gateway,
        rule("one", 1),
        rule("two", 2),
        service("one", "/a"),
        service("two", "/b"),
        entry.to_owned(),
    ]
}
