//! What a translation says is said about a line of the text.

use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::translate::{Proxy, translate};

/// A gateway, and a route to a service of a topology; `$` marks what a row puts wrong.
const MANIFESTS: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gateway, namespace: default}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: route, namespace: default}
spec:
  hosts: ['*']
  gateways: [gateway]
  http:
  - match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]
    route:
    - destination: {host: hello.default.svc.cluster.local, subset: west}
      weight: 50
    - destination: {host: hello.default.svc.cluster.local}
      weight: 50
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rule, namespace: default}
spec:
  host: hello.default.svc.cluster.local
  trafficPolicy:
    outlierDetection: {}
    loadBalancer:
      localityLbSetting:
        distribute:
        - from: '*'
          to: {west: 50, east: 50}
  subsets:
  - {name: west, labels: {topology.kubernetes.io/region: west}}
---
apiVersion: mesh-failover.dev/v1alpha1
kind: Topology
metadata: {name: topology}
spec:
  clusters:
  - name: a
    locality: west
    gateway: {replicas: 1}
    workloads:
    - {service: hello.default.svc.cluster.local, replicas: 1, port: 8080, name: one}
  - name: b
    locality: east
    workloads:
    - {service: hello.default.svc.cluster.local, replicas: 1, port: 8080, name: two}
";

/// What is replaced, by what, and what then is said: the start of the line, and a word of the message.
const ROWS: [(&str, &str, &str, &str); 6] = [
    ("subset: west", "subset: wst", "m.yaml:17:7: error", "does not exist"),
    ("number: 80", "number: 80000", "m.yaml:6:13: ", "is left out"),
    ("istio: ingressgateway", "istio: other", "m.yaml:5:3: warning", "no Gateway selects"),
    ("west: 50, east: 50", "west: 50, west/*: 50", "m.yaml:33:11: warning", "cover the same"),
    ("name: two", "addresses: [here], name: two", "m.yaml:50:87: error", "`here` in `b`"),
    ("name: two", "name: one", "m.yaml:50:7: warning", "are called `one-0`"),
];

#[test]
fn each_says_where() {
    let mut wrongly = Vec::new();
    for (written, wrong, place, word) in ROWS {
        assert!(MANIFESTS.contains(written), "{written}");
        let text = MANIFESTS.replace(written, wrong);
        let (manifests, _) = read(&[Source { name: "m.yaml", text: &text }]);
        let proxy = Proxy::gateway_of(&manifests, "a").unwrap();
        let said = translate(&manifests, &proxy).diagnostics;
        let said: Vec<_> = said.iter().map(ToString::to_string).collect();
        if !said.iter().any(|line| line.starts_with(place) && line.contains(word)) {
            wrongly.push(format!("{wrong}: expected `{place}… {word}`, but\n{}", said.join("\n")));
        }
    }
    assert!(wrongly.is_empty(), "{}", wrongly.join("\n"));
}
