// A push to a room by its inbox: sent when the room is idle, read, heard, tried again, given up; and what waits leaves as one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { addTask, by, heard, heartbeat, startAgent } from "../tasks/agents.ts";
import { ack, addRoom, ask, bodyOf, codeOf, inboxOf, push, pushed, pushesOf, report, statusOf } from "./rooms.ts";

describe("a push to an inbox", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const sit = async (slug: string, fields: object = {}) => {
    await startAgent(api, slug, { capabilities: [slug], max_concurrent: 15 });
    const room = await addRoom(api, slug, { worker_id: slug, ...fields });
    await settle();
    api.clock.advanceMs(10);
    return room;
  };
  // What one duty finds the next acts on.
  const settle = async () => {
    for (let round = 0; round < 4; round++) await worker.wake();
  };
  const states = async (room: string) => (await pushesOf(api, room)).map(({ state }) => state);

  test("is sent to an idle room, lies there until it is heard, and is counted in ms", async () => {
    await sit("clerk");
    const [made] = await pushed(api, "clerk", "/queue-check");
    assert.deepEqual(
      [made?.["room"], made?.["state"], made?.["queued_behind"], made?.["deduplicated"]],
      ["clerk", "queued", 0, false],
    );
    await settle();
    const [told] = await inboxOf(api, "clerk", "clerk");
    assert.deepEqual([told?.push_id, told?.command, told?.attempt], [made?.["push_id"], "/queue-check", 1]);
    assert.equal(await statusOf(api, "clerk"), "working");
    bodyOf(await ack(api, "clerk", "clerk", told?.push_id ?? ""));
    assert.equal(bodyOf(await ack(api, "clerk", "clerk", told?.push_id ?? ""))["deduplicated"], true);
    const [stored] = await pushesOf(api, "clerk");
    assert.equal(stored?.state, "acked");
    // The clock stands still, and of two events of one thing the later is a millisecond later.
    assert.ok((stored.wait_ms ?? 99) <= 2 && (stored.latency_ms ?? 99) <= 2, JSON.stringify(stored));
    assert.deepEqual(await inboxOf(api, "clerk", "clerk"), []);
  });

  test("waits while the room is busy, and leaves when it is idle", async () => {
    await sit("busy");
    await heartbeat(api, "busy", { activity: "working" });
    await settle();
    assert.equal(await statusOf(api, "busy"), "working");
    await pushed(api, "busy", "/queue-check");
    await settle();
    assert.deepEqual(await states("busy"), ["queued"]);
    api.clock.advanceMs(1_500);
    await heartbeat(api, "busy", { activity: "idle" });
    await settle();
    assert.deepEqual(await states("busy"), ["sent"]);
    const [stored] = await pushesOf(api, "busy");
    assert.ok(Math.abs((stored?.wait_ms ?? 0) - 1_500) <= 2, JSON.stringify(stored));
  });

  test("is made of every assignment, and those that wait leave as one that names them all", async () => {
    await sit("bulk");
    const tasks: { readonly id: string }[] = [];
    for (let i = 0; i < 4; i++) tasks.push(await addTask(api, { scope: "bulk" }));
    await settle();
    await settle();
    const [first] = await inboxOf(api, "bulk", "bulk");
    assert.match(first?.command ?? "", /^\/(task|queue-check) /);
    const named = (text: string) => tasks.filter(({ id }) => text.includes(id)).length;
    const before = named(first?.command ?? "");
    bodyOf(await ack(api, "bulk", "bulk", first?.push_id ?? ""));
    api.clock.advanceMs(10);
    await heartbeat(api, "bulk", { activity: "idle" });
    await settle();
    const [second] = await inboxOf(api, "bulk", "bulk");
    assert.equal(before + named(second?.command ?? ""), 4, second?.command);
    if (second) bodyOf(await ack(api, "bulk", "bulk", second.push_id));
    assert.deepEqual([...new Set(await states("bulk"))], ["acked"]);
    assert.equal((await states("bulk")).length, 4);
  });

  test("that nobody hears is sent again after 5, 10, 20 and 40 s by one id, then given up, and its work handed back", async () => {
    await sit("deaf");
    const { id } = await addTask(api, { scope: "deaf", timeout_ms: 86_400_000 });
    await settle();
    const [told] = await inboxOf(api, "deaf", "deaf");
    assert.equal(told?.command, `/task ${id}`);
    for (const [at, seconds] of [5, 10, 20, 40].entries()) {
      api.clock.advanceMs(30_010);
      await heartbeat(api, "deaf");
      await settle();
      assert.deepEqual(await states("deaf"), ["queued"], `after try ${at + 1}`);
      api.clock.advanceMs(seconds * 1_000 - 10);
      await settle();
      assert.deepEqual(await states("deaf"), ["queued"], "not before its time");
      api.clock.advanceMs(20);
      await settle();
      const [again] = await inboxOf(api, "deaf", "deaf");
      assert.deepEqual([again?.push_id, again?.attempt], [told?.push_id, at + 2]);
    }
    api.clock.advanceMs(30_010);
    await settle();
    assert.deepEqual(await states("deaf"), ["dead"]);
    assert.equal(await statusOf(api, "deaf"), "error");
    assert.deepEqual(await heard(api, id), ["created", "assigned", "reassigned", "unmatched"]);
    const news = JSON.parse((await ask(api, "GET", "/control/events")).text) as {
      room: string;
      type: string;
      text: string;
    }[];
    assert.ok(
      news.some(({ room, type, text }) => room === "deaf" && type === "task_failed" && /5 tries: unheard/.test(text)),
    );
    bodyOf(await ask(api, "POST", "/rooms/deaf/reset", {}, {}));
    assert.equal(await statusOf(api, "deaf"), "idle");
    await settle();
    assert.deepEqual(await states("deaf"), ["dead", "sent"], "whoever hears again is given it again");
  });

  test("is skipped where its work is withdrawn before it is sent, and the reason is kept", async () => {
    await sit("spared");
    await heartbeat(api, "spared", { activity: "waiting_for_input" });
    await settle();
    const { id } = await addTask(api, { scope: "spared" });
    await settle();
    assert.deepEqual(await states("spared"), ["queued"]);
    await api.run("task.update", { task: id, body: { status: "cancelled", reason: "The customer called it off" } });
    await settle();
    const [stored] = await pushesOf(api, "spared");
    assert.deepEqual([stored?.state, stored?.reason], ["skipped", "The customer called it off"]);
  });

  test("counts as heard with its worker's first word of the task", async () => {
    await sit("eager");
    const { id } = await addTask(api, { scope: "eager" });
    await settle();
    assert.deepEqual(await states("eager"), ["sent"]);
    await api.run("task.progress", by("eager", id, { message: "Begun" }));
    await settle();
    assert.deepEqual(await states("eager"), ["acked"]);
  });

  test("an answer passes a room that waits for it, and the question counts as read", async () => {
    await sit("asker");
    const asked = bodyOf(
      await report(api, "asker", "asker", { type: "dispatch:waiting_for_input", question: "Which door?" }),
      201,
    );
    const question = asked["event"] as { event_id: string };
    assert.equal(await statusOf(api, "asker"), "waiting_input");
    await pushed(api, "asker", "/queue-check");
    await settle();
    assert.deepEqual(await states("asker"), ["queued"]);
    await pushed(api, "asker", "/review the north door", { reply_to: question.event_id });
    await settle();
    assert.deepEqual(await states("asker"), ["queued", "sent"]);
    assert.equal(
      codeOf(await push(api, "asker", "/review it", { reply_to: "01980000-0000-7000-8000-000000000000" })),
      "404 EVENT_NOT_FOUND",
    );
    const unread = JSON.parse((await ask(api, "GET", "/control/events?room=asker")).text) as unknown[];
    assert.equal(unread.length, 0);
  });

  test("a reader who waits hears of it at once, and holds no connection of the database", async () => {
    await sit("patient");
    const waiting = inboxOf(api, "patient", "patient", 25);
    await pushed(api, "patient", "/queue-check");
    await settle();
    const [told] = await waiting;
    assert.equal(told?.command, "/queue-check");
    assert.equal(
      codeOf(await ask(api, "GET", "/rooms/patient/inbox", { as: "agent", actor: "clerk" })),
      "403 FORBIDDEN",
    );
    await eventually(
      "it is still there until it is heard",
      async () => (await inboxOf(api, "patient", "patient")).length === 1,
    );
  });

  test("and all of it stands in chains that hold", async () => {
    const { faults, chains } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(faults, []);
    assert.ok(chains > 20, `${chains} chains`);
    await api.owner.query("UPDATE pushes SET status = 'acked' WHERE status = 'dead'");
    const found = (await verifyAudit(api.desk.db, aggregates)).faults;
    assert.ok(
      found.some(({ aggregate }) => aggregate === "push"),
      JSON.stringify(found),
    );
  });
});
