// The module that ships, in the Proxy-Wasm host, against core::router: the same region for every request.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { init, simulate, Simulation } from "mesh-failover";
import { bytesOf, LOG_LEVELS, PluginVm, SharedData, Status } from "mesh-failover/proxy-wasm-host";

const START = 1_700_000_000_000_000_000n;
const { MESH_FAILOVER_FILTER, MESH_FAILOVER_IDLE_FILTER, MESH_FAILOVER_DECISIONS } = process.env;

function rows() {
  assert.ok(MESH_FAILOVER_FILTER && MESH_FAILOVER_DECISIONS, "run these tests with `cargo xtask npm`");
  const lines = readFileSync(MESH_FAILOVER_DECISIONS, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** The corpus's scenarios that have a WasmPlugin, and the example that ships. */
function scenariosWithRouter() {
  const root = new URL("../../../", import.meta.url).pathname;
  const texts = (folder, names) => names.map((name) => ({ name, text: readFileSync(join(root, folder, name), "utf8") }));
  const corpus = texts("tests/scenarios", readdirSync(join(root, "tests/scenarios")).sort());
  const example = readdirSync(join(root, "examples/region-router")).filter((name) => name.endsWith(".yaml")).sort();
  return [
    ...corpus.filter(({ text }) => /^kind: WasmPlugin$/m.test(text)).map((file) => [file.name, [file]]),
    ["examples/region-router", texts("examples/region-router", example)],
  ];
}

/** The module in as many machines as a gateway has workers. */
function gateway({ configuration, locality, cluster, machines }) {
  const module = new WebAssembly.Module(readFileSync(MESH_FAILOVER_FILTER));
  const [region = "", zone = "", subZone = ""] = locality.split("/");
  const state = { now: START, checks: {}, asked: [], answer: "", log: [] };
  const properties = {
    "cluster_name": cluster,
    "plugin_name": "default.region-router",
    "xds.cluster_name": cluster,
    "xds.node.locality.region": region,
    "xds.node.locality.zone": zone,
    "xds.node.locality.sub_zone": subZone,
  };
  const shared = new SharedData();
  const vms = Array.from({ length: machines }, (_, index) => {
    state.now = START + BigInt(index);
    const vm = new PluginVm(module, {
      configuration,
      shared,
      now: () => state.now,
      property(path) {
        const name = path.filter((part) => part !== "").join(".");
        const value = name === "response.code_details" ? state.answer : properties[name];
        return value === undefined ? undefined : bytesOf(value);
      },
      httpCall({ cluster: asked }) {
        state.asked.push(asked);
        return state.checks[asked] ? { token: state.asked.length } : { refused: Status.internalFailure };
      },
      log: (level, message) => state.log.push(`${level}: ${message}`),
    });
    assert.ok(vm.configure(), state.log.join("\n"));
    return vm;
  });
  return { state, vms, properties };
}

test("the module chooses the region that core::router chooses, for every request of the corpus", () => {
  const scenarios = rows();
  assert.ok(scenarios.length >= 10, `${scenarios.length} scenarios`);
  const headers = [[":method", "GET"], [":path", "/"], [":authority", "hello"], ["x-mesh-region", "mars"]];
  let moved = 0;
  for (const scenario of scenarios) {
    const { state, vms, properties } = gateway(scenario);
    const regions = new Set();
    for (const [at, machine, decided, status, details] of scenario.rows) {
      state.now = START + BigInt(at);
      if (machine === null) {
        state.checks = decided;
        continue;
      }
      const vm = vms[machine];
      if (status === undefined) {
        state.asked = [];
        vm.tick();
        assert.deepEqual([...new Set(state.asked)].sort(), decided, `${scenario.name} at ${at}`);
        continue;
      }
      properties.cluster_name = scenario.cluster;
      const { stream } = vm.request(headers);
      const region = stream.requestHeader("x-mesh-region");
      assert.equal(region ?? null, decided, `${scenario.name} at ${at / 1e9} s`);
      regions.add(decided);
      state.answer = details;
      // The VirtualService sends a request with the header to the region's subset.
      properties.cluster_name = decided ? scenario.cluster.replace("||", `|${decided}|`) : scenario.cluster;
      vm.response(stream, [[":status", String(status)]]);
      vm.done(stream);
    }
    assert.deepEqual(state.log.filter((line) => line.startsWith("error")), [], scenario.name);
    moved += regions.size > 1 ? 1 : 0;
  }
  assert.ok(moved >= 10, `${moved} scenarios choose more than one region`);
});

test("with the module in the router's place a run is the same to the last byte, in every scenario with a router", async () => {
  await init();
  const module = new WebAssembly.Module(readFileSync(MESH_FAILOVER_FILTER));
  let played = 0;
  for (const [name, files] of scenariosWithRouter()) {
    const simulation = new Simulation({ files }, module);
    const report = simulation.run();
    const { decisions, differences, examples } = simulation.filterReport();
    assert.equal(differences, 0, `${name}: ${examples.join("\n")}`);
    assert.ok(decisions > 100, `${name}: ${decisions} decisions`);
    assert.deepEqual(report, simulate({ files }), name);
    played += 1;
  }
  assert.ok(played >= 10, `${played} scenarios`);
});

test("a module that decides otherwise is followed, and found out", async () => {
  await init();
  const [, files] = scenariosWithRouter()[0];
  const simulation = new Simulation({ files }, new WebAssembly.Module(readFileSync(MESH_FAILOVER_IDLE_FILTER)));
  simulation.run();
  const { decisions, differences, examples } = simulation.filterReport();
  assert.ok(differences >= decisions, `${differences} of ${decisions}`);
  assert.match(examples.join("\n"), /a request goes to no region, not to /);
});

test("a module that is no filter leaves every request alone, and harms nothing", async () => {
  await init();
  const [, files] = scenariosWithRouter()[0];
  const core = readFileSync(createRequire(import.meta.url).resolve("mesh-failover/mesh-failover.wasm"));
  const simulation = new Simulation({ files }, new WebAssembly.Module(core));
  simulation.run();
  assert.match(simulation.filterReport().examples[0], /the filter cannot be started: /);
  assert.ok(simulate({ files }).started > 0);
});

test("a configuration that the module refuses is refused with a line that says why", () => {
  const module = new WebAssembly.Module(readFileSync(MESH_FAILOVER_FILTER));
  const log = [];
  const vm = new PluginVm(module, {
    configuration: '{"destinatoins": []}',
    log: (level, message) => log.push([level, message]),
  });
  assert.equal(vm.configure(), false);
  assert.equal(log[0][0], "error");
  assert.match(log[0][1], /destinatoins/);
  assert.ok(LOG_LEVELS.includes(log[0][0]));
});

test("shared data is compared and swapped", () => {
  const shared = new SharedData();
  assert.ok(shared.set("a", bytesOf("1"), 0));
  const { version } = shared.get("a");
  assert.ok(shared.set("a", bytesOf("2"), version));
  assert.ok(!shared.set("a", bytesOf("3"), version), "somebody wrote in between");
  assert.deepEqual(shared.get("a").value, bytesOf("2"));
});
