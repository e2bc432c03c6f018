/** The fields that decide failover, by kind and by the key or path they stand under. Istio's and our own documents' words. */
export const FIELDS: Record<string, Record<string, Record<string, string>>> = {
  "*": {
    "": { apiVersion: "Group and version of the kind.", kind: "What this document is.", metadata: "Name and namespace.", spec: "The contents." },
    metadata: { name: "Unique in its namespace and kind.", namespace: "Default: default.", labels: "For selectors.", annotations: "Free text." },
  },
  DestinationRule: {
    spec: { host: "The service these settings are for, fully qualified.", trafficPolicy: "How requests to the host are balanced and watched.", subsets: "Named sets of endpoints by label.", exportTo: "Namespaces that see the rule.", workloadSelector: "Clients the rule is for." },
    trafficPolicy: { connectionPool: "Limits and timeouts of connections.", loadBalancer: "How a host is chosen.", outlierDetection: "Which endpoints are taken out, and for how long. Without it, no endpoint is ever ejected and locality settings cannot fail over.", tls: "TLS to the upstream.", portLevelSettings: "Replaces the whole policy for a port." },
    loadBalancer: { simple: "ROUND_ROBIN, LEAST_REQUEST (default), RANDOM or PASSTHROUGH.", consistentHash: "Stickiness by header, cookie or address. Loses locality failover.", localityLbSetting: "Weights or order of regions.", warmup: "Slow start of new endpoints.", warmupDurationSecs: "Older name of warmup.duration." },
    localityLbSetting: { enabled: "Whether these settings count.", distribute: "Weights per region of origin. A region that is not listed gets nothing.", failover: "Where a region's traffic goes when it fails.", failoverPriority: "Labels that order endpoints into priorities." },
    distribute: { from: "Region, or region/zone, of the gateway.", to: "Percent per region; the sum is 100." },
    failover: { from: "Region of the gateway.", to: "Region that takes over." },
    outlierDetection: { consecutive5xxErrors: "Errors in a row before an ejection. Default 5, 0 turns it off.", consecutiveGatewayErrors: "502, 503 and 504 in a row. Off by default.", consecutiveLocalOriginFailures: "Failed connections in a row, if split.", splitExternalLocalOriginErrors: "Counts connection failures apart from answers.", interval: "Time between sweeps, which bring endpoints back. Default 10s.", baseEjectionTime: "Time out, times the number of ejections. Default 30s.", maxEjectionPercent: "Most endpoints out at once, in percent of all. Default 10: under ten hosts hardly anything is ejected.", minHealthPercent: "Below this share of healthy endpoints, panic: all are used again. Default 0." },
    connectionPool: { tcp: "Limits of connections.", http: "Limits of requests." },
    tcp: { connectTimeout: "How long a connection may take. Default 10s.", maxConnections: "Most connections to a host.", tcpKeepalive: "Probes on idle connections." },
    http: { http1MaxPendingRequests: "Most requests waiting for a connection.", http2MaxRequests: "Most requests at once.", maxRequestsPerConnection: "Then a connection is closed.", maxRetries: "Most retries at once.", idleTimeout: "Idle connections are closed after it." },
    subsets: { name: "Used by routes.", labels: "Endpoints with these labels.", trafficPolicy: "Replaces the host's policy, block by block." },
  },
  VirtualService: {
    spec: { hosts: "Names that clients ask for.", gateways: "Gateways it is for; without it only sidecars.", http: "Routes, first match first." },
    http: { match: "When the route is taken.", route: "Where requests go.", retries: "Attempts after a failure. Default 2.", timeout: "For the whole request.", headers: "Added or removed." },
    route: { destination: "Service and subset.", weight: "Share among destinations; does not fail over." },
    destination: { host: "Service.", subset: "Defined in the DestinationRule.", port: "Service port." },
    retries: { attempts: "Most retries.", perTryTimeout: "For one attempt.", retryOn: "Which failures are tried again.", retryRemoteLocalities: "Whether retries may leave the region." },
  },
  Gateway: {
    spec: { selector: "Labels of the gateway's pods.", servers: "Ports and hosts." },
    servers: { port: "Number, name and protocol.", hosts: "Names served.", tls: "Certificates." },
  },
  Topology: {
    spec: { clusters: "Kubernetes clusters of the mesh." },
    clusters: { name: "Its id.", locality: "region/zone of its workloads and its gateway.", network: "Unset: one flat network.", gateway: "Its ingress gateway.", workloads: "What runs in it.", eastWestGateways: "Addresses under which other networks reach it." },
    gateway: { replicas: "Pods; each ejects by itself. Default 1.", workers: "Envoy worker threads of a pod. Default 2." },
    workloads: { service: "Host, fully qualified.", port: "Service port.", replicas: "Endpoints.", latency: "Of a response: 5ms, or {p50, p99}.", locality: "Unset: the cluster's.", labels: "Pod labels.", name: "Prefix of endpoint names.", weight: "Of each endpoint." },
  },
  Scenario: {
    spec: { gateway: "Cluster whose gateway gets the traffic.", traffic: "Requests a second.", duration: "How long it runs.", steps: "What happens, and when.", expect: "What must come out.", seed: "Everything random follows from it. Default 1.", clusterAge: "How long Envoy ran before the start." },
    traffic: { rate: "Requests a second.", arrivals: "constant or poisson.", host: "Host header.", path: "Path.", method: "Method.", headers: "Request headers.", port: "Port of the gateway." },
    steps: { at: "When.", scale: "Sets the number of endpoints.", fail: "Answers with a status.", slow: "Answers later.", refuse: "Refuses connections.", blackhole: "Accepts and never answers.", unready: "Pods are not ready.", drain: "Pods leave in order.", partition: "The network is gone.", replace: "Pods are replaced.", restore: "Undoes faults.", rate: "Requests a second from now on." },
    expect: { from: "Start.", to: "End.", share: "Percent per region.", within: "Tolerance in points. Default 3.", maxErrors: "Most failed requests.", maxErrorRate: "In percent.", failover: "How soon a region gets nothing more.", failback: "How soon it gets its first request.", p99: "99 of 100 take at most this.", ejected: "Endpoints out at the end.", errors: "How many end in each way." },
  },
};
