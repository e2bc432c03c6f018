//! istiod's own messages, letter by letter, each at the field it is about.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

mod more;

use mesh_failover_core::check::{Input, Target, check};
use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::translate::IstioVersion;

/// What istiod says of a text: path and message, in the order of the text.
fn said(text: &str) -> Vec<(String, String)> {
    let sources = [Source { name: "a.yaml", text }];
    let (manifests, diagnostics) = read(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let found = check(&Input {
        manifests: &manifests,
        sources: &sources,
        version: IstioVersion::NEWEST,
        target: Target::Istio,
        live: &[],
    });
    let found = found.into_iter().filter(|it| ["MF1101", "MF1102"].contains(&it.diagnostic.code));
    found.map(|it| (it.diagnostic.path, it.istiod.unwrap())).collect()
}

/// `parts` go into the one route of a VirtualService.
fn of_route(part: &str) -> Vec<(String, String)> {
    said(&format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: shop}}\nspec:\n  hosts: [a.example.com]\n  \
         gateways: [gw]\n  http:\n  - {{route: [{{destination: {{host: a}}}}], {part}}}\n"
    ))
}

fn of_rule(part: &str) -> Vec<(String, String)> {
    said(&format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: a, namespace: shop}}\nspec: {{host: a, {part}}}\n"
    ))
}

fn of_server(tls: &str) -> Vec<(String, String)> {
    said(&format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: a, namespace: shop}}\nspec:\n  selector: {{a: b}}\n  servers:\n  \
         - {{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: ['*'], tls: {{{tls}}}}}\n"
    ))
}

fn of_plugin(part: &str) -> Vec<(String, String)> {
    said(&format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: a, namespace: shop}}\nspec: {{url: 'oci://a/b@sha256:c', \
         failStrategy: FAIL_OPEN, {part}}}\n"
    ))
}

/// `part` goes into the VirtualService itself, which has one HTTP route.
fn of_service(part: &str) -> Vec<(String, String)> {
    said(&format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: shop}}\nspec:\n  hosts: ['*.example.com']\n  \
         http: [{{route: [{{destination: {{host: a}}}}]}}]\n  {part}\n"
    ))
}

type Ask = fn(&str) -> Vec<(String, String)>;

fn table(ask: Ask, rows: &[(&str, &str, &str)]) {
    for (part, path, message) in rows {
        let said = ask(part);
        let wanted: &[(String, String)] = &[((*path).to_owned(), (*message).to_owned())];
        assert_eq!(said, if message.is_empty() { &[] } else { wanted }, "{part}");
    }
}

type Row = (&'static str, &'static str, &'static str);

const OF_ROUTES: &[Row] = &[
    (
        "corsPolicy: {allowOrigins: [{exact: a}], allowMethods: [GET, '*'], allowHeaders: [x-a, '*'], maxAge: 24h}",
        "",
        "",
    ),
    (
        "corsPolicy: {allowOrigins: [{}]}",
        "spec.http[0].corsPolicy.allowOrigins[0]",
        "'' is not a valid match type for CORS allow origins",
    ),
    (
        "corsPolicy: {allowMethods: [get]}",
        "spec.http[0].corsPolicy.allowMethods[0]",
        "\"get\" is not a supported HTTP method",
    ),
    (
        "corsPolicy: {exposeHeaders: ['a b']}",
        "spec.http[0].corsPolicy.exposeHeaders[0]",
        "header name a b is not a valid header name",
    ),
    (
        "corsPolicy: {maxAge: 1500ms}",
        "spec.http[0].corsPolicy.maxAge",
        "max_age duration is accurate only to seconds precision",
    ),
    (
        "fault: {abort: {httpStatus: 503, percentage: {value: 50}}, delay: {fixedDelay: 1s, percentage: {value: 0.1}}}",
        "",
        "",
    ),
    ("fault: {}", "spec.http[0].fault", "HTTP fault injection must have an abort and/or a delay"),
    (
        "fault: {abort: {percentage: {value: 5}}}",
        "spec.http[0].fault.abort",
        "abort configured, but error type not set",
    ),
    (
        "fault: {abort: {httpStatus: 99}}",
        "spec.http[0].fault.abort.httpStatus",
        "HTTP status 99 is not in range 200-599",
    ),
    (
        "fault: {abort: {http2Error: X}}",
        "spec.http[0].fault.abort.http2Error",
        "HTTP/2 abort fault injection not supported yet",
    ),
    (
        "fault: {delay: {fixedDelay: 0s}}",
        "spec.http[0].fault.delay.fixedDelay",
        "duration must be greater than 1ms",
    ),
    (
        "fault: {delay: {fixedDelay: 1s, percentage: {value: 101}}}",
        "spec.http[0].fault.delay.percentage",
        "percentage 101 is neither 0.0, nor in range [0.0001, 100.0]",
    ),
    ("mirrors: [{destination: {host: b}, percentage: {value: 10}}]", "", ""),
    (
        "mirrors: [{percentage: {value: 10}}]",
        "spec.http[0].mirrors[0]",
        "destination is required for mirrors",
    ),
    (
        "mirrors: [{destination: {host: b}, percentage: {value: 110}}]",
        "spec.http[0].mirrors[0].percentage",
        "mirror percentage must have a max value of 100 (it has 110.000000)",
    ),
    ("mirror: {host: '*'}", "spec.http[0].mirror.host", "invalid destination host *"),
    (
        "mirrorPercent: 10",
        "spec.http[0].mirrorPercent",
        "using deprecated setting \"mirrorPercent\", use \"mirrorPercentage\" instead",
    ),
    (
        "rewrite: {}",
        "spec.http[0].rewrite",
        "rewrite must specify at least one of URI, UriRegexRewrite, or authority. Only one of URI or UriRegexRewrite may be specified",
    ),
];

#[test]
fn of_routes() {
    table(of_route, OF_ROUTES);
}

#[test]
fn of_rules() {
    table(
        of_rule,
        &[
            (
                "exportTo: ['.', shop]",
                "spec.exportTo[1]",
                "duplicate entries in exportTo for entry shop",
            ),
            (
                "exportTo: ['*', web]",
                "spec.exportTo",
                "cannot have both public (*) and non-public exportTo values for a resource",
            ),
            (
                "workloadSelector: {matchLabels: {app: 'a*'}}",
                "spec.workloadSelector",
                "wildcard is not supported in selector: \"app=a*\"",
            ),
            (
                "subsets: [{name: v1, labels: {'a b': c}}]",
                "spec.subsets[0].labels",
                "invalid tag key: \"a b\"",
            ),
            (
                "trafficPolicy: {tls: {mode: SIMPLE, credentialName: a, caCertificates: /a}}",
                "spec.trafficPolicy.tls",
                "cannot specify client certificates or CA certificate or CA CRL If credentialName is set",
            ),
            (
                "trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /a}}",
                "spec.trafficPolicy.tls",
                "private key required for mutual tls",
            ),
            ("trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", "", ""),
        ],
    );
}

#[test]
fn of_servers() {
    table(
        of_server,
        &[
            ("mode: SIMPLE, credentialName: a", "", ""),
            (
                "mode: SIMPLE, serverCertificate: /a",
                "spec.servers[0].tls",
                "SIMPLE TLS requires a private key",
            ),
            (
                "mode: MUTUAL, serverCertificate: /a, privateKey: /b",
                "spec.servers[0].tls",
                "MUTUAL TLS requires a client CA bundle",
            ),
            (
                "mode: PASSTHROUGH, credentialName: a",
                "spec.servers[0].tls",
                "PASSTHROUGH mode does not use certificates, they will be ignored",
            ),
            (
                "mode: ISTIO_MUTUAL, credentialName: a",
                "spec.servers[0].tls.credentialName",
                "ISTIO_MUTUAL TLS cannot have associated credentialName",
            ),
            (
                "mode: SIMPLE, credentialName: a, credentialNames: [b]",
                "spec.servers[0].tls",
                "only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified",
            ),
            (
                "mode: SIMPLE, credentialName: a, minProtocolVersion: TLSV1_0",
                "spec.servers[0].tls.minProtocolVersion",
                "TLS version below TLSV1_2 require setting compatible ciphers as by default they no longer include compatible ciphers.",
            ),
        ],
    );
}

#[test]
fn of_plugins() {
    table(
        of_plugin,
        &[
            ("vmConfig: {env: [{name: A, value: b}]}, match: [{ports: [{number: 80}]}]", "", ""),
            ("vmConfig: {env: [{value: b}]}", "spec.vmConfig.env[0]", "spec.vmConfig.env invalid"),
            ("vmConfig: {env: [{name: A}, {name: A}]}", "spec.vmConfig.env[1]", "duplicate env"),
            (
                "vmConfig: {env: [{name: A, value: b, valueFrom: HOST}]}",
                "spec.vmConfig.env[0]",
                "value may only be set when valueFrom is INLINE",
            ),
            (
                "match: [{ports: [{number: 0}]}]",
                "spec.match[0].ports[0]",
                "spec.Match[0].Ports[0] is out of range: 0",
            ),
            (
                "targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: a, namespace: b}]",
                "spec.targetRefs[0].namespace",
                "targetRef namespace must not be set; cross namespace referencing is not supported",
            ),
        ],
    );
}
