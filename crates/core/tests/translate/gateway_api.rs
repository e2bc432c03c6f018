//! Gateways and HTTPRoutes of the Gateway API: as istiod converts them (pilot/pkg/config/kube/gateway, 1.31).

use mesh_failover_core::route::RouteMatch;

use crate::support::{TOPOLOGY, describe, table, translated};

/// The gateway pods of the topology, found by the label that istiod gives them.
fn topology() -> String {
    let gateway = "{namespace: infra, labels: {gateway.networking.k8s.io/gateway-name: gw}}";
    TOPOLOGY.replace("gateway: {}", &format!("gateway: {gateway}"))
}

const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: infra}
spec:
  gatewayClassName: istio
  listeners:
  - {name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
";

fn route(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         parentRefs: [{{name: gw, namespace: infra}}]\n{rest}"
    )
}

const TO_WEB: &str = "backendRefs: [{name: web, port: 80}]";

fn check(documents: &[&str], expect: &[&str]) {
    let topology = topology();
    let all: Vec<&str> = [topology.as_str()].into_iter().chain(documents.iter().copied()).collect();
    assert_eq!(table(&translated(&all)), expect, "{documents:#?}");
}

const WEB: &str = "* -> outbound|80||web.shop.svc.cluster.local";

#[test]
fn a_route_is_bound_where_its_parents_say() {
    let everything = format!("  rules: [{{{TO_WEB}}}]");
    let bound = route("r", &everything);
    check(&[GATEWAY, &bound], &[WEB]);
    let changes: [(&str, &str, bool); 9] = [
        ("name: gw, namespace: infra}", "name: gw}", false),
        ("namespace: infra}", "namespace: infra, sectionName: web}", true),
        ("namespace: infra}", "namespace: infra, sectionName: other}", false),
        ("namespace: infra}", "namespace: infra, port: 80}", true),
        ("namespace: infra}", "namespace: infra, port: 81}", false),
        ("namespace: infra}", "namespace: infra, kind: Gateway}", true),
        ("namespace: infra}", "namespace: infra, kind: Service, group: ''}", false),
        ("namespace: infra}", "namespace: infra, group: example.com}", false),
        ("{name: gw,", "{name: other,", false),
    ];
    for (from, to, is_bound) in changes {
        assert!(bound.contains(from));
        let expect: &[&str] = if is_bound { &[WEB] } else { &[] };
        check(&[GATEWAY, &bound.replace(from, to)], expect);
    }
}

#[test]
fn a_gateway_says_whose_routes_it_takes_and_who_serves_it() {
    let bound = route("r", &format!("  rules: [{{{TO_WEB}}}]"));
    let all = "namespaces: {from: All}";
    for (from, to, is_bound) in [
        (all, "namespaces: {from: Same}", false),
        (all, "namespaces: {from: None}", false),
        (all, "namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}", true),
        (all, "namespaces: {from: Selector, selector: {matchLabels: {team: other}}}", false),
        (all, "kinds: [{kind: HTTPRoute}], namespaces: {from: All}", true),
        (all, "kinds: [{kind: GRPCRoute}], namespaces: {from: All}", false),
        ("protocol: HTTP", "protocol: HTTPS, tls: {mode: Terminate}", true),
        ("protocol: HTTP", "protocol: TCP", false),
        ("gatewayClassName: istio", "gatewayClassName: nginx", false),
        ("name: gw,", "name: other,", false),
        ("namespace: infra", "namespace: default", false),
    ] {
        assert!(GATEWAY.contains(from));
        let expect: &[&str] = if is_bound { &[WEB] } else { &[] };
        let namespace =
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: shop}}\n";
        check(&[&GATEWAY.replace(from, to), &bound, namespace], expect);
    }
}

#[test]
fn an_address_names_gateway_pods_that_are_there() {
    let bound = route("r", &format!("  rules: [{{{TO_WEB}}}]"));
    let named = |host: &str| format!("{GATEWAY}  addresses: [{{type: Hostname, value: {host}}}]\n");
    let topology = TOPOLOGY.replace("gateway: {}", "gateway: {namespace: infra}");
    let all = |gateway: &str| table(&translated(&[&topology, gateway, &bound])).len();
    assert_eq!(all(GATEWAY), 0, "the pods have no label of the Gateway's");
    assert_eq!(all(&named("istio-ingressgateway.infra.svc.cluster.local")), 1);
    assert_eq!(all(&named("istio-ingressgateway")), 1);
    assert_eq!(all(&named("other.infra.svc.cluster.local")), 0);
}

/// A rule to a port of its own, so that one can be told from another.
fn rule(port: u32, matches: &str) -> String {
    format!("  - {{matches: [{matches}], backendRefs: [{{name: web, port: {port}}}]}}\n")
}

#[test]
fn the_most_specific_match_goes_first_whatever_the_order() {
    let older = [
        rule(80, "{path: {type: RegularExpression, value: /b.*}}"),
        rule(81, "{path: {value: /a}}"),
        rule(82, "{path: {type: Exact, value: /a/b}}, {path: {value: /a/b/c/}}"),
    ];
    let younger = [
        rule(83, "{path: {value: /a}, headers: [{name: X-Canary, value: 'yes'}]}"),
        rule(84, "{path: {value: /a}, method: GET}"),
        rule(85, "{path: {type: RegularExpression, value: /a.*}}"),
    ];
    let topology = topology();
    let [older, younger] = [("a", older), ("b", younger)]
        .map(|(name, rules)| route(name, &format!("  rules:\n{}", rules.concat())));
    let found = translated(&[&topology, GATEWAY, &younger, &older]);
    let hosts = found.listeners.iter().flat_map(|it| &it.virtual_hosts);
    let routes = hosts.flat_map(|host| &host.routes).map(|route| {
        let RouteMatch { path, headers, .. } = &route.matcher;
        let place = route.place.as_ref().unwrap();
        let headers: Vec<&str> = headers.iter().map(|it| it.name.as_str()).collect();
        format!("{path:?} {headers:?}: {} of document {}", place.path, place.document)
    });
    assert_eq!(
        routes.collect::<Vec<_>>(),
        [
            "Exact(\"/a/b\") []: spec.rules[2].matches[0] of document 3",
            "PathSeparatedPrefix(\"/a/b/c\") []: spec.rules[2].matches[1] of document 3",
            "PathSeparatedPrefix(\"/a\") [\":method\"]: spec.rules[1].matches[0] of document 2",
            "PathSeparatedPrefix(\"/a\") [\"x-canary\"]: spec.rules[0].matches[0] of document 2",
            "PathSeparatedPrefix(\"/a\") []: spec.rules[1].matches[0] of document 3",
            "Regex(\"/b.*\") []: spec.rules[0].matches[0] of document 3",
            "Regex(\"/a.*\") []: spec.rules[2].matches[0] of document 2",
        ]
    );
}

#[test]
fn rules_do_what_istiod_makes_of_them() {
    let rules = "  hostnames: [a.example.com]
  rules:
  - matches: [{path: {value: /weights}}]
    backendRefs: [{name: web, port: 80, weight: 3}, {name: web, port: 81}, {name: web, port: 82, weight: 0}]
    timeouts: {request: 10s, backendRequest: 2s}
    retry: {codes: [503], attempts: 3}
  - matches: [{path: {value: /attempt}}]
    backendRefs: [{name: web, port: 80}]
    timeouts: {backendRequest: 2s}
  - matches: [{path: {value: /nothing}}]
  - matches: [{path: {value: /redirect}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example.com, path: {type: ReplaceFullPath, replaceFullPath: /b}}}]
  - matches: [{path: {value: /host}}]
    backendRefs: [{group: networking.istio.io, kind: Hostname, name: web.shop.svc.cluster.local, port: 80}]
";
    insta::assert_snapshot!(describe(&translated(&[&topology(), GATEWAY, &route("r", rules)])));
}

#[test]
fn what_istiod_drops_is_said() {
    for (rules, message) in [
        ("{backendRefs: [{name: web}]}", "port is required in backendRef"),
        (
            "{backendRefs: [{name: web.shop, port: 80}]}",
            "service name invalid; the name of the Service must be used, not the hostname.",
        ),
        ("{filters: [{type: ExtensionRef}]}", "unsupported filter type \"ExtensionRef\""),
    ] {
        let found =
            translated(&[&topology(), GATEWAY, &route("r", &format!("  rules: [{rules}]"))]);
        let said: Vec<&str> = found.diagnostics.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(said, [format!("istiod drops HTTPRoute `shop/r`: {message}")]);
    }
    let other =
        route("r", &format!("  rules: [{{{TO_WEB}}}]")).replace("name: gw,", "name: none-such,");
    let found = translated(&[&topology(), GATEWAY, &other]);
    assert_eq!(
        found.diagnostics[0].message,
        "HTTPRoute `shop/r` names Gateway `infra/none-such`, which does not exist: nothing leads to it"
    );
}

#[test]
fn of_rules_for_everything_the_first_counts_whether_it_says_so_or_not() {
    let topology = topology();
    for (first, second) in [("", "{path: {value: /}}"), ("{path: {value: /}}", ""), ("", "")] {
        let [first, second] = [(80, first), (81, second)]
            .map(|(port, matches)| rule(port, matches).replace("matches: [], ", ""));
        let both = route("r", &format!("  rules:\n{first}{second}"));
        let found = table(&translated(&[&topology, GATEWAY, &both]));
        assert_eq!(found, [WEB]);
    }
    // Expressions come after prefixes, and `/` is one: the API server writes it where no match is.
    let regex = rule(81, "{path: {type: RegularExpression, value: /a.*}}");
    let both = route("r", &format!("  rules:\n{regex}  - {{{TO_WEB}}}\n"));
    assert_eq!(table(&translated(&[&topology, GATEWAY, &both])), [WEB]);
}
