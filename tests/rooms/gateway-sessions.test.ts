// Rooms whose session the gateway may not have: adding one asks nobody, a worker asks later, and what it finds stands in the room.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask } from "../tasks/agents.ts";
import { startGatewayStandIn } from "./gateway-stand-in.ts";
import { addRoom, ask, bodyOf, pushed, pushesOf, statusOf } from "./rooms.ts";

async function start(t: TestContext) {
  const api = await startTestApi({ t });
  const gateway = await startGatewayStandIn();
  t.after(() => gateway.close());
  const sessions = new Set<string>();
  gateway.answer("sessions.describe", ({ key }) => ({
    session: sessions.has(String(key)) ? { key, hasActiveRun: false } : null,
  }));
  const worker = await startTestWorker(api, {
    t,
    env: { DISPATCH_OPENCLAW_URL: gateway.url, DISPATCH_OPENCLAW_TOKEN: "a-token-of-this-test" },
  });
  const look = (what: string, condition: () => Promise<boolean>) =>
    eventually(what, async () => {
      api.clock.advanceMs(6_000);
      await worker.wake();
      return await condition();
    });
  const roomOf = async (name: string) => bodyOf(await ask(api, "GET", `/rooms/${name}`))["room"];
  return { api, gateway, sessions, worker, look, roomOf };
}
const key = "agent:clerk:main";

test("a room whose session is missing is in error, says what to do, is told nothing, and is well once the session is there", async (t) => {
  const { api, gateway, sessions, look, roomOf } = await start(t);
  await addAgent(api, "clerk");
  await addRoom(api, "clerk", { transport: "openclaw", address: key, worker_id: "clerk" });
  await pushed(api, "clerk", "/queue-check");
  await look("the worker has looked", async () => (await statusOf(api, "clerk")) === "error");
  assert.match(
    JSON.stringify(await roomOf("clerk")),
    /no session agent:clerk:main: begin it there, or .*room_create.*room_reset/,
  );
  assert.equal((await pushesOf(api, "clerk"))[0]?.state, "queued");
  assert.ok(!gateway.requests.some(({ method }) => method === "agent"), "a push would have made it");
  const { rows: agents } = await api.owner.query(
    "SELECT FROM agents WHERE slug = 'clerk' AND heartbeat_at IS NOT NULL",
  );
  assert.equal(agents.length, 0, "nobody vouches for its agent");
  sessions.add(key);
  await look("it is well again, and what waited goes out", async () =>
    gateway.requests.some(({ method, params }) => method === "agent" && params["sessionKey"] === key),
  );
  // Seen once it is not asked for again: what becomes of it later is the gateway's business.
  sessions.delete(key);
  await look("it hears", async () => (await statusOf(api, "clerk")) !== "error");
});

test("a reset begins a conversation that is there with its first push, and a new address is looked for anew", async (t) => {
  const { api, sessions, gateway, look } = await start(t);
  await addRoom(api, "desk", { transport: "openclaw", address: key });
  await look("it is missing", async () => (await statusOf(api, "desk")) === "error");
  const { session_key: fresh } = bodyOf(await ask(api, "POST", "/rooms/desk/reset", {}, {}));
  await pushed(api, "desk", "/queue-check");
  const sentTo = () =>
    gateway.requests.filter(({ method }) => method === "agent").map(({ params }) => params["sessionKey"]);
  await look("it is told", async () => sentTo().length === 1);
  assert.deepEqual(sentTo(), [fresh]);
  const moved = bodyOf(await ask(api, "POST", "/rooms", {}, { name: "desk", address: "agent:clerk:other" }));
  assert.equal(moved["session_key"], null, "a conversation elsewhere is over");
  await look("the other is missing", async () => (await statusOf(api, "desk")) === "error");
  sessions.add("agent:clerk:other");
  await look("the other is there", async () => (await statusOf(api, "desk")) === "idle");
});

test("what a person says of a task that nobody has stays in a session's queue", async (t) => {
  const { api, sessions, gateway, look } = await start(t);
  sessions.add(key);
  await addAgent(api, "clerk");
  await addRoom(api, "desk", { transport: "openclaw", address: key, worker_id: "clerk" });
  const { id } = await addTask(api, { hold: true });
  await pushed(api, "desk", `/task ${id}`);
  const turn = () => gateway.requests.find(({ method }) => method === "agent");
  await look("it is sent", async () => turn() !== undefined);
  const runId = turn()?.params["idempotencyKey"] ?? null;
  gateway.tell("task", { task: { runId, sessionKey: key, execution: { state: "queued" } } });
  const isTaken = async () =>
    (await api.owner.query("SELECT FROM pushes WHERE accepted_at IS NOT NULL")).rowCount === 1;
  await look("it waits in the session's queue", isTaken);
  let looks = 0;
  await look("it was looked at twice more", async () => ++looks === 2);
  assert.equal((await pushesOf(api, "desk"))[0]?.state, "sent");
});

test("a push that comes before the first look has an answer finds no session either, and makes none", async (t) => {
  const { api, gateway, worker } = await start(t);
  let asked = 0;
  gateway.answer("sessions.describe", () => (asked++ === 0 ? undefined : { session: null }));
  await addRoom(api, "desk", { transport: "openclaw", address: key });
  await pushed(api, "desk", "/queue-check");
  const woken = worker.wake();
  const told = () => gateway.requests.some(({ method }) => method === "agent");
  await eventually("it has come to an end", async () => told() || (await statusOf(api, "desk")) === "error");
  assert.ok(!told(), "it was sent");
  gateway.cut();
  await woken;
});

test("while the gateway is away rooms are added, and nothing is said of them", async (t) => {
  const { api, gateway, look, sessions } = await start(t);
  await gateway.close();
  await addRoom(api, "early", { transport: "openclaw", address: key });
  let looks = 0;
  await look("it was looked at three times", async () => ++looks === 3);
  assert.equal(await statusOf(api, "early"), "idle");
  assert.equal(sessions.size, 0);
});
