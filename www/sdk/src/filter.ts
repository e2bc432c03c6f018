/** The filter that ships, in the virtual machines of the gateways that are simulated. */
import { Action, bytesOf, PluginVm, SharedData, Status, type Stream } from "./proxy-wasm-host/index.js";
import type { FilterEvent, FilterNews, FilterSend, FilterStart } from "./types.js";

/** What a filter has decided, and where that is not what the router of the core decides. */
export interface FilterReport {
  /** Requests that it was asked about. */
  decisions: number;
  /** Moments at which it did not do what the router does. */
  differences: number;
  /** The first of them, in words. */
  examples: string[];
}

type Happens<Name> = Extract<FilterNews, { event: Name }>;

const REGION_HEADER = "x-mesh-region";
const MOST_EXAMPLES = 20;

/** Starts a filter in each gateway that the core simulates, and compares. */
export class FilterHost {
  readonly #module: WebAssembly.Module;
  readonly report: FilterReport = { decisions: 0, differences: 0, examples: [] };

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** The core starts a filter: a `FilterStart` as JSON. */
  start(start: string): Gateway {
    return new Gateway(this.#module, JSON.parse(start) as FilterStart, this.report);
  }
}

/** All virtual machines of one Envoy. */
class Gateway {
  readonly #report: FilterReport;
  readonly #machines: PluginVm[];
  readonly #properties: Record<string, string | undefined>;
  /** Requests whose answer has not come. */
  readonly #streams = new Map<number, Stream>();
  /** Requests whose answer waits for that of a call, by the call's number. */
  readonly #held = new Map<number, Stream>();
  #now = 0n;
  #sends: FilterSend[] = [];
  #sent: number[] = [];

  constructor(module: WebAssembly.Module, start: FilterStart, report: FilterReport) {
    this.#report = report;
    const [region = "", zone = "", subZone = ""] = start.locality.split("/");
    this.#properties = {
      "plugin_name": start.plugin,
      "xds.node.locality.region": region,
      "xds.node.locality.zone": zone,
      "xds.node.locality.sub_zone": subZone,
    };
    this.#machines = this.#started(module, start);
  }

  /** Without machines every request is left alone, as where a gateway's filter fails open. */
  #started(module: WebAssembly.Module, start: FilterStart): PluginVm[] {
    const shared = new SharedData();
    const started = (born: number): PluginVm => {
      this.#now = BigInt(born);
      const machine = new PluginVm(module, {
        configuration: start.configuration,
        shared,
        now: () => this.#now,
        property: (path) => this.#property(path),
        httpCall: ({ cluster }) => this.#send(cluster),
        log: (level, line) => { if (level === "error" || level === "critical") this.#differs(line); },
      });
      if (!machine.configure()) this.#differs("the filter refuses its configuration");
      return machine;
    };
    try {
      return start.machines.map(started);
    } catch (reason) {
      this.#differs(`the filter cannot be started: ${String(reason)}`);
      return [];
    }
  }

  /** The core tells what happens: a `FilterEvent` as JSON. For a request: its region, empty if it is answered with an error. */
  tell(event: string): string | undefined {
    const { machine, now, sends, what } = JSON.parse(event) as FilterEvent;
    const vm = this.#machines[machine];
    this.#now = BigInt(now);
    this.#sends = sends;
    this.#sent = [];
    try {
      return vm && this.#told(vm, what);
    } catch (trap) {
      this.#differs(`the filter failed: ${String(trap)}`);
      return undefined;
    } finally {
      for (const { cluster } of this.#sends) this.#differs(`nothing is sent to ${cluster}`);
    }
  }

  #told(vm: PluginVm, what: FilterNews): string | undefined {
    switch (what.event) {
      case "request": return this.#request(vm, what);
      case "response": this.#response(vm, what); break;
      case "tick": vm.tick(); break;
      case "answer": this.#answer(vm, what); break;
    }
    return undefined;
  }

  #request(vm: PluginVm, { stream: id, cluster, headers, address, expected }: Happens<"request">): string | undefined {
    this.#properties["xds.cluster_name"] = cluster;
    this.#properties["cluster_name"] = undefined;
    this.#properties["source.address"] = address;
    const { stream } = vm.request(Object.entries(headers));
    const region = stream.localResponse ? "" : stream.requestHeader(REGION_HEADER);
    this.#report.decisions += 1;
    const wanted = expected === "native" ? undefined : expected === "fail" ? "" : expected.region;
    if (region !== wanted) this.#differs(`a request goes to ${region ?? "no region"}, not to ${wanted ?? "none"}`);
    if (region) this.#streams.set(id, stream);
    else vm.done(stream);
    return region;
  }

  #response(vm: PluginVm, { stream: id, cluster, status, details }: Happens<"response">): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#streams.delete(id);
    this.#properties["xds.cluster_name"] = cluster;
    this.#properties["cluster_name"] = cluster;
    this.#properties["response.code_details"] = details;
    const action = vm.response(stream, [[":status", String(status)]]);
    const second = this.#sent.at(-1);
    if (action === Action.pause && second !== undefined) this.#held.set(second, stream);
    else vm.done(stream);
  }

  #answer(vm: PluginVm, { id, status }: Happens<"answer">): void {
    vm.callResponse(id, { headers: [[":status", String(status)]], body: new Uint8Array() });
    const held = this.#held.get(id);
    this.#held.delete(id);
    if (held) vm.done(held);
  }

  #property(path: readonly string[]): Uint8Array | undefined {
    const value = this.#properties[path.filter((part) => part !== "").join(".")];
    return value === undefined ? undefined : bytesOf(value);
  }

  /** The filter sends a request of its own; the router has sent the same. */
  #send(cluster: string): { token: number } | { refused: Status } {
    const [next] = this.#sends;
    if (next?.cluster !== cluster) {
      this.#differs(`a request is sent to ${cluster}, not to ${next?.cluster ?? "any cluster"}`);
      return { refused: Status.internalFailure };
    }
    this.#sends = this.#sends.slice(1);
    if (next.refused) return { refused: next.refused === "noCluster" ? Status.badArgument : Status.internalFailure };
    this.#sent.push(next.id);
    return { token: next.id };
  }

  #differs(how: string): void {
    this.#report.differences += 1;
    if (this.#report.examples.length < MOST_EXAMPLES) this.#report.examples.push(`at ${Number(this.#now) / 1e9} s: ${how}`);
  }
}
