//! Rows of istiod's own messages, letter by letter, each at the field it is about; and of what Go says of regular expressions.

use mesh_failover_core::check::{Input, Target, check};
use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::translate::IstioVersion;
use serde_json::{Value, json};

use super::{same, text};

/// What istiod says of a part: path and message, in the order of the text.
pub fn istiod_says(input: &Value, expected: &Value) -> Result<(), String> {
    let part = text(&input["part"]);
    let manifest = whole(&text(&input["of"]), &part)?;
    same(&json!(said(&manifest)?), expected)
}

/// The object that a part stands in.
fn whole(of: &str, part: &str) -> Result<String, String> {
    let object = |group: &str, kind: &str, spec: String| {
        format!(
            "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\nspec: {{{spec}}}\n"
        )
    };
    let networking = "networking.istio.io/v1";
    let extensions = "extensions.istio.io/v1alpha1";
    let to_a = "route: [{destination: {host: a}}]";
    Ok(match of {
        "route" => object(
            networking,
            "VirtualService",
            format!("hosts: [a.example.com], gateways: [gw], http: [{{{to_a}, {part}}}]"),
        ),
        // The VirtualService itself, which has one HTTP route.
        "service" => object(
            networking,
            "VirtualService",
            format!("hosts: ['*.example.com'], http: [{{{to_a}}}], {part}"),
        ),
        // Its one destination.
        "destination" => object(
            networking,
            "VirtualService",
            format!(
                "hosts: [a.example.com], gateways: [gw], http: [{{route: [{{destination: {{host: a}}, {part}}}]}}]"
            ),
        ),
        // Nothing but the hosts.
        "bare" => object(networking, "VirtualService", format!("hosts: ['*.example.com'], {part}")),
        "virtualService" => object(networking, "VirtualService", part.to_owned()),
        "gateway" => object(networking, "Gateway", part.to_owned()),
        "gatewayName" => {
            let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
            let gateway = object(networking, "Gateway", format!("servers: [{server}]"));
            gateway.replace("name: a,", &format!("name: {part},"))
        }
        "rule" => object(networking, "DestinationRule", format!("host: a, {part}")),
        // The TLS settings of a server.
        "server" => object(
            networking,
            "Gateway",
            format!(
                "selector: {{a: b}}, servers: [{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: ['*'], tls: {{{part}}}}}]"
            ),
        ),
        "plugin" => object(
            extensions,
            "WasmPlugin",
            format!("url: 'oci://a/b@sha256:c', failStrategy: FAIL_OPEN, {part}"),
        ),
        "wasm" => object(extensions, "WasmPlugin", format!("failStrategy: FAIL_OPEN, {part}")),
        "extension" => object(
            extensions,
            "TrafficExtension",
            format!("wasm: {{url: 'oci://a/b@sha256:c', failStrategy: FAIL_OPEN}}, {part}"),
        ),
        other => return Err(format!("`{other}` is no object that rows know")),
    })
}

fn said(manifest: &str) -> Result<Vec<(String, String)>, String> {
    let sources = [Source { name: "a.yaml", text: manifest }];
    let (manifests, diagnostics) = read(&sources);
    if let Some(wrong) = diagnostics.first() {
        return Err(format!("{wrong}\n{manifest}"));
    }
    let found = check(&Input {
        manifests: &manifests,
        sources: &sources,
        version: IstioVersion::NEWEST,
        target: Target::Istio,
        live: &[],
    });
    // Of some things lints know more, with istiod's words beside their own.
    Ok(found.into_iter().filter_map(|it| Some((it.diagnostic.path, it.istiod?))).collect())
}

/// Every expression in a route of its own; what Go takes istiod takes.
pub fn go_regexp(expected: &Value) -> Result<(), String> {
    let rows: Vec<(String, String)> =
        serde_json::from_value(expected.clone()).map_err(|error| error.to_string())?;
    let routes: Vec<Value> = rows
        .iter()
        .map(|(regex, _)| {
            json!({"match": [{"uri": {"regex": regex}}], "route": [{"destination": {"host": "a"}}]})
        })
        .collect();
    let manifest = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"hosts": ["a.example.com"], "gateways": ["gw"], "http": routes},
    });
    let found = said(&manifest.to_string())?;
    let wanted = rows.iter().enumerate().filter(|(_, (_, error))| !error.is_empty());
    let wanted: Vec<(String, String)> = wanted
        .map(|(index, (_, error))| {
            (
                format!("spec.http[{index}].match[0].uri"),
                format!(
                    "\"uri\": error parsing regexp: {error}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)"
                ),
            )
        })
        .collect();
    for (found, wanted) in found.iter().zip(&wanted) {
        same(found, wanted)?;
    }
    same(&found.len(), &wanted.len())
}
