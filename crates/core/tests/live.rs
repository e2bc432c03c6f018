//! From what `kubectl get … -A -o yaml` prints to a topology: lists in any order, with everything a cluster adds to them.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use mesh_failover_core::check::{Input, Target, check};
use mesh_failover_core::live::{Mesh, is_dump, read, read_dumps};
use mesh_failover_core::manifest::Source;
use mesh_failover_core::translate::IstioVersion;

/// What a cluster prints; the order of its objects is its own.
fn cluster(region: &str, net: u32, pods: u32) -> String {
    let mut text =
        String::from("apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}\nitems:\n");
    text += "- apiVersion: discovery.k8s.io/v1\n  kind: EndpointSlice\n  addressType: IPv4\n  metadata:\n    name: hello-world-x7\n    \
         namespace: default\n    labels: {kubernetes.io/service-name: hello-world, endpointslice.kubernetes.io/managed-by: c}\n    \
         managedFields: [{manager: kube-controller-manager, fieldsV1: {'f:endpoints': {}}}]\n    generateName: hello-world-\n    \
         ownerReferences: [{apiVersion: v1, kind: Service, name: hello-world, uid: 1}]\n  ports: [{name: http, port: 8080, protocol: TCP}]\n  endpoints:\n";
    for pod in 0..pods {
        text += &format!(
            "  - addresses: [10.{net}.0.{pod}]\n    conditions: {{ready: {}, serving: true, terminating: false}}\n    nodeName: {region}-node\n    \
             targetRef: {{kind: Pod, name: hello-{pod}, namespace: default, uid: 2}}\n",
            pod > 0
        );
    }
    text += "  - addresses: [10.9.9.9]\n    conditions: {ready: false, terminating: true}\n";
    for pod in 0..pods {
        text += &format!(
            "- apiVersion: v1\n  kind: Pod\n  metadata: {{name: hello-{pod}, namespace: default, labels: {{app: hello-world}}}}\n  \
             spec:\n    nodeName: {region}-node\n    containers: [{{name: app, image: hello}}]\n  status: {{phase: Running}}\n"
        );
    }
    text + &format!(
        "- apiVersion: v1\n  kind: Node\n  metadata:\n    name: {region}-node\n    labels: {{topology.kubernetes.io/region: {region}, \
         topology.kubernetes.io/zone: {region}-b}}\n  spec: {{podCIDR: 10.0.0.0/24}}\n  status: {{capacity: {{cpu: '4'}}}}\n\
         - apiVersion: v1\n  kind: Service\n  metadata: {{name: hello-world, namespace: default}}\n  spec:\n    clusterIP: 10.0.0.1\n    ports: \
         [{{name: http, port: 80, targetPort: 8080, protocol: TCP}}]\n    selector: {{app: hello-world}}\n  status: {{loadBalancer: {{}}}}\n\
         - apiVersion: v1\n  kind: Pod\n  metadata: {{name: gw-1, namespace: istio-system, labels: {{istio: ingressgateway, app: gw}}}}\n  \
         spec: {{nodeName: {region}-node}}\n"
    )
}

const ISTIO: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1
  kind: DestinationRule
  metadata:
    name: hello-world
    namespace: default
    annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}
    managedFields: [{manager: kubectl}]
  spec:
    host: hello-world
    trafficPolicy:
      outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 50}
      loadBalancer:
        localityLbSetting:
          distribute: [{from: '*', to: {europe-west1: 50, us-central1: 50}}]
  status: {}
- apiVersion: networking.istio.io/v1
  kind: Gateway
  metadata: {name: public, namespace: default}
  spec:
    selector: {istio: ingressgateway}
    servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
";

fn mesh() -> Mesh {
    let (one, two) = (cluster("europe-west1", 1, 4), cluster("us-central1", 2, 2));
    let sources = [
        Source { name: "dump/us/all.yaml", text: &two },
        Source { name: "dump/eu/all.yaml", text: &one },
        Source { name: "istio.yaml", text: ISTIO },
    ];
    read(&sources, IstioVersion::NEWEST)
}

#[test]
fn lists_of_two_clusters_become_one_topology() {
    let mesh = mesh();
    assert!(mesh.diagnostics.is_empty(), "{:#?}", mesh.diagnostics);
    let topology = &mesh.manifests.topologies[0].spec;
    let names: Vec<&str> = topology.clusters.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["eu", "us"]);
    let eu = &topology.clusters[0];
    assert_eq!(eu.locality, "europe-west1/europe-west1-b");
    assert_eq!(eu.gateway.as_ref().unwrap().namespace.as_deref(), Some("istio-system"));
    let [workload] = eu.workloads.as_slice() else { panic!("{:#?}", eu.workloads) };
    assert_eq!(workload.service, "hello-world.default.svc.cluster.local");
    assert_eq!((workload.port, workload.replicas), (80, 4));
    assert_eq!(workload.addresses[1], "10.1.0.1:8080");
    let ready: Vec<bool> = workload.pods.as_ref().unwrap().iter().map(|pod| pod.ready).collect();
    assert_eq!(ready, [false, true, true, true]);
}

#[test]
fn findings_speak_of_the_mesh_that_was_printed() {
    let Mesh { manifests, gateways, .. } = mesh();
    let found = check(&Input {
        manifests: &manifests,
        sources: &[],
        version: IstioVersion::NEWEST,
        target: Target::Istio,
        live: &gateways,
    });
    let messages: Vec<&str> = found.iter().map(|it| it.diagnostic.message.as_str()).collect();
    assert_eq!(
        messages,
        ["with 6 hosts, maxEjectionPercent 50 ejects at most 3; europe-west1 needs 67"],
        "{found:#?}"
    );
}

#[test]
fn what_is_no_dump_is_refused_with_its_place() {
    assert!(is_dump(" {\n \"configs\" : []}"));
    for (text, message, place) in [
        ("{\"configs\": [}", "not a dump of Envoy: expected a value at line 1", Some((1, 14))),
        ("{\"clusters\": []}", "neither `configs` nor `cluster_statuses`", None),
        ("{\"configs\": 3}", "not a dump of Envoy: `configs`: expected a list", None),
    ] {
        let (error, _) = read_dumps(&[Source { name: "d.json", text }]).unwrap_err();
        assert!(error.message.contains(message), "{error:?}");
        assert_eq!(error.place, place, "{text}");
    }
    let deep = format!("{{\"configs\": {}", "[".repeat(100_000));
    assert!(read_dumps(&[Source { name: "d.json", text: &deep }]).is_err());
}
