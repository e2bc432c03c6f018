// Generated from the Rust types of crates/core by `cargo xtask www --types`; do not edit.

/**
 * A duration in Go's syntax: `250ms`, `1m30s`, `1.5h`.
 */
export type GoDuration = string;
/**
 * What to do when no region is usable.
 */
export type AllRegionsOut = "native" | "weights" | "fail";
/**
 * Who decides about regions.
 */
export type Arm = "auto" | "native" | "router";
/**
 * When requests come.
 */
export type Arrivals = "constant" | "poisson";
/**
 * What would change a default.
 */
export type Change = "field" | "rule" | "nothing";
/**
 * Whose default something is.
 */
export type DefaultOf = "Istio" | "Envoy";
/**
 * How bad a finding is.
 */
export type Severity = "note" | "warning" | "error";
/**
 * Who programs the proxies.
 */
export type ControlPlane = "istio" | "cloud-service-mesh";
/**
 * The form of a ramp.
 */
export type Curve = "linear" | "exponential";
/**
 * `LoadBalancerSettings.SimpleLB`.
 */
export type SimpleLb =
  "UNSPECIFIED" | "LEAST_CONN" | "RANDOM" | "PASSTHROUGH" | "ROUND_ROBIN" | "LEAST_REQUEST";
/**
 * Users of a drained region.
 */
export type DrainAffinity = "break" | "keep";
/**
 * Why a host is ejected.
 *
 * **Source**: Envoy data/cluster/v3/outlier_detection_event.proto `OutlierEjectionType`.
 */
export type EjectionType =
  | "CONSECUTIVE_5XX"
  | "CONSECUTIVE_GATEWAY_FAILURE"
  | "CONSECUTIVE_LOCAL_ORIGIN_FAILURE"
  | "SUCCESS_RATE"
  | "SUCCESS_RATE_LOCAL_ORIGIN"
  | "FAILURE_PERCENTAGE"
  | "FAILURE_PERCENTAGE_LOCAL_ORIGIN";
/**
 * A time in which nothing is done to an endpoint.
 */
export type EndpointSpan = {
  /**
   * Start.
   */
  fromMs: number;
  /**
   * End.
   */
  toMs: number;
} & EndpointSpanKind;
export type EndpointSpanKind =
  | {
      state: "ready";
    }
  | {
      /**
       * Share of requests that fail, above 0 to 1.
       */
      ratio: number;
      state: "failing";
      /**
       * The status.
       */
      status: number;
    }
  | {
      state: "slow";
    }
  | {
      state: "refusing";
    }
  | {
      state: "blackholed";
    }
  | {
      state: "partitioned";
    }
  | {
      state: "unready";
    }
  | {
      state: "draining";
    };
/**
 * Something that happened at a moment.
 */
export type Event = {
  /**
   * When. **Units**: milliseconds since the start of the run.
   */
  atMs: number;
} & EventKind;
export type EventKind =
  | {
      event: "step";
      /**
       * What it does.
       */
      what: string;
    }
  | {
      /**
       * New ones.
       */
      added?: string[];
      /**
       * Those whose health is another.
       */
      changed?: string[];
      /**
       * The cluster.
       */
      cluster: string;
      event: "endpoints";
      /**
       * The gateway's pod.
       */
      gateway: number;
      /**
       * Gone ones.
       */
      removed?: string[];
    }
  | {
      /**
       * The cluster.
       */
      cluster: string;
      /**
       * How often it has been ejected.
       */
      ejections: number;
      /**
       * The endpoint.
       */
      endpoint: string;
      /**
       * Whether `enforcing_*` let it happen.
       */
      enforced: boolean;
      event: "ejected";
      /**
       * The gateway's pod.
       */
      gateway: number;
      /**
       * Why; unset: it was out when the run began.
       */
      reason?: EjectionType;
      /**
       * When workers that do not know yet are told.
       */
      workersToldAtMs?: number;
    }
  | {
      /**
       * The cluster.
       */
      cluster: string;
      /**
       * The endpoint.
       */
      endpoint: string;
      event: "notEjected";
      /**
       * The gateway's pod.
       */
      gateway: number;
      /**
       * Why it would have been ejected.
       */
      reason: EjectionType;
    }
  | {
      /**
       * The cluster.
       */
      cluster: string;
      /**
       * The endpoint.
       */
      endpoint: string;
      event: "unejected";
      /**
       * The gateway's pod.
       */
      gateway: number;
      /**
       * When workers that do not know yet are told.
       */
      workersToldAtMs?: number;
    }
  | {
      event: "region";
      /**
       * The gateway's pod.
       */
      gateway: number;
      /**
       * The destination's host.
       */
      host: string;
      /**
       * The region.
       */
      region: string;
      /**
       * Whether it gets requests from now on.
       */
      usable: boolean;
      /**
       * What the router's log line says.
       */
      what: string;
    }
  | {
      /**
       * The cluster.
       */
      cluster: string;
      event: "load";
      /**
       * The gateway's pod.
       */
      gateway: number;
      /**
       * Priorities that use all their hosts, healthy or not.
       */
      panic?: number[];
      /**
       * Percent by priority.
       */
      priorities: number[];
      /**
       * Percent by region, as far as the workers can choose.
       */
      regions: {
        [k: string]: number;
      };
    };
/**
 * What becomes of a request.
 */
export type FilterDecision =
  | "native"
  | "fail"
  | {
      region: string;
    };
/**
 * Why Envoy does not send a filter's request.
 */
export type Refusal = "noCluster" | "noUsableHost";
/**
 * What happens to a filter.
 */
export type FilterNews =
  | {
      /**
       * Where it comes from, if that decides.
       */
      address?: string;
      /**
       * The cluster that Envoy has matched.
       */
      cluster: string;
      event: "request";
      /**
       * What the router does with it.
       */
      expected: FilterDecision;
      /**
       * Its headers by name, in lower case.
       */
      headers: {
        [k: string]: string;
      };
      /**
       * Its number.
       */
      stream: number;
    }
  | {
      /**
       * The cluster that the answer comes from, if it comes from one.
       */
      cluster?: string;
      /**
       * What Envoy says about how it came to be.
       */
      details: string;
      event: "response";
      /**
       * Its status.
       */
      status: number;
      /**
       * Its number.
       */
      stream: number;
    }
  | {
      event: "tick";
    }
  | {
      event: "answer";
      /**
       * Its number.
       */
      id: number;
      /**
       * The answer's status.
       */
      status: number;
    };
/**
 * The language of the routes.
 */
export type RouteApi = "istio" | "gatewayApi";
/**
 * The kind that loads the router.
 */
export type RouterExtension = "WasmPlugin" | "TrafficExtension";
/**
 * How long a response takes.
 */
export type Latency =
  | GoDuration
  | {
      /**
       * Half of all responses take at most this.
       */
      p50: GoDuration;
      /**
       * 99 of 100 responses take at most this.
       */
      p99: GoDuration;
    };
/**
 * An object and where it stands.
 */
export type ParsedObject = {
  /**
   * `apiVersion` as written.
   */
  apiVersion: string;
  /**
   * From its first to its last character.
   */
  location?: Location;
  /**
   * `metadata.name`; may be empty in this tool's own kinds.
   */
  name: string;
  /**
   * The namespace that applies.
   */
  namespace: string;
} & ParsedObjectKind;
export type ParsedObjectKind =
  | {
      kind: "Gateway";
      spec: Gateway;
    }
  | {
      kind: "VirtualService";
      spec: VirtualService;
    }
  | {
      kind: "DestinationRule";
      spec: DestinationRule;
    }
  | {
      kind: "ServiceEntry";
      spec: ServiceEntry;
    }
  | {
      kind: "WorkloadEntry";
      spec: WorkloadEntry;
    }
  | {
      kind: "WasmPlugin";
      spec: WasmPlugin;
    }
  | {
      kind: "TrafficExtension";
      spec: TrafficExtension;
    }
  | {
      kind: "Gateway";
      spec: KubeGateway;
    }
  | {
      kind: "HTTPRoute";
      spec: KubeHttpRoute;
    }
  | {
      kind: "MeshConfig";
      spec: MeshConfig;
    }
  | {
      kind: "Topology";
      spec: Topology;
    }
  | {
      kind: "Scenario";
      spec: Scenario;
    }
  | {
      kind: "Intent";
      spec: Intent;
    };

/**
 * What tells users apart: exactly one of these.
 */
export interface AffinityConfig {
  /**
   * A cookie; the gateway sets it when it is absent.
   */
  cookie?: CookieConfig;
  /**
   * A request header.
   */
  header?: string;
  /**
   * The address that the connection comes from.
   */
  sourceAddress?: boolean;
}
/**
 * A cookie as written.
 */
export interface CookieConfig {
  /**
   * Further attributes as they stand in `set-cookie`; unset: `HttpOnly` and `SameSite=Lax`.
   */
  attributes?: string[];
  /**
   * Its name; required.
   */
  name?: string;
  /**
   * Unset: `/`.
   */
  path?: string;
  /**
   * Its `Max-Age`; unset: it lasts as long as the browser runs.
   */
  ttl?: GoDuration;
}
/**
 * From `min` to `max`, both included.
 */
export interface Bounds {
  /**
   * Unset: no upper bound.
   */
  max?: number;
  /**
   * Unset: 0.
   */
  min?: number;
}
/**
 * Istio's words for a retry budget.
 */
export interface BudgetConfig {
  /**
   * The time that is looked back on; unset: `1s`.
   */
  budgetInterval?: GoDuration;
  /**
   * Second tries in `budgetInterval` that are always allowed; unset: 3.
   */
  minRetryConcurrency?: number;
  /**
   * Percent of the requests of the last `budgetInterval`, 0 to 100; unset: 20.
   */
  percent?: number;
}
/**
 * What in the manifests makes something so.
 *
 * A default has no line of its own: it points at the nearest block in which it could be overridden.
 */
export interface Cause {
  /**
   * What would change a default.
   */
  change?: Change;
  /**
   * Whose default it is, if the field is not written.
   */
  defaultOf?: DefaultOf;
  /**
   * Where it stands.
   */
  location?: Location;
  /**
   * The object, for example `DestinationRule default/hello-world`.
   */
  object?: string;
  /**
   * The field, for example `spec.trafficPolicy.outlierDetection.interval`.
   */
  path?: string;
}
/**
 * A span in a named file.
 */
export interface Location {
  /**
   * Column of the first character.
   */
  column: number;
  /**
   * Byte offset just after the last character.
   */
  end: number;
  /**
   * Column just after the last character.
   */
  end_column: number;
  /**
   * Line just after the last character.
   */
  end_line: number;
  /**
   * The file's name as the user gave it; `-` for standard input.
   */
  file: string;
  /**
   * Line of the first character.
   */
  line: number;
  /**
   * Byte offset of the first character.
   */
  start: number;
}
/**
 * One thing that was expected.
 */
export interface Check {
  /**
   * For example `50 % ± 3`.
   */
  expected: string;
  /**
   * For example `49.97 %`.
   */
  got: string;
  /**
   * Whether that is as expected.
   */
  passed: boolean;
  /**
   * For example `share of europe-west1`.
   */
  what: string;
}
/**
 * What was found.
 */
export interface CheckAnswer {
  /**
   * Everything that was found, in the order of the texts, each once: what cannot be read first.
   */
  diagnostics: Finding[];
  /**
   * Why the lints among it matter, by code.
   */
  rules: Rule[];
}
/**
 * One finding of [`check`](super::check).
 */
export interface Finding {
  /**
   * A stable code, `MF` and four digits.
   */
  code: string;
  /**
   * A change of the text after which the finding is gone.
   */
  fix?: Fix;
  /**
   * What to write instead.
   */
  help?: string;
  /**
   * Istio's own message about it, letter by letter; `None`: istiod accepts it without a word.
   */
  istiod?: string;
  /**
   * Where, if the text is at hand.
   */
  location?: Location;
  /**
   * What is wrong, with the user's own names and numbers.
   */
  message: string;
  /**
   * The object, `DestinationRule default/hello-world`; empty: the file or the mesh as a whole.
   */
  object?: string;
  /**
   * The field, for example `spec.trafficPolicy.outlierDetection.interval`; empty for a whole document.
   */
  path?: string;
  /**
   * How bad it is.
   */
  severity: Severity;
}
/**
 * A change of texts.
 */
export interface Fix {
  /**
   * Its parts; none touches what another touches.
   */
  edits: TextEdit[];
  /**
   * What it does, as an order: ``set `maxEjectionPercent: 100` ``.
   */
  title: string;
}
/**
 * The bytes from `start` up to `end` of a file give way to `text`.
 */
export interface TextEdit {
  /**
   * Byte offset just after the last byte replaced; equal to `start`: an insertion.
   */
  end: number;
  /**
   * The file's name as the user gave it.
   */
  file: string;
  /**
   * Byte offset of the first byte replaced.
   */
  start: number;
  /**
   * What comes there.
   */
  text: string;
}
/**
 * One lint. Its texts are the pages below `docs/lints`.
 */
export interface Rule {
  /**
   * A stable code, `MF` and four digits; it never changes its meaning.
   */
  code: string;
  /**
   * A name for people, in words joined by dashes.
   */
  name: string;
  /**
   * How bad a finding is unless the finding says otherwise.
   */
  severity: Severity;
  /**
   * What is wrong, in one line.
   */
  title: string;
  /**
   * Why it hurts, what Istio and Envoy do with it, and what to do. Markdown.
   */
  why: string;
}
/**
 * Manifests to check.
 */
export interface CheckRequest {
  /**
   * The texts. With a Topology among them every gateway's part is checked too.
   */
  files: File[];
  /**
   * The istiod to imitate, for example `1.31`; unset: the newest.
   */
  istio?: string | null;
  /**
   * Who programs the proxies; unset: istiod.
   */
  target?: ControlPlane | null;
}
/**
 * A named text.
 */
export interface File {
  /**
   * Its name in diagnostics.
   */
  name: string;
  /**
   * YAML or JSON, any number of documents.
   */
  text: string;
}
/**
 * A trusted header that says where the client is.
 */
export interface ClientRegionConfig {
  /**
   * Its name. Whoever can set it chooses the region it is served from: let the load balancer in front overwrite it.
   */
  header?: string;
  /**
   * Region by value; empty: the value is the region. A value that is not known counts as the gateway's own region.
   */
  map?: {
    [k: string]: string;
  };
}
/**
 * One Envoy cluster of it.
 */
export interface ClusterExplanation {
  /**
   * What decides priorities and weights.
   */
  balancing: Statement;
  /**
   * `namespace/name` of the DestinationRule that won.
   */
  destinationRule?: string;
  /**
   * How many hosts may be out at once.
   */
  ejection: EjectionExplanation;
  /**
   * Where consistent hashing leads; `None` under other policies.
   */
  hashing?: HashingExplanation;
  /**
   * Hosts of all localities.
   */
  hosts: number;
  /**
   * Circuit breakers that are not unlimited; a request beyond them gets 503 (flag UO).
   */
  limits: Setting[];
  /**
   * Where its hosts are, by priority.
   */
  localities: LocalityExplanation[];
  /**
   * istiod's name, `outbound|80||hello-world.default.svc.cluster.local`.
   */
  name: string;
  /**
   * Outlier detection in Envoy's words, defaults included; empty without it.
   */
  outlierDetection: Setting[];
  /**
   * What happens with too few usable hosts.
   */
  panic: PanicExplanation;
  /**
   * How a host is chosen once priority and locality are.
   */
  policy: Statement;
  /**
   * Routes that lead here; empty if none does.
   */
  routes: Statement[];
  /**
   * Why it won.
   */
  rule: Statement;
  /**
   * What zone-aware routing within a priority does; `None` where it is not configured.
   */
  zoneAware?: ZoneAwareExplanation;
}
/**
 * A sentence and the manifest line behind it.
 */
export interface Statement {
  /**
   * Because of what.
   */
  cause: Cause;
  /**
   * What is so.
   */
  text: string;
}
/**
 * How many hosts may be out at once.
 */
export interface EjectionExplanation {
  /**
   * Because of what.
   */
  cause: Cause;
  /**
   * Hosts that may be ejected at once, of all hosts of the cluster.
   */
  ejectable: number;
  /**
   * `max_ejection_percent`; `None` without outlier detection.
   */
  maxEjectionPercent?: number;
  /**
   * What is so.
   */
  text: string;
}
/**
 * Where consistent hashing leads.
 */
export interface HashingExplanation {
  /**
   * Because of what.
   */
  cause: Cause;
  /**
   * The hosts that the table leads to, by priority. Other addresses lead elsewhere; in the long run a locality has the share that stands with it.
   */
  hosts: HostShare[];
  /**
   * What is so.
   */
  text: string;
}
/**
 * A host's part of a table, and so of the users.
 */
export interface HostShare {
  /**
   * Its locality.
   */
  locality: string;
  /**
   * Its name.
   */
  name: string;
  /**
   * Its failover level.
   */
  priority: number;
  /**
   * Percent of all hashes, exactly.
   */
  share: number;
}
/**
 * A setting of Envoy's.
 */
export interface Setting {
  /**
   * The line that sets it, or whose default it is.
   */
  cause: Cause;
  /**
   * Envoy's name.
   */
  name: string;
  /**
   * Its value, with the unit.
   */
  value: string;
}
/**
 * The hosts of one locality in one priority.
 */
export interface LocalityExplanation {
  /**
   * Why this priority and weight.
   */
  because: Statement;
  /**
   * Those that the running gateway has ejected, if its dump is at hand.
   */
  ejected?: string[];
  /**
   * Whether ejections alone can take it out completely.
   */
  ejectionCanEmpty: boolean;
  /**
   * Whether ejections alone, if all fall on this locality, can make traffic leave it.
   */
  ejectionCanSpill: boolean;
  /**
   * Names of its endpoints.
   */
  endpoints: string[];
  /**
   * How many of them are usable: healthy for discovery, and not ejected.
   */
  healthy: number;
  /**
   * `region/zone/subzone`; empty if unknown.
   */
  locality: string;
  /**
   * Failover level, 0 goes first.
   */
  priority: number;
  /**
   * Percent of the cluster's requests it gets now.
   */
  share: number;
  /**
   * When traffic starts to leave it; `None`: it has none, or never does.
   */
  spill?: Spill;
  /**
   * Weight among the localities of its priority; `None`: weights do not count in this cluster.
   */
  weight?: number;
  /**
   * Shares when all of its endpoints have failed; empty: there is nobody left, requests get 503 (UH).
   */
  withoutIt: LocalityShare[];
}
/**
 * The point at which traffic starts to leave a locality.
 */
export interface Spill {
  /**
   * That times Envoy's overprovisioning factor.
   */
  availabilityPercent: number;
  /**
   * Percent of endpoints that are then healthy.
   */
  healthyPercent: number;
  /**
   * Of so many healthy ones.
   */
  of: number;
  /**
   * Envoy's factor, 1.4: Istio never sets it.
   */
  overprovisioningFactor: number;
  /**
   * The locality's share then.
   */
  share: number;
  /**
   * The same in one sentence, with the numbers.
   */
  text: string;
  /**
   * Localities that get more then, with their new shares.
   */
  to: LocalityShare[];
  /**
   * So many more unhealthy endpoints do it.
   */
  unhealthy: number;
}
/**
 * A locality's part of the traffic.
 */
export interface LocalityShare {
  /**
   * `region/zone/subzone`.
   */
  locality: string;
  /**
   * Its failover level.
   */
  priority: number;
  /**
   * Percent of requests.
   */
  share: number;
}
/**
 * What happens with too few usable hosts.
 */
export interface PanicExplanation {
  /**
   * Because of what.
   */
  cause: Cause;
  /**
   * What is so.
   */
  text: string;
  /**
   * `healthy_panic_threshold`; 0: never.
   */
  thresholdPercent: number;
}
/**
 * Zone-aware routing within the first priority.
 */
export interface ZoneAwareExplanation {
  /**
   * Because of what.
   */
  cause: Cause;
  /**
   * What is so.
   */
  text: string;
  /**
   * Shares if the gateway's bootstrap named its own cluster, as far as the topology knows its pods; empty: no others than without.
   */
  withSelfDiscovery: LocalityShare[];
}
/**
 * `ConnectionPoolSettings`.
 */
export interface ConnectionPool {
  /**
   * For HTTP.
   */
  http?: HttpSettings;
  /**
   * For every protocol.
   */
  tcp?: TcpSettings;
}
/**
 * `ConnectionPoolSettings.HTTPSettings`.
 */
export interface HttpSettings {
  /**
   * `DEFAULT`, `DO_NOT_UPGRADE`, `UPGRADE`.
   */
  h2UpgradePolicy?: string;
  /**
   * Requests waiting for a connection; 0: no limit.
   */
  http1MaxPendingRequests?: number;
  /**
   * Keepalive of HTTP/2 connections.
   */
  http2Keepalive?: {
    [k: string]: unknown;
  };
  /**
   * Requests in flight, in every protocol; 0: no limit.
   */
  http2MaxRequests?: number;
  /**
   * Idle connections are closed after this.
   */
  idleTimeout?: GoDuration;
  /**
   * Streams an HTTP/2 connection may carry at once.
   */
  maxConcurrentStreams?: number;
  /**
   * Requests a connection may carry; 0: no limit.
   */
  maxRequestsPerConnection?: number;
  /**
   * Retries in flight; 0: no limit.
   */
  maxRetries?: number;
  /**
   * Whether upstreams are spoken to in the client's protocol.
   */
  useClientProtocol?: boolean;
}
/**
 * `ConnectionPoolSettings.TCPSettings`.
 */
export interface TcpSettings {
  /**
   * Time to connect; unset: the mesh's 10 s.
   */
  connectTimeout?: GoDuration;
  /**
   * Idle connections are closed after this.
   */
  idleTimeout?: GoDuration;
  /**
   * Longest life of a connection.
   */
  maxConnectionDuration?: GoDuration;
  /**
   * Connections to a destination; 0: no limit.
   */
  maxConnections?: number;
  /**
   * Keepalive.
   */
  tcpKeepalive?: {
    [k: string]: unknown;
  };
}
/**
 * `LoadBalancerSettings.ConsistentHashLB`.
 */
export interface ConsistentHash {
  /**
   * Hash of this cookie.
   */
  httpCookie?: HttpCookie;
  /**
   * Hash of this header.
   */
  httpHeaderName?: string;
  /**
   * Hash of this query parameter.
   */
  httpQueryParameterName?: string;
  /**
   * Maglev table.
   */
  maglev?: Maglev;
  /**
   * Deprecated form of `ringHash.minimumRingSize`.
   */
  minimumRingSize?: number;
  /**
   * Ketama ring.
   */
  ringHash?: RingHash;
  /**
   * Hash of the client's address.
   */
  useSourceIp?: boolean;
}
/**
 * `ConsistentHashLB.HTTPCookie`.
 */
export interface HttpCookie {
  /**
   * Further attributes.
   */
  attributes?: {
    [k: string]: unknown;
  };
  /**
   * Its name.
   */
  name: string;
  /**
   * Its path.
   */
  path?: string;
  /**
   * Its lifetime.
   */
  ttl?: GoDuration;
}
/**
 * `ConsistentHashLB.MagLev`.
 */
export interface Maglev {
  /**
   * A prime; unset: Envoy's 65537.
   */
  tableSize?: number;
}
/**
 * `ConsistentHashLB.RingHash`.
 */
export interface RingHash {
  /**
   * Unset: 1024.
   */
  minimumRingSize?: number;
}
/**
 * Requests, or attempts at endpoints, that have something in common.
 */
export interface Counts {
  /**
   * How many of them failed.
   */
  errors: number;
  /**
   * How they ended, if not with 200: by status and Envoy's response flags.
   */
  outcomes?: {
    [k: string]: number;
  };
  /**
   * Half took at most this.
   */
  p50Ms?: number;
  /**
   * 99 of 100 took at most this.
   */
  p99Ms?: number;
  /**
   * How many ended.
   */
  requests: number;
}
/**
 * `Delegate`.
 */
export interface Delegate {
  /**
   * Name of the VirtualService.
   */
  name: string;
  /**
   * Its namespace; unset: the delegating one's.
   */
  namespace?: string;
}
/**
 * `Destination`.
 */
export interface Destination {
  /**
   * Service host; a short name is completed with the VirtualService's namespace.
   */
  host: string;
  /**
   * Service port; may be left out if the service has one.
   */
  port?: PortSelector;
  /**
   * Subset of the DestinationRule.
   */
  subset?: string;
}
/**
 * `PortSelector`.
 */
export interface PortSelector {
  /**
   * Service port number.
   */
  number: number;
}
/**
 * `DestinationRule.spec`.
 */
export interface DestinationRule {
  /**
   * Namespaces that see it; empty: all.
   */
  exportTo?: string[];
  /**
   * Service host; a short name is completed with this rule's namespace.
   */
  host: string;
  /**
   * Named parts of the service.
   */
  subsets?: Subset[];
  /**
   * Policy of every port and subset.
   */
  trafficPolicy?: TrafficPolicy;
  /**
   * Proxies it applies to; unset: all.
   */
  workloadSelector?: WorkloadSelector;
}
/**
 * `Subset`.
 */
export interface Subset {
  /**
   * Labels its endpoints carry; augmented labels such as `topology.kubernetes.io/region` work.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Its name.
   */
  name: string;
  /**
   * Replaces the rule's policy block by block.
   */
  trafficPolicy?: TrafficPolicy;
}
/**
 * `TrafficPolicy`. Blocks are atomic: a level that sets one replaces the parent's whole block.
 */
export interface TrafficPolicy {
  /**
   * Limits.
   */
  connectionPool?: ConnectionPool;
  /**
   * How a host is chosen.
   */
  loadBalancer?: LoadBalancer;
  /**
   * Passive ejection.
   */
  outlierDetection?: OutlierDetection;
  /**
   * Policies by service port; they inherit nothing.
   */
  portLevelSettings?: PortTrafficPolicy[];
  /**
   * PROXY protocol.
   */
  proxyProtocol?: {
    [k: string]: unknown;
  };
  /**
   * Limits retries by the number of requests.
   */
  retryBudget?: RetryBudget;
  /**
   * Towards the upstream.
   */
  tls?: {
    [k: string]: unknown;
  };
  /**
   * Tunnelling.
   */
  tunnel?: {
    [k: string]: unknown;
  };
}
/**
 * `LoadBalancerSettings`.
 */
export interface LoadBalancer {
  /**
   * Consistent hashing.
   */
  consistentHash?: ConsistentHash;
  /**
   * Locality load balancing of this destination.
   */
  localityLbSetting?: LocalityLoadBalancerSetting;
  /**
   * The algorithm.
   */
  simple?: SimpleLb;
  /**
   * Ramp for new hosts.
   */
  warmup?: Warmup;
  /**
   * Deprecated form of `warmup.duration`.
   */
  warmupDurationSecs?: GoDuration;
  /**
   * Zone-aware load balancing (Istio 1.31); exclusive with `localityLbSetting`.
   */
  zoneAwareLbSetting?: ZoneAwareLoadBalancerSetting;
}
/**
 * `LocalityLoadBalancerSetting`.
 */
export interface LocalityLoadBalancerSetting {
  /**
   * Fixed shares by locality; the first entry whose `from` fits applies.
   */
  distribute?: Distribute[];
  /**
   * Unset: true. False switches locality load balancing off, mesh-wide settings included.
   */
  enabled?: boolean;
  /**
   * Which region comes next.
   */
  failover?: Failover[];
  /**
   * Labels that order endpoints.
   */
  failoverPriority?: string[];
}
/**
 * `LocalityLoadBalancerSetting.Distribute`.
 */
export interface Distribute {
  /**
   * Locality of the proxy.
   */
  from: string;
  /**
   * Percent by locality of the endpoints; the sum is 100. What is not listed gets nothing, ever.
   */
  to: {
    [k: string]: number;
  };
}
/**
 * `LocalityLoadBalancerSetting.Failover`.
 */
export interface Failover {
  /**
   * Region of the proxy.
   */
  from: string;
  /**
   * The region preferred after its own.
   */
  to: string;
}
/**
 * `WarmupConfiguration`.
 */
export interface Warmup {
  /**
   * Exponent; unset: 1.
   */
  aggression?: number;
  /**
   * Length of the ramp.
   */
  duration?: GoDuration;
  /**
   * Floor, in percent; unset: 10.
   */
  minimumPercent?: number;
}
/**
 * `ZoneAwareLoadBalancerSetting` (Istio 1.31).
 */
export interface ZoneAwareLoadBalancerSetting {
  /**
   * Unset: true.
   */
  enabled?: boolean;
  /**
   * Which region comes next.
   */
  failover?: Failover[];
  /**
   * Labels that order endpoints.
   */
  failoverPriority?: string[];
  /**
   * Envoy's `min_cluster_size`.
   */
  minClusterSize?: number;
}
/**
 * `OutlierDetection`. An empty block counts as present: it ejects by Envoy's defaults.
 */
export interface OutlierDetection {
  /**
   * Shortest ejection; unset: 30 s.
   */
  baseEjectionTime?: GoDuration;
  /**
   * Server errors in a row that eject; 0: off; unset: 5.
   */
  consecutive5xxErrors?: number;
  /**
   * Deprecated and ignored by istiod.
   */
  consecutiveErrors?: number;
  /**
   * 502, 503, 504 in a row that eject; 0: off; unset: off.
   */
  consecutiveGatewayErrors?: number;
  /**
   * Connection failures in a row that eject, in split mode.
   */
  consecutiveLocalOriginFailures?: number;
  /**
   * Time between sweeps; unset: 10 s.
   */
  interval?: GoDuration;
  /**
   * Share of all hosts that may be out at once; 0 or unset: 10.
   */
  maxEjectionPercent?: number;
  /**
   * Panic threshold in percent; 0 or unset: never panic.
   */
  minHealthPercent?: number;
  /**
   * Statuses that count as errors instead of 5xx (Istio 1.31).
   */
  outlierDetectionHttpErrorCodes?: number[];
  /**
   * Whether connection failures are counted apart from responses.
   */
  splitExternalLocalOriginErrors?: boolean;
}
/**
 * `TrafficPolicy.PortTrafficPolicy`.
 */
export interface PortTrafficPolicy {
  /**
   * Limits.
   */
  connectionPool?: ConnectionPool;
  /**
   * How a host is chosen.
   */
  loadBalancer?: LoadBalancer;
  /**
   * Passive ejection.
   */
  outlierDetection?: OutlierDetection;
  /**
   * The service port.
   */
  port?: PortSelector;
  /**
   * Towards the upstream.
   */
  tls?: {
    [k: string]: unknown;
  };
}
/**
 * `TrafficPolicy.RetryBudget`.
 */
export interface RetryBudget {
  /**
   * Window in which requests are counted (Istio 1.31).
   */
  budgetInterval?: GoDuration;
  /**
   * Retries always allowed; unset: 3.
   */
  minRetryConcurrency?: number;
  /**
   * Percent of active and pending requests; unset: 20.
   */
  percent?: number;
}
/**
 * `WorkloadSelector`.
 */
export interface WorkloadSelector {
  /**
   * Labels the proxy must carry.
   */
  matchLabels: {
    [k: string]: string;
  };
}
/**
 * One finding.
 *
 * House style: the message is lower case without a full stop, what the user wrote stands in backticks,
 * no Rust type is named; what to do about it goes into `help`.
 */
export interface Diagnostic {
  /**
   * A stable code, `MF` and four digits.
   */
  code: string;
  /**
   * What to write instead.
   */
  help?: string;
  /**
   * Where, if the text is at hand.
   */
  location?: Location;
  /**
   * What is wrong, with the user's own names and numbers.
   */
  message: string;
  /**
   * The field, for example `spec.trafficPolicy.outlierDetection.interval`; empty for a whole document.
   */
  path?: string;
  /**
   * How bad it is.
   */
  severity: Severity;
}
/**
 * What is emptied, and how fast.
 */
export interface DrainConfig {
  /**
   * Whether a user who is in a drained region stays there; unset: `break`.
   */
  affinity?: DrainAffinity;
  /**
   * From full to nothing and back; unset: `0s`, at once.
   */
  duration?: GoDuration;
  /**
   * Regions that lose their traffic. One that is taken off the list gets it back the same way.
   */
  regions?: string[];
}
/**
 * An endpoint in a frame.
 */
export interface EndpointFrame {
  /**
   * Gateway pods that have ejected it, at the end of the frame.
   */
  ejected: number;
  /**
   * How many of them failed.
   */
  errors: number;
  /**
   * How they ended, if not with 200: by status and Envoy's response flags.
   */
  outcomes?: {
    [k: string]: number;
  };
  /**
   * Half took at most this.
   */
  p50Ms?: number;
  /**
   * 99 of 100 took at most this.
   */
  p99Ms?: number;
  /**
   * How many ended.
   */
  requests: number;
}
/**
 * An endpoint through the whole run.
 */
export interface EndpointLane {
  /**
   * Kubernetes cluster.
   */
  cluster: string;
  /**
   * As in events and frames.
   */
  name: string;
  /**
   * The number in its name.
   */
  ordinal: number;
  /**
   * Region.
   */
  region: string;
  /**
   * Service host.
   */
  service: string;
  /**
   * While it exists, ascending; a gap is a time without it.
   */
  spans: EndpointSpan[];
  /**
   * Prefix of its name.
   */
  workload: string;
  /**
   * Zone.
   */
  zone: string;
}
/**
 * A configuration as texts.
 */
export interface EnvoyAnswer {
  /**
   * The bootstrap, YAML.
   */
  bootstrap: string;
  /**
   * What is doubtful about the texts, and what Istio would do silently.
   */
  diagnostics: Diagnostic[];
  /**
   * Endpoint files by name, YAML; they belong into the folder `eds` beside the bootstrap.
   */
  eds: {
    [k: string]: string;
  };
}
/**
 * A gateway to configure.
 */
export interface EnvoyRequest {
  /**
   * The texts; a Topology among them.
   */
  files: File[];
  /**
   * The file of a Wasm module, as Envoy should open it, to put before the router, configured by the WasmPlugin among the
   * texts; unset: no filter.
   */
  filter?: string | null;
  /**
   * Where the gateway is, `REGION[/ZONE[/SUBZONE]]`; unset: the topology's first gateway.
   */
  from?: string | null;
  /**
   * The istiod to imitate, for example `1.31`; unset: the newest.
   */
  istio?: string | null;
}
/**
 * Why there is no answer.
 */
export interface Error {
  /**
   * A stable code, `MF` and four digits.
   */
  code: string;
  /**
   * The places in the texts that are to blame, if they are.
   */
  diagnostics: Diagnostic[];
  /**
   * What to do about it.
   */
  help?: string;
  /**
   * What is wrong, in one line.
   */
  message: string;
}
/**
 * What must come out in a span of time.
 */
export interface Expectation {
  /**
   * Endpoints that are ejected at the end of the span, in every gateway pod; no others.
   */
  ejected?: string[];
  /**
   * How many requests end in each way: by Envoy's response flag (`UH`, `UF`, `UC`, `UT`, `UO`, …), by status, or `any` for all that fail.
   */
  errors?: {
    [k: string]: Bounds;
  };
  /**
   * How soon after the start a region gets its first request.
   */
  failback?: Within;
  /**
   * How soon after the start a region gets no more requests.
   */
  failover?: Within;
  /**
   * Start; unset: 0.
   */
  from?: GoDuration;
  /**
   * The gateway that it is about; unset: all together.
   */
  gateway?: string;
  /**
   * Most failed requests, in percent of all.
   */
  maxErrorRate?: number;
  /**
   * Most failed requests.
   */
  maxErrors?: number;
  /**
   * 99 of 100 requests take at most this.
   */
  p99?: GoDuration;
  /**
   * Percent of requests by region.
   */
  share?: {
    [k: string]: number;
  };
  /**
   * End; unset: the scenario's.
   */
  to?: GoDuration;
  /**
   * Tolerance of the shares in points; unset: 3.
   */
  within?: number;
}
/**
 * Something that a region does in time.
 */
export interface Within {
  /**
   * The region.
   */
  region: string;
  /**
   * The time it has.
   */
  within: GoDuration;
}
/**
 * The explanation.
 */
export interface ExplainAnswer {
  /**
   * What is doubtful about the texts.
   */
  diagnostics: Diagnostic[];
  /**
   * The gateway and its clusters.
   */
  explanation: Explanation;
}
/**
 * What one gateway was given.
 */
export interface Explanation {
  /**
   * Its clusters, in istiod's order.
   */
  clusters: ClusterExplanation[];
  /**
   * What Istio does silently, and what the translation leaves out.
   */
  diagnostics: Diagnostic[];
  /**
   * The gateway.
   */
  gateway: GatewayExplanation;
}
/**
 * Which gateway it is.
 */
export interface GatewayExplanation {
  /**
   * Its Kubernetes cluster.
   */
  cluster: string;
  /**
   * The control plane's version.
   */
  istio: string;
  /**
   * Where it is, `region/zone/subzone`.
   */
  locality: string;
  /**
   * Its namespace.
   */
  namespace: string;
}
/**
 * A gateway to explain.
 */
export interface ExplainRequest {
  /**
   * The texts; a Topology among them.
   */
  files: File[];
  /**
   * Where the gateway is, `REGION[/ZONE[/SUBZONE]]`; unset: the topology's first gateway.
   */
  from?: string | null;
  /**
   * The istiod to imitate, for example `1.31`; unset: the newest.
   */
  istio?: string | null;
}
/**
 * `fail`.
 *
 * The target's fields are repeated here, not flattened, so that an unknown field is still seen.
 */
export interface Fail {
  /**
   * Kubernetes cluster.
   */
  cluster?: string | null;
  /**
   * Ordinals.
   */
  endpoints?: number[] | null;
  /**
   * Share of requests that fail, an independent draw each; unset: 1.
   */
  ratio?: number | null;
  /**
   * Region.
   */
  region?: string | null;
  /**
   * Service host.
   */
  service?: string | null;
  /**
   * The status; unset: 503.
   */
  status?: number | null;
  /**
   * Workload name.
   */
  workload?: string | null;
  /**
   * Zone.
   */
  zone?: string | null;
}
/**
 * How a region comes back after it was out.
 */
export interface FailbackConfig {
  /**
   * For so long it must be found well before it takes traffic again; unset: `0s`.
   */
  minimumHealthyTime?: GoDuration;
  /**
   * How its traffic grows then; unset: at once.
   */
  ramp?: RampConfig;
}
/**
 * A ramp as written.
 */
export interface RampConfig {
  /**
   * `linear` or `exponential`; unset: `linear`.
   */
  curve?: Curve;
  /**
   * From the start to full; required, more than `0s`.
   */
  duration?: GoDuration;
  /**
   * Percent of its weight at the start, 1 to 100; unset: 10.
   */
  startPercent?: number;
}
/**
 * Something that a filter is told: what happens, in which virtual machine, and when.
 */
export interface FilterEvent {
  /**
   * The virtual machine's number.
   */
  machine: number;
  /**
   * The run's clock. **Units**: nanoseconds.
   */
  now: number;
  /**
   * What the filter sends meanwhile.
   */
  sends: FilterSend[];
  /**
   * What happens.
   */
  what: FilterNews;
}
/**
 * A request that the filter is about to send itself, and what becomes of it.
 */
export interface FilterSend {
  /**
   * Where it goes.
   */
  cluster: string;
  /**
   * Its number.
   */
  id: number;
  /**
   * Why Envoy does not send it; unset: it does.
   */
  refused?: Refusal;
}
/**
 * What a filter is started with, in one Envoy.
 */
export interface FilterStart {
  /**
   * `pluginConfig`, JSON.
   */
  configuration: string;
  /**
   * Where the gateway is: `region/zone/subzone`.
   */
  locality: string;
  /**
   * When each of its virtual machines starts: those of the workers, then that of the main thread. **Units**: nanoseconds of the run's clock.
   */
  machines: number[];
  /**
   * The name that Istio gives the plugin.
   */
  plugin: string;
}
/**
 * A short piece of the run.
 */
export interface Frame {
  /**
   * Attempts by endpoint; left out when there are too many endpoints.
   */
  endpoints?: {
    [k: string]: EndpointFrame;
  };
  /**
   * Start.
   */
  fromMs: number;
  /**
   * Priorities that use all their hosts, healthy or not, at the end of the frame.
   */
  panicking: number;
  /**
   * By region of the upstream that answered, and [`NONE`].
   */
  regions: {
    [k: string]: RegionFrame;
  };
  /**
   * Attempts beyond each request's first.
   */
  retries: number;
  /**
   * End.
   */
  toMs: number;
  /**
   * All requests that started in it.
   */
  total: Counts;
}
/**
 * A region in a frame.
 */
export interface RegionFrame {
  /**
   * Ejected endpoints at the end of the frame, over all gateway pods.
   */
  ejected: number;
  /**
   * How many of them failed.
   */
  errors: number;
  /**
   * How they ended, if not with 200: by status and Envoy's response flags.
   */
  outcomes?: {
    [k: string]: number;
  };
  /**
   * Half took at most this.
   */
  p50Ms?: number;
  /**
   * 99 of 100 took at most this.
   */
  p99Ms?: number;
  /**
   * How many ended.
   */
  requests: number;
  /**
   * Percent of requests that the workers would send there at the end of the frame.
   */
  weight: number;
}
/**
 * How the values of a [`FrameTable`] are arranged.
 */
export interface FrameLayout {
  /**
   * The columns of each endpoint.
   *
   * @minItems 5
   * @maxItems 5
   */
  endpointColumns: [string, string, string, string, string];
  /**
   * The endpoints in their order; none if there are too many to be told apart.
   */
  endpoints: string[];
  /**
   * Length of every column.
   */
  frames: number;
  /**
   * The columns of each region.
   *
   * @minItems 6
   * @maxItems 6
   */
  regionColumns: [string, string, string, string, string, string];
  /**
   * The regions in their order, `none` for what Envoy answered itself.
   */
  regions: string[];
  /**
   * The columns of the total.
   *
   * @minItems 8
   * @maxItems 8
   */
  totalColumns: [string, string, string, string, string, string, string, string];
}
/**
 * `Gateway.spec`.
 */
export interface Gateway {
  /**
   * Labels of the proxies that serve it; empty: every gateway proxy.
   */
  selector?: {
    [k: string]: string;
  };
  /**
   * What is exposed.
   */
  servers: Server[];
}
/**
 * `Gateway.servers[]`.
 */
export interface Server {
  /**
   * Address to bind.
   */
  bind?: string;
  /**
   * Obsolete.
   */
  defaultEndpoint?: string;
  /**
   * `[namespace/]dnsName`.
   */
  hosts: string[];
  /**
   * Name, unique in the Gateway.
   */
  name?: string;
  /**
   * The port of the gateway's Service.
   */
  port?: Port;
  /**
   * TLS settings.
   */
  tls?: ServerTls;
}
/**
 * `Port`.
 */
export interface Port {
  /**
   * Its name.
   */
  name: string;
  /**
   * Service port number.
   */
  number: number;
  /**
   * `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS`.
   */
  protocol: string;
  /**
   * Without effect on Gateways.
   */
  targetPort?: number;
}
/**
 * `Server.tls`: read as written; certificates are not looked at.
 */
export interface ServerTls {
  /**
   * Secret or ConfigMap with the client CA (Istio 1.28).
   */
  caCertCredentialName?: string;
  /**
   * Path of the client CA.
   */
  caCertificates?: string;
  /**
   * Path of the revocation list.
   */
  caCrl?: string;
  /**
   * Accepted ciphers.
   */
  cipherSuites?: string[];
  /**
   * Secret with all of them.
   */
  credentialName?: string;
  /**
   * Several of them.
   */
  credentialNames?: string[];
  /**
   * Answer plain HTTP with a redirect.
   */
  httpsRedirect?: boolean;
  /**
   * Highest TLS version.
   */
  maxProtocolVersion?: string;
  /**
   * Lowest TLS version.
   */
  minProtocolVersion?: string;
  /**
   * `PASSTHROUGH`, `SIMPLE`, `MUTUAL`, ….
   */
  mode?: string;
  /**
   * Path of the key.
   */
  privateKey?: string;
  /**
   * Path of the certificate.
   */
  serverCertificate?: string;
  /**
   * Accepted client names.
   */
  subjectAltNames?: string[];
  /**
   * Several certificates by path.
   */
  tlsCertificates?: {
    [k: string]: unknown;
  };
  /**
   * Accepted client certificates.
   */
  verifyCertificateHash?: string[];
  /**
   * Accepted client certificates.
   */
  verifyCertificateSpki?: string[];
}
/**
 * A gateway in a phase.
 */
export interface GatewayPhase {
  /**
   * Its cluster.
   */
  gateway: string;
  /**
   * By region of the upstream that answered, and [`NONE`].
   */
  regions: {
    [k: string]: RegionPhase;
  };
  /**
   * Its requests.
   */
  total: Counts;
}
/**
 * A region in a phase.
 */
export interface RegionPhase {
  /**
   * How many of them failed.
   */
  errors: number;
  /**
   * How they ended, if not with 200: by status and Envoy's response flags.
   */
  outcomes?: {
    [k: string]: number;
  };
  /**
   * Half took at most this.
   */
  p50Ms?: number;
  /**
   * 99 of 100 took at most this.
   */
  p99Ms?: number;
  /**
   * How many ended.
   */
  requests: number;
  /**
   * Percent of requests.
   */
  share: number;
}
/**
 * A gateway and its traffic.
 */
export interface GatewayTraffic {
  /**
   * Cluster whose gateway gets the traffic.
   */
  gateway: string;
  /**
   * The traffic.
   */
  traffic: Traffic;
}
/**
 * Open-loop traffic.
 */
export interface Traffic {
  /**
   * When they come; unset: constant.
   */
  arrivals?: Arrivals;
  /**
   * Request headers.
   */
  headers?: {
    [k: string]: string;
  };
  /**
   * `Host` header; unset: the first domain of the gateway's routes.
   */
  host?: string;
  /**
   * Unset: `GET`.
   */
  method?: string;
  /**
   * Unset: `/`.
   */
  path?: string;
  /**
   * Port of the gateway's Service; unset: the gateway's first.
   */
  port?: number;
  /**
   * Requests a second.
   */
  rate: number;
}
/**
 * `Headers.HeaderOperations`.
 */
export interface HeaderOperations {
  /**
   * Added beside what is there.
   */
  add?: {
    [k: string]: string;
  };
  /**
   * Removed.
   */
  remove?: string[];
  /**
   * Set, replacing what is there.
   */
  set?: {
    [k: string]: string;
  };
}
/**
 * `Headers`.
 */
export interface Headers {
  /**
   * Towards the upstream.
   */
  request?: HeaderOperations;
  /**
   * Towards the client.
   */
  response?: HeaderOperations;
}
/**
 * What takes a region out besides errors in a row.
 */
export interface HealthConfig {
  /**
   * Too many slow answers among many requests.
   */
  latency?: LatencyConfig;
  /**
   * Too many errors among many requests.
   */
  successRate?: SuccessRateConfig;
}
/**
 * A greatest share of slow answers.
 */
export interface LatencyConfig {
  /**
   * Requests in the window, of one worker, below which nothing is judged; unset: 20.
   */
  minimumRequests?: number;
  /**
   * A region with at least this percent of slow answers is ejected, 1 to 100; unset: 50.
   */
  percent?: number;
  /**
   * An answer is slow when its head takes longer; required.
   */
  threshold?: GoDuration;
  /**
   * Length of the sliding window; unset: `10s`.
   */
  window?: GoDuration;
}
/**
 * A lowest success rate.
 */
export interface SuccessRateConfig {
  /**
   * A region below this percent of successes is ejected, 1 to 100; required.
   */
  minimumPercent?: number;
  /**
   * Requests in the window, of one worker, below which nothing is judged; unset: 20.
   */
  minimumRequests?: number;
  /**
   * Length of the sliding window; unset: `10s`.
   */
  window?: GoDuration;
}
/**
 * A header that counts the gateways a request has passed.
 */
export interface HopsConfig {
  /**
   * Its name; unset: `x-mesh-hops`.
   */
  header?: string;
}
/**
 * `HTTPBody`.
 */
export interface HttpBody {
  /**
   * As base64.
   */
  bytes?: string;
  /**
   * As text.
   */
  string?: string;
}
/**
 * `HTTPDirectResponse`.
 */
export interface HttpDirectResponse {
  /**
   * The body.
   */
  body?: HttpBody;
  /**
   * The status.
   */
  status: number;
}
/**
 * `HTTPMatchRequest`; all conditions must hold.
 */
export interface HttpMatchRequest {
  /**
   * The authority.
   */
  authority?: StringMatch;
  /**
   * Replaces the VirtualService's list.
   */
  gateways?: string[];
  /**
   * Headers; a null or empty condition asks for presence.
   */
  headers?: {
    [k: string]: StringMatch | null;
  };
  /**
   * Whether the path's case is ignored.
   */
  ignoreUriCase?: boolean;
  /**
   * The method.
   */
  method?: StringMatch;
  /**
   * Its name.
   */
  name?: string;
  /**
   * The port of the gateway's server.
   */
  port?: number;
  /**
   * Query parameters.
   */
  queryParams?: {
    [k: string]: StringMatch | null;
  };
  /**
   * The scheme.
   */
  scheme?: StringMatch;
  /**
   * Labels of the proxy.
   */
  sourceLabels?: {
    [k: string]: string;
  };
  /**
   * Namespace of the proxy.
   */
  sourceNamespace?: string;
  /**
   * Prefix of the statistics.
   */
  statPrefix?: string;
  /**
   * The path.
   */
  uri?: StringMatch;
  /**
   * Headers that must not match.
   */
  withoutHeaders?: {
    [k: string]: StringMatch | null;
  };
}
/**
 * `StringMatch`: one of the three; none asks for presence where that is possible.
 */
export interface StringMatch {
  /**
   * Equal.
   */
  exact?: string;
  /**
   * Starts with.
   */
  prefix?: string;
  /**
   * RE2, whole value.
   */
  regex?: string;
}
/**
 * `HTTPRedirect`.
 */
export interface HttpRedirect {
  /**
   * New authority.
   */
  authority?: string;
  /**
   * How the port is derived.
   */
  derivePort?: string;
  /**
   * New port.
   */
  port?: number;
  /**
   * The status; unset: 301.
   */
  redirectCode?: number;
  /**
   * New scheme.
   */
  scheme?: string;
  /**
   * New path.
   */
  uri?: string;
}
/**
 * `HTTPRetry`; 0 or no attempts switch retries off.
 */
export interface HttpRetry {
  /**
   * Retries after the first attempt.
   */
  attempts: number;
  /**
   * First back-off.
   */
  backoff?: GoDuration;
  /**
   * Time for one attempt.
   */
  perTryTimeout?: GoDuration;
  /**
   * Whether hosts already tried are avoided.
   */
  retryIgnorePreviousHosts?: boolean;
  /**
   * Comma-separated conditions and statuses.
   */
  retryOn?: string;
  /**
   * Move to other priorities on retries.
   */
  retryRemoteLocalities?: boolean;
}
/**
 * `HTTPRewrite`.
 */
export interface HttpRewrite {
  /**
   * New authority.
   */
  authority?: string;
  /**
   * New path or prefix.
   */
  uri?: string;
  /**
   * New path by regex.
   */
  uriRegexRewrite?: RegexRewrite;
}
/**
 * `RegexRewrite`.
 */
export interface RegexRewrite {
  /**
   * RE2 pattern.
   */
  match: string;
  /**
   * Replacement.
   */
  rewrite: string;
}
/**
 * `HTTPRoute`.
 */
export interface HttpRoute {
  /**
   * CORS.
   */
  corsPolicy?: {
    [k: string]: unknown;
  };
  /**
   * Another VirtualService that continues.
   */
  delegate?: Delegate;
  /**
   * Answer at once instead.
   */
  directResponse?: HttpDirectResponse;
  /**
   * Injected faults.
   */
  fault?: {
    [k: string]: unknown;
  };
  /**
   * Header operations.
   */
  headers?: Headers;
  /**
   * Conditions, any of which suffices; empty: always.
   */
  match?: HttpMatchRequest[];
  /**
   * Mirrored traffic.
   */
  mirror?: Destination;
  /**
   * Deprecated.
   */
  mirrorPercent?: number;
  /**
   * Share that is mirrored.
   */
  mirrorPercentage?: {
    [k: string]: unknown;
  };
  /**
   * Several mirrors.
   */
  mirrors?: {
    [k: string]: unknown;
  };
  /**
   * Its name.
   */
  name?: string;
  /**
   * Answer with a redirect instead.
   */
  redirect?: HttpRedirect;
  /**
   * Retries; unset: the mesh's default.
   */
  retries?: HttpRetry;
  /**
   * Rewrite before forwarding.
   */
  rewrite?: HttpRewrite;
  /**
   * Destinations.
   */
  route?: HttpRouteDestination[];
  /**
   * Total time; unset: no limit.
   */
  timeout?: GoDuration;
}
/**
 * `HTTPRouteDestination`.
 */
export interface HttpRouteDestination {
  /**
   * Where to.
   */
  destination?: Destination;
  /**
   * Header operations.
   */
  headers?: Headers;
  /**
   * Share of the sum of weights; with several destinations 0 gets nothing.
   */
  weight?: number;
}
/**
 * `Intent.spec`.
 */
export interface Intent {
  /**
   * Percent of traffic by region, from everywhere alike. Unset, each gateway sends to the nearest region. Exclusive with `failover` and `failoverPriority` but for the region router, which knows both: a share, and where it goes.
   */
  distribute?: {
    [k: string]: number;
  };
  /**
   * Where a region's traffic goes when it fails, as in a DestinationRule.
   */
  failover?: Failover[];
  /**
   * Labels that order the regions, as in a DestinationRule.
   */
  failoverPriority?: string[];
  /**
   * How it is exposed.
   */
  gateway: IntentGateway;
  /**
   * The service's full name, `hello-world.default.svc.cluster.local`.
   */
  host: string;
  /**
   * Most requests in flight to the service; unset: no limit.
   */
  maxRequests?: number;
  /**
   * When a host is taken out, as in a DestinationRule; unset: 5 errors in a row, looked at every second, 30 s out, all hosts may go.
   */
  outlierDetection?: OutlierDetection;
  /**
   * How the pods are found by the Services, one a region, that the router needs behind HTTPRoutes; otherwise it has no effect.
   */
  pods: IntentPods;
  /**
   * The service's port; unset: routes leave it to the service's only one.
   */
  port?: number;
  /**
   * Where the service runs.
   */
  regions: IntentRegion[];
  /**
   * Put the region router before Istio's own failover.
   */
  router?: IntentRouter;
}
/**
 * How the service is exposed.
 */
export interface IntentGateway {
  /**
   * The language of the routes.
   */
  api: RouteApi & string;
  /**
   * Host names served; empty: all.
   */
  hosts?: string[];
  /**
   * The Gateway's name; unset: `public-gateway`.
   */
  name?: string;
  /**
   * Namespace of the gateway's pods; unset: `istio-system`.
   */
  namespace?: string;
  /**
   * The port; unset: 80.
   */
  port?: number;
  /**
   * Labels of the gateway's pods; empty: `istio: ingressgateway`. Not for the Gateway API, whose Gateway brings its own pods.
   */
  selector?: {
    [k: string]: string;
  };
}
/**
 * What a Service says of its pods.
 */
export interface IntentPods {
  /**
   * Their labels; empty: `app`, with the service's short name.
   */
  selector?: {
    [k: string]: string;
  };
  /**
   * The port that they listen on; unset: the service's.
   */
  targetPort?: number;
}
/**
 * A region of it.
 */
export interface IntentRegion {
  /**
   * The Kubernetes cluster there, as kubectl's contexts call it; unset: the region's name.
   */
  cluster?: string;
  /**
   * How long a response takes, for simulations.
   */
  latency?: GoDuration;
  /**
   * The region.
   */
  name: string;
  /**
   * Pods; unset: 3.
   */
  replicas?: number;
  /**
   * Its zone with the service's pods, if known.
   */
  zone?: string;
}
/**
 * The region router in the gateway. What its `pluginConfig` says beside the DestinationRule's words stands here in the same form: see
 * docs/region-router.md.
 */
export interface IntentRouter {
  /**
   * Keeps a user in a region; unset: no user is known.
   */
  affinity?: AffinityConfig;
  /**
   * What to do when no region is usable; unset: `native`.
   */
  allRegionsOut?: AllRegionsOut;
  /**
   * Where the client is, if the request says so; unset: everybody is where the gateway is.
   */
  clientRegion?: ClientRegionConfig;
  /**
   * Name of a response header that says where a request went; unset: none.
   */
  debugHeader?: string;
  /**
   * Regions to empty.
   */
  drain?: DrainConfig;
  /**
   * The kind that loads it; unset: WasmPlugin.
   */
  extension?: RouterExtension;
  /**
   * How a region comes back.
   */
  failback?: FailbackConfig;
  /**
   * Errors and slowness over time.
   */
  health?: HealthConfig;
  /**
   * How gateways that route to each other find out; unset: they do not.
   */
  hops?: HopsConfig;
  /**
   * Requests of the gateway's own to every region; unset: none.
   */
  probe?: ProbeConfig;
  /**
   * A second try in another region before the client sees the error of the first; unset: none. `{}` turns it on with all defaults.
   */
  rescue?: RescueConfig;
  /**
   * Any text, to tell a configuration from an older one.
   */
  revision?: string;
  /**
   * Its digest.
   */
  sha256?: string;
  /**
   * Where the module is; unset: a file in the gateway's pods.
   */
  url?: string;
}
/**
 * A probe as written.
 */
export interface ProbeConfig {
  /**
   * Statuses that are successes, as `200` or `200-299`; unset: `200-399`.
   */
  expectedStatuses?: string[];
  /**
   * Successes in a row that bring a region back; unset: 2.
   */
  healthyThreshold?: number;
  /**
   * The `host` header; unset: the destination's host.
   */
  host?: string;
  /**
   * From one to the next, at least `100ms`; unset: `5s`.
   */
  interval?: GoDuration;
  /**
   * Unset: `GET`.
   */
  method?: string;
  /**
   * Unset: `/`.
   */
  path?: string;
  /**
   * How long an answer is waited for; unset: `1s`.
   */
  timeout?: GoDuration;
  /**
   * Failures in a row that take a region out; unset: 3.
   */
  unhealthyThreshold?: number;
}
/**
 * A second try as written.
 */
export interface RescueConfig {
  /**
   * How many requests may be repeated.
   */
  budget?: BudgetConfig;
  /**
   * Longest body of a request that is kept for a repetition, in bytes; unset: 0, only requests without a body.
   */
  maxBodyBytes?: number;
  /**
   * Longest body of a second answer, in bytes; a longer one is given up and the first answer stands. Unset: 1048576.
   */
  maxResponseBytes?: number;
  /**
   * Methods to repeat besides those that are idempotent (`GET`, `HEAD`, `OPTIONS`, `TRACE`, `PUT`, `DELETE`).
   */
  methods?: string[];
  /**
   * How long the second answer is waited for; unset: `5s`.
   */
  timeout?: GoDuration;
}
/**
 * `Gateway.spec`.
 */
export interface KubeGateway {
  [k: string]: unknown;
}
/**
 * `HTTPRoute.spec`.
 */
export interface KubeHttpRoute {
  [k: string]: unknown;
}
/**
 * `LuaConfig`.
 */
export interface LuaConfig {
  /**
   * The script: `envoy_on_request`, `envoy_on_response` or both.
   */
  inlineCode: string;
}
/**
 * `MeshConfig`.
 */
export interface MeshConfig {
  /**
   * Time to connect; unset: 10 s.
   */
  connectTimeout?: GoDuration;
  /**
   * Who sees a DestinationRule without `exportTo`; unset: all.
   */
  defaultDestinationRuleExportTo?: string[];
  /**
   * Replaces istiod's default retries.
   */
  defaultHttpRetryPolicy?: HttpRetry;
  /**
   * Mesh-wide traffic policy (Istio 1.31); applied to clusters, not to endpoint priorities.
   */
  defaultTrafficPolicy?: TrafficPolicy;
  /**
   * Who sees a VirtualService without `exportTo`; unset: all.
   */
  defaultVirtualServiceExportTo?: string[];
  /**
   * Mesh-wide locality load balancing; istiod's default is `{enabled: true}`.
   */
  localityLbSetting?: LocalityLoadBalancerSetting;
  /**
   * Namespace whose resources apply everywhere; unset: `istio-system`.
   */
  rootNamespace?: string;
  /**
   * Mesh-wide zone-aware load balancing (Istio 1.31).
   */
  zoneAwareLbSetting?: ZoneAwareLoadBalancerSetting;
}
/**
 * What the texts say.
 */
export interface ParseAnswer {
  /**
   * What is wrong.
   */
  diagnostics: Diagnostic[];
  /**
   * The objects that could be read, in the order of the texts.
   */
  objects: ParsedObject[];
}
/**
 * `VirtualService.spec`. TCP and TLS routes are kept but not interpreted.
 */
export interface VirtualService {
  /**
   * Namespaces that see it; empty: all.
   */
  exportTo?: string[];
  /**
   * Gateways that serve it; empty: the mesh only, no gateway.
   */
  gateways?: string[];
  /**
   * Destination hosts.
   */
  hosts: string[];
  /**
   * HTTP rules, first match wins.
   */
  http?: HttpRoute[];
  /**
   * TCP rules.
   */
  tcp?: {
    [k: string]: unknown;
  };
  /**
   * TLS rules.
   */
  tls?: {
    [k: string]: unknown;
  };
}
/**
 * `ServiceEntry.spec`.
 */
export interface ServiceEntry {
  /**
   * Virtual addresses.
   */
  addresses?: string[];
  /**
   * Endpoints; exclusive with `workloadSelector`.
   */
  endpoints?: WorkloadEntry[];
  /**
   * Namespaces that see it; empty: all.
   */
  exportTo?: string[];
  /**
   * Hosts of the service.
   */
  hosts: string[];
  /**
   * `MESH_EXTERNAL` or `MESH_INTERNAL`.
   */
  location?: string;
  /**
   * Service ports.
   */
  ports: Port[];
  /**
   * `NONE`, `STATIC`, `DNS`, `DNS_ROUND_ROBIN`, `DYNAMIC_DNS`.
   */
  resolution?: string;
  /**
   * Accepted names.
   */
  subjectAltNames?: string[];
  /**
   * Selects WorkloadEntries and pods; the `labels` map, in Istio's older spelling.
   */
  workloadSelector?: ServiceWorkloadSelector;
}
/**
 * `WorkloadEntry.spec`, also an endpoint of a ServiceEntry.
 */
export interface WorkloadEntry {
  /**
   * IP address or DNS name.
   */
  address?: string;
  /**
   * Labels, the topology labels included.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * `region/zone/subzone`.
   */
  locality?: string;
  /**
   * Network it is in.
   */
  network?: string;
  /**
   * Port by the name of the service port; unset: the service's number.
   */
  ports?: {
    [k: string]: number;
  };
  /**
   * Identity.
   */
  serviceAccount?: string;
  /**
   * Share within its locality; unset or 0: 1.
   */
  weight?: number;
}
/**
 * `networking.v1 WorkloadSelector` (not the `matchLabels` one of a DestinationRule).
 */
export interface ServiceWorkloadSelector {
  /**
   * Labels the workload must carry.
   */
  labels: {
    [k: string]: string;
  };
}
/**
 * `WasmPlugin.spec`.
 */
export interface WasmPlugin {
  /**
   * `FAIL_CLOSE` (default), `FAIL_OPEN`, `FAIL_RELOAD` (Istio 1.28).
   */
  failStrategy?: string;
  /**
   * `IfNotPresent` or `Always`.
   */
  imagePullPolicy?: string;
  /**
   * Secret for the pull.
   */
  imagePullSecret?: string;
  /**
   * Traffic it applies to.
   */
  match?: {
    [k: string]: unknown;
  };
  /**
   * `AUTHN`, `AUTHZ`, `STATS`; unset: just before the router.
   */
  phase?: string;
  /**
   * Handed to the module as JSON.
   */
  pluginConfig?: {
    [k: string]: unknown;
  };
  /**
   * The module's root id.
   */
  pluginName?: string;
  /**
   * Higher runs first within a phase.
   */
  priority?: number;
  /**
   * Proxies it applies to; unset: all of the namespace.
   */
  selector?: WorkloadSelector;
  /**
   * Digest of the module or image.
   */
  sha256?: string;
  /**
   * Gateways and services it applies to; exclusive with `selector`.
   */
  targetRefs?: TargetRef[];
  /**
   * `HTTP` or `NETWORK`.
   */
  type?: string;
  /**
   * `oci://`, `http://`, `https://` or `file://`; without a scheme `oci://`.
   */
  url: string;
  /**
   * Unused by istiod.
   */
  verificationKey?: string;
  /**
   * Environment of the module.
   */
  vmConfig?: {
    [k: string]: unknown;
  };
}
/**
 * `PolicyTargetReference`.
 */
export interface TargetRef {
  /**
   * API group.
   */
  group?: string;
  /**
   * Kind.
   */
  kind: string;
  /**
   * Name.
   */
  name: string;
  /**
   * Namespace.
   */
  namespace?: string;
}
/**
 * `TrafficExtension.spec` (Istio 1.30): the successor of WasmPlugin. Exactly one of `wasm` and `lua` is set.
 */
export interface TrafficExtension {
  /**
   * A Lua script.
   */
  lua?: LuaConfig;
  /**
   * Traffic it applies to.
   */
  match?: {
    [k: string]: unknown;
  };
  /**
   * `AUTHN`, `AUTHZ`, `STATS`; unset: just before the router.
   */
  phase?: string;
  /**
   * Higher runs first within a phase.
   */
  priority?: number;
  /**
   * Proxies it applies to; unset: all of the namespace.
   */
  selector?: WorkloadSelector;
  /**
   * Gateways and services it applies to; exclusive with `selector`.
   */
  targetRefs?: TargetRef[];
  /**
   * A Proxy-Wasm module.
   */
  wasm?: WasmConfig;
}
/**
 * `WasmConfig`.
 */
export interface WasmConfig {
  /**
   * `FAIL_CLOSE` (default), `FAIL_OPEN`, `FAIL_RELOAD`.
   */
  failStrategy?: string;
  /**
   * `IfNotPresent` or `Always`.
   */
  imagePullPolicy?: string;
  /**
   * Secret for the pull.
   */
  imagePullSecret?: string;
  /**
   * Handed to the module as JSON.
   */
  pluginConfig?: {
    [k: string]: unknown;
  };
  /**
   * The module's root id.
   */
  pluginName?: string;
  /**
   * Digest of the module or image.
   */
  sha256?: string;
  /**
   * `HTTP` or `NETWORK`.
   */
  type?: string;
  /**
   * `oci://`, `http://`, `https://` or `file://`; without a scheme `oci://`.
   */
  url: string;
  /**
   * Unused by istiod.
   */
  verificationKey?: string;
  /**
   * Environment of the module.
   */
  vmConfig?: {
    [k: string]: unknown;
  };
}
/**
 * `Topology.spec`.
 */
export interface Topology {
  /**
   * Kubernetes clusters.
   */
  clusters: TopologyCluster[];
}
/**
 * One Kubernetes cluster of the mesh.
 */
export interface TopologyCluster {
  /**
   * Addresses `host:port` under which other networks reach it; empty: its endpoints are reached
   * directly.
   */
  eastWestGateways?: string[];
  /**
   * Its ingress gateway, if it has one.
   */
  gateway?: TopologyGateway;
  /**
   * Where its gateway and, unless they say otherwise, its workloads are: `region/zone/subzone`.
   */
  locality: string;
  /**
   * Its id (`topology.istio.io/cluster`).
   */
  name: string;
  /**
   * Its network (`topology.istio.io/network`); unset: one flat network.
   */
  network?: string;
  /**
   * What runs in it.
   */
  workloads: Workload[];
}
/**
 * An ingress gateway.
 */
export interface TopologyGateway {
  /**
   * Its labels; unset: `istio: ingressgateway`.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Its namespace; unset: `istio-system`.
   */
  namespace?: string;
  /**
   * Pods; unset: 1. Each has its own ejection state.
   */
  replicas?: number;
  /**
   * Envoy worker threads of a pod; unset: 2.
   */
  workers?: number;
}
/**
 * Endpoints of one service with the same labels and locality.
 */
export interface Workload {
  /**
   * Real addresses `host:port`, one an endpoint; unset: made up on loopback where a runnable
   * configuration is asked for.
   */
  addresses?: string[];
  /**
   * Pod labels; topology labels are added by themselves.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * How long a response takes; unset: 1 ms.
   */
  latency?: Latency;
  /**
   * Unset: the cluster's.
   */
  locality?: string;
  /**
   * Prefix of the endpoints' names; unset: the last segment of the locality.
   */
  name?: string;
  /**
   * Service port.
   */
  port: number;
  /**
   * Endpoints.
   */
  replicas: number;
  /**
   * Service host, fully qualified.
   */
  service: string;
  /**
   * Weight of each endpoint; unset: 1.
   */
  weight?: number;
}
/**
 * `Scenario.spec`.
 */
export interface Scenario {
  /**
   * How long before t = 0 the Envoy cluster was created, which sets the phase of the detector's
   * sweeps; unset: drawn from the seed.
   */
  clusterAge?: GoDuration;
  /**
   * How long it runs.
   */
  duration: GoDuration;
  /**
   * What must come out.
   */
  expect?: Expectation[];
  /**
   * Cluster whose gateway gets the traffic.
   */
  gateway: string;
  /**
   * Further gateways, each with traffic of its own.
   */
  otherGateways?: GatewayTraffic[];
  /**
   * Seed of everything random; unset: 1. A seed given on the command line goes first.
   */
  seed?: number;
  /**
   * What happens.
   */
  steps?: Step[];
  /**
   * The traffic.
   */
  traffic: Traffic;
}
/**
 * Something that happens at a moment. Exactly one of the actions is set.
 */
export interface Step {
  /**
   * When.
   */
  at?: GoDuration;
  /**
   * Connections are accepted and never answered.
   */
  blackhole?: Target | null;
  /**
   * Pods leave in an orderly way.
   */
  drain?: Target | null;
  /**
   * Requests fail with a status.
   */
  fail?: Fail | null;
  /**
   * The gateway whose `rate` it is; unset: each gateway's.
   */
  gateway?: string | null;
  /**
   * The network in between is gone.
   */
  partition?: Target | null;
  /**
   * So many requests a second from now on.
   */
  rate?: number | null;
  /**
   * Connections are refused and cut.
   */
  refuse?: Target | null;
  /**
   * Pods are replaced by new ones.
   */
  replace?: Target | null;
  /**
   * Everything but scale and replace is undone.
   */
  restore?: Target | null;
  /**
   * The workload has this many endpoints now.
   */
  scale?: Scale | null;
  /**
   * Responses take longer.
   */
  slow?: Slow | null;
  /**
   * Pods are not ready.
   */
  unready?: Target | null;
}
/**
 * Which endpoints a step hits; what is not given does not narrow.
 */
export interface Target {
  /**
   * Kubernetes cluster.
   */
  cluster?: string | null;
  /**
   * Ordinals.
   */
  endpoints?: number[] | null;
  /**
   * Region.
   */
  region?: string | null;
  /**
   * Service host.
   */
  service?: string | null;
  /**
   * Workload name.
   */
  workload?: string | null;
  /**
   * Zone.
   */
  zone?: string | null;
}
/**
 * `scale`.
 *
 * The target's fields are repeated here, not flattened, so that an unknown field is still seen.
 */
export interface Scale {
  /**
   * Kubernetes cluster.
   */
  cluster?: string | null;
  /**
   * Ordinals.
   */
  endpoints?: number[] | null;
  /**
   * Region.
   */
  region?: string | null;
  /**
   * Endpoints of each workload hit.
   */
  replicas?: number;
  /**
   * Service host.
   */
  service?: string | null;
  /**
   * Workload name.
   */
  workload?: string | null;
  /**
   * Zone.
   */
  zone?: string | null;
}
/**
 * `slow`.
 *
 * The target's fields are repeated here, not flattened, so that an unknown field is still seen.
 */
export interface Slow {
  /**
   * Kubernetes cluster.
   */
  cluster?: string | null;
  /**
   * Ordinals.
   */
  endpoints?: number[] | null;
  /**
   * How long a response takes now.
   */
  latency?: Latency & string;
  /**
   * Region.
   */
  region?: string | null;
  /**
   * Service host.
   */
  service?: string | null;
  /**
   * Workload name.
   */
  workload?: string | null;
  /**
   * Zone.
   */
  zone?: string | null;
}
/**
 * Texts to read.
 */
export interface ParseRequest {
  /**
   * The texts.
   */
  files: File[];
}
/**
 * The time between two steps.
 */
export interface Phase {
  /**
   * Attempts by endpoint.
   */
  endpoints: {
    [k: string]: Counts;
  };
  /**
   * Start.
   */
  fromMs: number;
  /**
   * Each of the gateways, in the scenario's order, if it has several.
   */
  gateways?: GatewayPhase[];
  /**
   * By region of the upstream that answered, and [`NONE`].
   */
  regions: {
    [k: string]: RegionPhase;
  };
  /**
   * Attempts beyond each request's first.
   */
  retries: number;
  /**
   * The steps at its start.
   */
  steps: string[];
  /**
   * End.
   */
  toMs: number;
  /**
   * All requests that started in it.
   */
  total: Counts;
}
/**
 * Its manifests.
 */
export interface RenderAnswer {
  /**
   * The kubectl commands that apply and validate them.
   */
  commands: string;
  /**
   * What is doubtful about the texts.
   */
  diagnostics: Diagnostic[];
  /**
   * The files, in the order in which they are applied; the Topology comes last and is for this tool only.
   */
  files: RenderedFile[];
}
/**
 * One of the files.
 */
export interface RenderedFile {
  /**
   * For example `destination-rule.yaml`.
   */
  name: string;
  /**
   * One YAML document.
   */
  text: string;
}
/**
 * An intent to render.
 */
export interface RenderRequest {
  /**
   * The texts; an Intent among them.
   */
  files: File[];
  /**
   * The name of the intent to render; unset: the first one.
   */
  intent?: string | null;
}
/**
 * What came out.
 */
export interface SimulateAnswer {
  /**
   * Who decided about regions: never [`Arm::Auto`].
   */
  arm: Arm;
  /**
   * What is doubtful about the texts.
   */
  diagnostics: Diagnostic[];
  /**
   * How long the scenario ran.
   */
  durationMs: number;
  /**
   * What was done to each endpoint.
   */
  endpoints: EndpointLane[];
  /**
   * Why traffic moved.
   */
  events: Event[];
  /**
   * What was expected, and whether it came so.
   */
  expectations: Verdict[];
  /**
   * The run in small pieces.
   */
  frames: Frame[];
  /**
   * Whether everything came as expected.
   */
  passed: boolean;
  /**
   * From step to step.
   */
  phases: Phase[];
  /**
   * The scenario's name.
   */
  scenario: string;
  /**
   * Everything random followed from it.
   */
  seed: number;
  /**
   * Requests that came.
   */
  started: number;
  /**
   * The whole run.
   */
  total: Counts;
  /**
   * Those of them that were never answered.
   */
  unfinished: number;
}
/**
 * An expectation and what came of it.
 */
export interface Verdict {
  /**
   * Its parts.
   */
  checks: Check[];
  /**
   * Start of its span. **Units**: milliseconds.
   */
  fromMs: number;
  /**
   * Whether all of it came so.
   */
  passed: boolean;
  /**
   * End of its span.
   */
  toMs: number;
}
/**
 * A scenario to play.
 */
export interface SimulateRequest {
  /**
   * Who decides about regions; unset: the region router if a WasmPlugin puts it into the gateway.
   */
  arm?: Arm & string;
  /**
   * The texts; a Topology and a Scenario among them.
   */
  files: File[];
  /**
   * The istiod to imitate, for example `1.31`; unset: the newest.
   */
  istio?: string | null;
  /**
   * Length of a frame; unset: a second, or more in runs longer than 20 minutes.
   */
  resolution?: GoDuration | null;
  /**
   * The name of the scenario to play; unset: the first one.
   */
  scenario?: string | null;
  /**
   * What everything random follows from; goes before the scenario's own.
   */
  seed?: number | null;
}
/**
 * What this is, and what it imitates.
 */
export interface Version {
  /**
   * `apiVersion` of this tool's own documents.
   */
  apiVersion: string;
  /**
   * The Envoy that is followed.
   */
  envoy: string;
  /**
   * The newest istiod that can be imitated, and the default.
   */
  istioNewest: string;
  /**
   * The oldest istiod that can be imitated.
   */
  istioOldest: string;
  /**
   * Of mesh-failover.
   */
  version: string;
}
