// Every function, by the same test locally and in a worker, and against what the core says natively.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import * as local from "mesh-failover";
import { connect } from "mesh-failover/worker-client";
import { seed, texts } from "./support.js";

const files = texts(seed);
const scale = (replicas) => ({
  scale: { cluster: "cluster-a", service: "hello-world.default.svc.cluster.local", replicas },
});

let remote;
before(async () => {
  await local.init();
  remote = await connect();
});
after(() => remote.terminate());

for (const where of ["locally", "in a worker"]) {
  const mesh = () => (where === "locally" ? local : remote);

  describe(where, () => {
    test("parse gives objects with places", async () => {
      const { objects, diagnostics } = await mesh().parse({ files });
      assert.deepEqual(diagnostics, []);
      const rule = objects.find(({ kind }) => kind === "DestinationRule");
      assert.equal(rule.location.file, "destination-rule.yaml");
      assert.equal(rule.spec.host, "hello-world.default.svc.cluster.local");
    });

    test("check gives findings with places", async () => {
      const text = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {hots: a}\n";
      const { diagnostics } = await mesh().check({ files: [{ name: "ä.yaml", text }] });
      const unknown = diagnostics.find(({ code }) => code === "MF0004");
      assert.equal(unknown.severity, "warning");
      assert.deepEqual([unknown.location.file, unknown.location.line], ["ä.yaml", 4]);
    });

    test("simulate plays the seed", async () => {
      const answer = await mesh().simulate({ files });
      assert.equal(answer.passed, true);
      assert.equal(answer.phases.length, 3);
    });

    test("what is done by hand is what the scenario would say", async () => {
      const written = await mesh().simulate({ files });
      const quiet = files.map(({ name, text }) =>
        name === "cluster-a-down.yaml"
          ? { name, text: text.replace(/ {2}steps:\n(?: {2}- at.*\n {4}.*\n)+/, "") }
          : { name, text },
      );
      const simulation = await mesh().simulation({ files: quiet });
      assert.equal(await simulation.durationMs(), 60_000);
      assert.equal(await simulation.step(20_000), 20_000);
      assert.equal((await simulation.inject(scale(0))).at, "20s");
      await simulation.step(40_000);
      await simulation.inject(scale(3));
      await simulation.step(Number.POSITIVE_INFINITY);
      assert.equal(await simulation.nowMs(), 60_000);
      const { phases, events } = await simulation.report();
      // A request under way at the end is in the whole run only, so the last phase may lack some.
      assert.deepEqual(phases.slice(0, 2), written.phases.slice(0, 2));
      assert.deepEqual(events, written.events);
      assert.deepEqual(await simulation.events(2), events.slice(2));
      assert.match(await simulation.scenario(), /replicas: 0/);
      await simulation.free();
    });

    test("frames are columns of one buffer", async () => {
      const { frames } = await mesh().simulate({ files });
      const simulation = await mesh().simulation({ files });
      await simulation.step(30_500);
      const columns = await simulation.frames(5);
      await simulation.free();
      assert.equal(columns.length, 25);
      const region = columns.regions.get("us-central1");
      for (let at = 0; at < columns.length; at += 1) {
        const frame = frames[5 + at];
        assert.equal(columns.fromMs[at], frame.fromMs);
        assert.equal(columns.requests[at], frame.total.requests);
        assert.equal(region.weight[at], frame.regions["us-central1"].weight);
      }
      assert.ok(columns.endpoints.get("europe-west1-b-0").p99Ms instanceof Float64Array);
      assert.equal(columns.endpoints.get("europe-west1-b-0").requests.buffer, columns.toMs.buffer);
      assert.ok(Number.isNaN(columns.regions.get("none").p99Ms[0]));
    });

    test("html is a page of its own", async () => {
      const page = await mesh().html({ files });
      assert.match(page, /^<!doctype html>/i);
      assert.doesNotMatch(page, /(?:src|href)="https?:/);
    });

    test("explain points at lines", async () => {
      const { explanation } = await mesh().explain({ files, from: "europe-west1" });
      const cluster = explanation.clusters.find(({ routes }) => routes.length > 0);
      assert.match(cluster.rule.text, /hello-world/);
      assert.equal(cluster.rule.cause.location.file, "destination-rule.yaml");
      assert.equal(cluster.localities.length, 2);
    });

    test("render makes manifests that can be explained", async () => {
      const intent = {
        name: "intent.yaml",
        text: `apiVersion: mesh-failover.dev/v1alpha1
kind: Intent
metadata: {name: hello-world}
spec:
  host: hello-world.default.svc.cluster.local
  regions: [{name: europe-west1}, {name: us-central1}]
  distribute: {europe-west1: 50, us-central1: 50}
`,
      };
      const { files: rendered, commands } = await mesh().render({ files: [intent] });
      assert.match(commands, /kubectl --context "\$context" apply -f gateway\.yaml/);
      const { explanation } = await mesh().explain({ files: rendered, from: "europe-west1" });
      assert.equal(explanation.clusters.find(({ routes }) => routes.length > 0).localities.length, 2);
    });

    test("envoy writes a bootstrap", async () => {
      const { bootstrap, eds } = await mesh().envoy({ files, from: "us-central1" });
      assert.match(bootstrap, /static_resources/);
      assert.equal(Object.keys(eds).length, 1);
    });

    test("errors are of one class, with code and positions", async () => {
      const broken = [...files, { name: "more.yaml", text: "kind: [\n" }];
      const error = await attempt(() => mesh().simulate({ files: broken }));
      assert.ok(error instanceof local.MeshFailoverError);
      assert.equal(error.code, "MF1402");
      assert.equal(error.positions[0].file, "more.yaml");
      const unknown = await attempt(() => mesh().simulate({ files, sede: 1 }));
      assert.equal(unknown.code, "MF1401");
      assert.match(unknown.message, /unknown field `sede`/);
    });

    test("a step that cannot be changes nothing", async () => {
      const simulation = await mesh().simulation({ files });
      await simulation.step(5_000);
      const before = await simulation.report();
      const error = await attempt(() => simulation.inject({ refuse: { region: "mars" } }));
      assert.equal(error.code, "MF1406");
      assert.deepEqual(await simulation.report(), before);
      await simulation.free();
    });
  });
}

test("a worker that is ended refuses what it was asked", async () => {
  const mesh = await connect();
  const answer = attempt(() => mesh.simulate({ files }));
  mesh.terminate();
  assert.equal((await answer).code, local.codes.terminated);
  assert.equal((await attempt(() => mesh.version())).code, local.codes.terminated);
});

test("every scenario of the corpus ends here as it does natively, to the last digit", () => {
  const path = process.env.MESH_FAILOVER_ANSWERS;
  assert.ok(path && existsSync(path), "run these tests with `cargo xtask npm`");
  const rows = readFileSync(path, "utf8").trim().split("\n");
  assert.ok(rows.length > 50, `${rows.length} scenarios`);
  for (const row of rows) {
    const { request, answer } = JSON.parse(row);
    assert.deepEqual(local.simulate(request), answer, request.files[0].name);
  }
});

/** The error that is thrown, now or later. */
async function attempt(ask) {
  try {
    await ask();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
