// The real OpenClaw gateway as Dispatch runs it: its life from the first start through a killed parent to the next start,
// all that is checked through its chats meanwhile, and what is said when it cannot start. A boot and its first turn cost
// 40 s of CPU, so everything shares two boots and one restart.

import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { GatewayError, type GatewayErrorCode } from "../../dispatch/ops/gateway/error.ts";
import { GatewayClient } from "../../dispatch/ops/gateway/gateway-client.ts";
import { startGateway } from "../../dispatch/ops/gateway/gateway.ts";
import { opens } from "../../dispatch/ops/gateway/readiness.ts";
import {
  readConfiguration,
  readWritten,
  writeConfiguration,
  type StateFolder,
} from "../../dispatch/ops/gateway/state-folder.ts";
import { eventually, isRunning } from "../support/eventually.ts";
import { holdGateway, type HeldGateway } from "./support/held-gateway.ts";
import { pnpmOpenclaw } from "./support/pnpm-openclaw.ts";
import { firstConfiguration, owner, startGatewayDesk } from "./support/gateway-desk.ts";
import { controlRoom } from "./suites/control-room.ts";
import { dashboardChat } from "./suites/dashboard-chat.ts";
import { hostileChat } from "./suites/hostile-chat.ts";
import { saidIsDone } from "./suites/said-is-done.ts";
import { senders } from "./suites/senders.ts";

const fails = (code: GatewayErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GatewayError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

/** Somebody else's server on a port, until the test ends. */
async function occupy(t: TestContext, port: number): Promise<void> {
  const server = createServer((_request, response) => void response.end("not a gateway"));
  await once(server.listen(port, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
}

async function standing(folder: StateFolder): Promise<JsonObject> {
  const configuration = await readConfiguration(folder);
  assert.ok(configuration);
  return configuration;
}

// Beside a busy test run a boot takes minutes.
describe("the gateway", async () => {
  const desk = await startGatewayDesk();
  const { folder } = desk;

  test("before the first start, pnpm openclaw says what to do", async () => {
    const { code, stdout, stderr } = await pnpmOpenclaw(desk.dataDir, "status", "--json");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^No gateway was set up in .*pnpm dispatch:demo/);
  });

  test("its life, started, seen, left by a killed parent, and started again", { timeout: 900_000 }, async (t) => {
    await writeConfiguration(folder, firstConfiguration(desk));
    const held: HeldGateway = await holdGateway(t, desk.options);

    await t.test("it speaks for its owner, by the contract the API serves", async () => {
      const { text, details } = await new GatewayClient(held.url, held.token).invoke("dispatch_contract_status", {});
      assert.equal(details["actor"], owner.actor, text);
      assert.equal(details["api_reachable"], true, text);
      assert.equal(details["contract_hash"], details["api_contract_hash"]);
    });

    await t.test("nobody gets in without the token, and nobody else may read it", async () => {
      await assert.rejects(
        new GatewayClient(held.url, "guessed").invoke("dispatch_contract_status", {}),
        fails("refused", /401/),
      );
      assert.equal(await modeOf(folder.root), "700");
      for (const file of [folder.configuration, folder.output, folder.written])
        assert.equal(await modeOf(file), "600", file);
    });

    await t.test("a tool that is not there is refused with a sentence", async () => {
      await assert.rejects(
        new GatewayClient(held.url, held.token).invoke("ticket_explode", {}),
        fails("refused", /did not run ticket_explode: 404/),
      );
    });

    await t.test("a second start beside it is refused with its process and port, and changes nothing", async () => {
      const before = await readFile(folder.configuration, "utf8");
      await assert.rejects(
        startGateway(desk.options),
        fails("already_running", new RegExp(`process ${held.pid}, port ${held.port}`)),
      );
      assert.equal(await readFile(folder.configuration, "utf8"), before);
      assert.ok(await opens(held.url, held.token));
    });

    await held.killHolder();
    // While the old one may still be on its way down: the user changed something, and somebody took its port.
    const configuration = await standing(folder);
    await writeConfiguration(folder, { ...configuration, ui: { seamColor: "#336699" } });
    const gateway = await desk.start();

    await t.test("a gateway whose parent was killed is gone", async () => {
      await eventually("the orphaned gateway's end", async () => !(await isRunning(held.pid)));
    });

    await t.test("the next start keeps token, port and the user's changes", async () => {
      assert.equal(gateway.token, held.token);
      assert.equal(gateway.port, held.port);
      assert.notEqual(gateway.pid, held.pid);
      assert.deepEqual((await standing(folder))["ui"], { seamColor: "#336699" });
    });
  });

  hostileChat(desk);
  senders(desk);
  controlRoom(desk);
  saidIsDone(desk);
  dashboardChat(desk);

  test("stop ends it and all that it started", async () => {
    const { pid, url, token } = desk.gateway;
    await desk.gateway.stop();
    assert.equal(await isRunning(pid), false);
    assert.equal(await opens(url, token), false);
  });

  test("a configuration that OpenClaw does not accept is named, with its last words, and the port is not another server's", async (t) => {
    const before = await standing(folder);
    const { port } = await readWritten(folder);
    assert.ok(port);
    await occupy(t, port);
    t.after(() => writeConfiguration(folder, before));
    const tools = before["tools"];
    assert.ok(isObject(tools));
    await writeConfiguration(folder, { ...before, tools: { ...tools, profile: "no-such-profile" } });
    const said: string[] = [];
    await assert.rejects(
      startGateway({ ...desk.options, say: (line) => said.push(line) }),
      fails(
        "ended",
        /ended with 78 before it was ready\. It does not accept .*openclaw\.json\. Its last lines.*\n(.*\n)*.*tools\.profile/,
      ),
    );
    assert.match(said[0] ?? "", new RegExp(`^Port ${port} is taken; the gateway moves to \\d+\\.$`));
  });

  test("a gateway that is killed while it starts is told at once", async () => {
    const starting = startGateway(desk.options);
    const last = (await readWritten(folder)).pid;
    let pid: number | null = last;
    await eventually("the new process", async () => (pid = (await readWritten(folder)).pid) !== last);
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    await assert.rejects(starting, fails("ended", /ended with SIGKILL before it was ready/));
  });

  test("a start that is given up leaves nothing running", async () => {
    const giveUp = new AbortController();
    const last = (await readWritten(folder)).pid;
    const starting = startGateway({ ...desk.options, signal: giveUp.signal });
    await eventually("the new process", async () => (await readWritten(folder)).pid !== last);
    giveUp.abort(new Error("given up"));
    await assert.rejects(starting, /given up/);
    assert.equal(await isRunning((await readWritten(folder)).pid ?? 0), false);
  });

  test("a configuration that is no JSON is named before anything is started", async (t) => {
    const before = await readFile(folder.configuration, "utf8");
    t.after(() => writeFile(folder.configuration, before));
    await writeFile(folder.configuration, "{ gateway: // comments\n}");
    await assert.rejects(startGateway(desk.options), fails("configuration", /openclaw\.json is not a JSON object/));
    assert.equal(await readFile(folder.configuration, "utf8"), "{ gateway: // comments\n}");
  });
});
