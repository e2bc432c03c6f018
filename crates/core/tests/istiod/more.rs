//! Conditions of objects, routes below HTTP, services, ciphers.

use super::*;

/// pkg/config/validation/virtualservice.go `validateHTTPRouteMatchRequest`, `validateHTTPRouteConflict`; Go's words about regular
/// expressions, regexp/syntax.
const OF_CONDITIONS: &[Row] = &[
    (
        "match: [{uri: {prefix: ''}, headers: {x-a: {regex: '^(a|b)$'}}, withoutHeaders: {x-b: {regex: '*'}}, port: 443}]",
        "",
        "",
    ),
    (
        "match: [{headers: {x-a: {prefix: ''}}}]",
        "spec.http[0].match[0].headers.x-a",
        "\"headers\": prefix string match should not be empty",
    ),
    (
        "match: [{uri: {regex: ''}}]",
        "spec.http[0].match[0].uri",
        "\"uri\": regex string match should not be empty",
    ),
    (
        "match: [{authority: {regex: '*.example.com'}}]",
        "spec.http[0].match[0].authority",
        "\"authority\": error parsing regexp: missing argument to repetition operator: `*`; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)",
    ),
    (
        "match: [{queryParams: {a: {regex: '(?=b)'}}}]",
        "spec.http[0].match[0].queryParams.a",
        "\"queryParams\": error parsing regexp: invalid or unsupported Perl syntax: `(?=`; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)",
    ),
    (
        "match: [{port: 70000}]",
        "spec.http[0].match[0].port",
        "port number 70000 must be in the range 1..65535",
    ),
    (
        "match: [{sourceNamespace: a_b}]",
        "spec.http[0].match[0].sourceNamespace",
        "sourceNamespace match a_b is invalid",
    ),
    (
        "match: [{gateways: [shop/a_b]}]",
        "spec.http[0].match[0].gateways[0]",
        "invalid value for gateway name: \"a_b\"",
    ),
    (
        "directResponse: {status: 200}",
        "spec.http[0]",
        "HTTP route cannot contain both route and direct_response",
    ),
    (
        "mirror: {host: b}, mirrors: [{destination: {host: b}}]",
        "spec.http[0]",
        "HTTP route cannot contain both mirror and mirrors",
    ),
    (
        "corsPolicy: {allowOrigins: [{regex: '(a'}]}",
        "spec.http[0].corsPolicy.allowOrigins[0].regex",
        "\"corsPolicy.allowOrigins\": error parsing regexp: missing closing ): `(a`; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)",
    ),
];

/// pkg/config/validation/validation.go `validateTLSRoute`, `validateTCPRoute`, `validateGatewayNames`.
const OF_SERVICES: &[Row] = &[
    (
        "tls: [{match: [{sniHosts: [a.example.com], port: 443}], route: [{destination: {host: a}}]}]",
        "",
        "",
    ),
    (
        "tcp: [{match: [{port: 27017, destinationSubnets: [10.0.0.0/8, 10.1.2.3]}], route: [{destination: {host: a}}]}]",
        "",
        "",
    ),
    (
        "tls: [{route: [{destination: {host: a}}]}]",
        "spec.tls[0]",
        "TLS route must have at least one match condition",
    ),
    (
        "tls: [{match: [{port: 443}], route: [{destination: {host: a}}]}]",
        "spec.tls[0].match[0]",
        "TLS match must have at least one SNI host",
    ),
    (
        "tls: [{match: [{sniHosts: [b.example.org]}], route: [{destination: {host: a}}]}]",
        "spec.tls[0].match[0].sniHosts[0]",
        "SNI host \"b.example.org\" is not a compatible subset of any of the virtual service hosts: [*.example.com]",
    ),
    (
        "tls: [{match: [{sniHosts: [10.0.0.1]}], route: [{destination: {host: a}}]}]",
        "spec.tls[0].match[0].sniHosts[0]",
        "using an IP address (\"10.0.0.1\") goes against SNI spec and most clients do not support this",
    ),
    ("tls: [{match: [{sniHosts: [a.example.com]}]}]", "spec.tls[0]", "TLS route is required"),
    ("tcp: [{match: [{port: 27017}]}]", "spec.tcp[0]", "TCP route is required"),
    (
        "tcp: [{match: [{port: 70000}], route: [{destination: {host: a}}]}]",
        "spec.tcp[0].match[0].port",
        "port number 70000 must be in the range 1..65535",
    ),
    (
        "tcp: [{match: [{destinationSubnets: [10.0.0.0/33]}], route: [{destination: {host: a}}]}]",
        "spec.tcp[0].match[0].destinationSubnets[0]",
        "10.0.0.0/33 is not a valid CIDR block",
    ),
    ("tcp: [{route: [{weight: 50}]}]", "spec.tcp[0].route[0]", "destination is required"),
    (
        "tcp: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]",
        "spec.tcp[0].route",
        "total destination weight = 0",
    ),
    (
        "tcp: [{route: [{destination: {host: a}, weight: -1}]}]",
        "spec.tcp[0].route[0].weight",
        "weight -1 < 0",
    ),
    (
        "gateways: [gw.shop.svc.cluster.local]",
        "spec.gateways[0]",
        "using legacy gatewayName format \"gw.shop.svc.cluster.local\"; prefer the <namespace>/<name> format: \"shop/gw\"",
    ),
    ("gateways: [a_b/gw]", "spec.gateways[0]", "invalid value for namespace: \"a_b\""),
];

/// pkg/config/security/security.go `IsValidCipherSuite`.
const OF_CIPHERS: &[Row] = &[
    (
        "mode: SIMPLE, credentialName: c, cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256, ALL, '-SHA']",
        "",
        "",
    ),
    (
        "mode: SIMPLE, credentialName: c, cipherSuites: [TLS_AES_128_GCM_SHA256, AES128-SHA, RC4-MD5]",
        "spec.servers[0].tls.cipherSuites",
        "ignoring invalid cipher suites: [RC4-MD5 TLS_AES_128_GCM_SHA256]",
    ),
    (
        "mode: SIMPLE, credentialName: c, cipherSuites: [AES128-SHA, AES128-SHA]",
        "spec.servers[0].tls.cipherSuites",
        "ignoring duplicate cipher suites: [AES128-SHA]",
    ),
];

#[test]
fn conditions_routes_below_http_and_ciphers_in_istiods_words() {
    table(of_route, OF_CONDITIONS);
    table(of_service, OF_SERVICES);
    table(of_server, OF_CIPHERS);
}
