// Pushes to a gateway that misbehaves: sockets lost between a request and its answer, silence, answers that come late or twice. What a
// real gateway does is tested on one, in tests/gateway/openclaw-rooms.test.ts.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { knownId, type PushId } from "../../dispatch/contract/ids.ts";
import { openclawTransport, type OpenclawOptions } from "../../dispatch/rooms/transports/openclaw/transport.ts";
import { NotDelivered, type Delivery } from "../../dispatch/rooms/transports/transport.ts";
import { eventually } from "../support/eventually.ts";
import { startGatewayStandIn, type GatewayStandIn } from "./gateway-stand-in.ts";

const token = "a-token-nobody-may-read";
const sessionKey = "agent:main:bay-3";
const never = new AbortController().signal;

type Told = { readonly heard: PushId[]; readonly sessions: string[]; readonly said: string[] };

async function start(t: TestContext, more: Partial<OpenclawOptions> = {}, tickMs?: number) {
  const gateway = await startGatewayStandIn(tickMs);
  const told: Told = { heard: [], sessions: [], said: [] };
  const transport = openclawTransport({
    url: gateway.url,
    token,
    onHeard: (pushId) => told.heard.push(pushId),
    onSession: (key, state) => told.sessions.push(`${key} ${state}`),
    say: (sentence) => told.said.push(sentence),
    ...more,
  });
  t.after(async () => {
    await transport.close();
    await gateway.close();
    assert.ok(!told.said.join().includes(token), "no secret in what is logged");
  });
  await eventually("the handshake", () => told.said.includes("The OpenClaw gateway is reached."));
  return { gateway, transport, told };
}

const delivery = (attempt = 1, pushId = knownId<PushId>(randomUUID())): Delivery => ({
  pushId,
  room: { id: knownId(randomUUID()), name: "bay-3", address: sessionKey, secret: null, program: null },
  text: "/task 4711",
  taskId: null,
  prompt: null,
  capture: false,
  spaced: false,
  attempt,
});

const sentBy = (gateway: GatewayStandIn) =>
  gateway.requests.flatMap(({ method, params }) => (method === "agent" ? [params] : []));
const lifecycle = (runId: string, phase: string, more = {}) => ({
  runId,
  sessionKey,
  stream: "lifecycle",
  data: { phase, ...more },
});
const row = (runId: string) => ({ role: "user", content: "…", idempotencyKey: `${runId}:user` });
const rejects = (work: Promise<unknown>, words: RegExp) =>
  assert.rejects(work, (error) => error instanceof NotDelivered && words.test(error.message));

test("a push goes out with its id behind the text and its prompt below, and is no message of anybody's to a channel", async (t) => {
  const { gateway, transport } = await start(t);
  const one = delivery();
  assert.deepEqual(await transport.deliver({ ...one, prompt: "Look at\nthe pump." }, never), {
    heard: false,
    captured: null,
  });
  assert.deepEqual(sentBy(gateway), [
    {
      sessionKey,
      message: `/task 4711 #${one.pushId}\n\nLook at\nthe pump.`,
      idempotencyKey: one.pushId,
      deliver: false,
    },
  ]);
});

test("a socket lost before the answer: the second try finds it waiting, and sends nothing", async (t) => {
  const { gateway, transport, told } = await start(t);
  const one = delivery();
  gateway.answer("agent", () => void gateway.cut());
  await rejects(transport.deliver(one, never), /^Nobody knows whether it arrived: the gateway went away/);
  gateway.answer("chat.history", () => ({ pendingInputs: { items: [{ runId: one.pushId, state: "queued" }] } }));
  await eventually("the line is back", () => gateway.greeted === 2 && told.said.length >= 3);
  assert.deepEqual(await transport.deliver({ ...one, attempt: 2 }, never), { heard: false, captured: null });
  gateway.tell("agent", lifecycle(one.pushId, "start"));
  gateway.tell("agent", { runId: one.pushId, sessionKey, stream: "assistant", data: { text: "On it." } });
  await eventually("it is heard", () => told.heard.length > 0);
  assert.deepEqual(told.heard, [one.pushId]);
  assert.equal(sentBy(gateway).length, 1);
});

test("an answer that does not come in time is no answer, and the line stays", async (t) => {
  const { gateway, transport } = await start(t, { callMs: 50 });
  gateway.answer("agent", () => undefined);
  await rejects(transport.deliver(delivery(), never), /^Nobody knows .*did not answer agent within 0.05 s/);
  assert.equal(await transport.whereabouts(delivery().pushId, { address: sessionKey }), "unknown");
  assert.equal(gateway.greeted, 1);
});

test("while the gateway is away a push is refused at once, in a sentence", async (t) => {
  const { gateway, transport } = await start(t);
  await gateway.close();
  await eventually("it is lost", async () => {
    const refusal = await transport.deliver(delivery(), never).catch((error: unknown) => error);
    return (
      refusal instanceof NotDelivered && /^The OpenClaw gateway (was lost|cannot be reached): /.test(refusal.message)
    );
  });
});

test("a gateway that goes silent is left for a new line", async (t) => {
  const { gateway, told } = await start(t, {}, 30);
  await eventually("a second handshake", () => gateway.greeted >= 2);
  assert.match(told.said.join(" "), /The OpenClaw gateway was lost: the gateway went silent\./);
});

test("a push refused behind its admission is sent again under another run, with the same text", async (t) => {
  const { gateway, transport, told } = await start(t);
  const one = delivery();
  await transport.deliver(one, never);
  gateway.answer("chat.history", () => ({
    pendingInputs: { items: [{ runId: one.pushId, state: "interrupted" }] },
    inputReceipts: [{ runId: one.pushId, state: "pending" }],
  }));
  gateway.answerAgain("agent", {
    refused: { code: "UNAVAILABLE", message: "Session changed while starting work. Retry." },
  });
  await eventually("it is sent again", () => sentBy(gateway).length === 2);
  const [first, second] = sentBy(gateway);
  assert.deepEqual(second, { ...first, idempotencyKey: `${one.pushId}.2` });
  assert.deepEqual(told.heard, []);
});

test("a start that nothing followed is no proof: what is nowhere is sent again, what is a row is heard", async (t) => {
  const { gateway, transport, told } = await start(t);
  const [lost, shown] = [delivery(), delivery()];
  for (const one of [lost, shown]) {
    await transport.deliver(one, never);
    gateway.tell("agent", lifecycle(one.pushId, "start"));
  }
  gateway.answer("chat.history", ({ inputRunIds }) =>
    Array.isArray(inputRunIds) && inputRunIds.includes(shown.pushId)
      ? { messages: [row(shown.pushId)], sessionInfo: { abortedLastRun: true } }
      : {},
  );
  await eventually("the session works", () => told.sessions.length === 1);
  gateway.cut();
  await eventually("the lost one is sent again", () => sentBy(gateway).length === 3);
  assert.equal(sentBy(gateway)[2]?.["idempotencyKey"], lost.pushId);
  await eventually("the shown one is heard", () => told.heard.length > 0);
  assert.deepEqual(told.heard, [shown.pushId]);
});

test("to one session a push waits until the one before it has its place, and to another it does not", async (t) => {
  const { gateway, transport } = await start(t);
  const [first, second, other] = [delivery(), delivery(), delivery()];
  await transport.deliver(first, never);
  const waits = transport.deliver(second, never);
  await transport.deliver({ ...other, room: { ...other.room, address: "agent:main:bay-4" } }, never);
  assert.deepEqual(
    sentBy(gateway).map(({ idempotencyKey }) => idempotencyKey),
    [first.pushId, other.pushId],
  );
  gateway.tell("task", { task: { runId: first.pushId, sessionKey, execution: { state: "queued" } } });
  await waits;
  assert.equal(sentBy(gateway)[2]?.["idempotencyKey"], second.pushId);
});

test("nothing is sent to a session whose turn the gateway has yet to resume, not even what it lost", async (t) => {
  const { gateway, transport } = await start(t);
  const [lost, fresh] = [delivery(), delivery()];
  await transport.deliver(lost, never);
  gateway.answer("chat.history", () => ({ sessionInfo: { hasActiveRun: true, abortedLastRun: true } }));
  gateway.cut();
  await eventually(
    "the line is back",
    () => gateway.greeted === 2 && gateway.requests.at(-1)?.method === "sessions.list",
  );
  await rejects(transport.deliver(fresh, never), /has yet to resume a turn there/);
  // Begun, and not started yet: what was cut off is still the last there is.
  const begun = { sessionInfo: { hasActiveRun: true, activeRunIds: ["resumed"] }, messages: [row("cut-off")] };
  gateway.answer("chat.history", () => begun);
  await rejects(transport.deliver(fresh, never), /has yet to resume a turn there/);
  assert.equal(sentBy(gateway).length, 1);
  gateway.answer("chat.history", () => ({ ...begun, messages: [row("cut-off"), row("resumed")] }));
  await eventually("the lost one is sent again", () => sentBy(gateway).length === 2);
  assert.equal(sentBy(gateway)[1]?.["idempotencyKey"], lost.pushId);
});

test("a row whose turn nobody will ever run is no delivery", async (t) => {
  const { gateway, transport } = await start(t);
  const one = delivery(2);
  gateway.answer("chat.history", () => ({ messages: [row(one.pushId)], sessionInfo: { hasActiveRun: false } }));
  assert.equal(await transport.whereabouts(one.pushId, one.room), "unknown");
  gateway.answer("chat.history", () => ({ messages: [row(one.pushId), { role: "assistant" }] }));
  assert.equal(await transport.whereabouts(one.pushId, one.room), "delivered");
  assert.deepEqual(await transport.deliver(one, never), { heard: true, captured: null });
  assert.deepEqual(sentBy(gateway), []);
});

test("a push is found on an older page, and one that waits behind twenty others", async (t) => {
  const { gateway, transport } = await start(t);
  const one = delivery();
  gateway.answer("chat.history", ({ offset }) =>
    offset === 200 ? { messages: [row(one.pushId)] } : { messages: [{ role: "user" }], hasMore: true, nextOffset: 200 },
  );
  assert.equal(await transport.whereabouts(one.pushId, one.room), "delivered");
  gateway.answer("chat.history", ({ pendingBefore }) =>
    pendingBefore === 7
      ? { pendingInputs: { items: [{ runId: `${one.pushId}.3`, state: "queued" }] } }
      : { pendingInputs: { items: [], nextBefore: 7 } },
  );
  assert.equal(await transport.whereabouts(one.pushId, one.room), "queued");
});

test("withdrawn while the gateway is away: it is taken back once it is there, and not sent again", async (t) => {
  const { gateway, transport, told } = await start(t);
  const one = delivery();
  await transport.deliver(one, never);
  gateway.answer("connect", () => undefined);
  gateway.cut();
  await eventually("it is lost", () => told.said.length === 2);
  await transport.withdraw(one.pushId, one.room);
  gateway.answer("chat.history", () => ({ pendingInputs: { items: [{ runId: one.pushId, state: "queued" }] } }));
  gateway.answer("connect", () => ({ policy: {} }));
  gateway.cut();
  await eventually("it is taken back", () => gateway.requests.some(({ method }) => method === "chat.abort"));
  const abort = gateway.requests.find(({ method }) => method === "chat.abort");
  assert.deepEqual(abort?.params, { sessionKey, runId: one.pushId });
  assert.equal(sentBy(gateway).length, 1);
});

test("a queued run that is cancelled says nothing of its session; an error of one that ran does", async (t) => {
  const { gateway, told } = await start(t);
  gateway.tell("agent", lifecycle("a", "start"));
  gateway.tell("agent", lifecycle("b", "end", { aborted: true, status: "cancelled" }));
  gateway.tell("agent", lifecycle("b", "error", { aborted: true }));
  gateway.tell("agent", lifecycle("a", "error"));
  gateway.tell("agent", lifecycle("c", "model", { provider: null }));
  gateway.tell("agent", lifecycle("d", "start"));
  gateway.tell("agent", lifecycle("d", "end"));
  await eventually("the last word", () => told.sessions.length >= 4);
  assert.deepEqual(
    told.sessions,
    ["working", "error", "working", "idle"].map((state) => `${sessionKey} ${state}`),
  );
});

test("what changed while the line was away is told behind it", async (t) => {
  const { gateway, told } = await start(t);
  gateway.tell("agent", lifecycle("a", "start"));
  await eventually("it works", () => told.sessions.length === 1);
  gateway.answer("sessions.list", () => ({ sessions: [{ key: "agent:main:bay-4", hasActiveRun: true }] }));
  gateway.cut();
  await eventually("both are told", () => told.sessions.length === 3);
  assert.deepEqual(told.sessions.slice(1), ["agent:main:bay-4 working", `${sessionKey} idle`]);
});

test("a wrong token is told once, without the token", async (t) => {
  const gateway = await startGatewayStandIn();
  const said: string[] = [];
  gateway.answer("connect", () => ({
    refused: { code: "INVALID_REQUEST", message: "unauthorized: gateway token mismatch" },
  }));
  const transport = openclawTransport({
    url: gateway.url,
    token,
    onHeard: () => undefined,
    onSession: () => undefined,
    say: (sentence) => said.push(sentence),
  });
  t.after(() => gateway.close());
  await rejects(transport.deliver(delivery(), never), /cannot be reached: unauthorized: gateway token mismatch/);
  await transport.close();
  assert.deepEqual(said, ["The OpenClaw gateway cannot be reached: unauthorized: gateway token mismatch."]);
  await rejects(transport.deliver(delivery(), never), /^The desk is stopping/);
});

test("closing ends a handshake that hangs", async (t) => {
  const gateway = await startGatewayStandIn();
  t.after(() => gateway.close());
  gateway.answer("connect", () => undefined);
  const quiet = { onHeard: () => undefined, onSession: () => undefined };
  const transport = openclawTransport({ url: gateway.url, token, ...quiet, handshakeMs: 3_600_000 });
  await eventually("the handshake", () => gateway.greeted === 1);
  await transport.close();
});
