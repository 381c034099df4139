// What workers say from their rooms, or by what they do with their tasks: read by every control room, the pressing at once, the rest as a
// digest; it moves the task in the same transaction, and the room's status follows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { digestOf } from "../../dispatch/worker/tell-control-rooms.ts";
import { startTestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { addTask, by, heartbeat, startAgent } from "../tasks/agents.ts";
import { addRoom, ask, bodyOf, codeOf, report, statusOf } from "./rooms.ts";

type Event = {
  readonly event_id: string;
  readonly room: string;
  readonly type: string;
  readonly text: string;
  readonly task_id: string | null;
};

describe("what workers say", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const settle = async () => {
    for (let round = 0; round < 4; round++) await worker.wake();
  };
  const control = bodyOf(await ask(api, "POST", "/control/room", {}, {}), 201);
  bodyOf(await ask(api, "POST", "/control/room", { actor: "erin" }, {}), 201);
  const sit = async (slug: string) => {
    await startAgent(api, slug, { capabilities: [slug], max_concurrent: 5 });
    await addRoom(api, slug, { worker_id: slug });
    await settle();
    api.clock.advanceMs(10);
  };
  const unread = async (room: string) =>
    JSON.parse((await ask(api, "GET", `/control/events?room=${room}`)).text) as Event[];
  /** What one control room was told over the stream of events. */
  const told = async () => {
    const { rows } = await api.owner.query<{ data: { type: string; events: Event[] } }>(
      "SELECT payload->'data' AS data FROM outbox WHERE subject = $1 ORDER BY xact, id",
      [`room.${String(control["id"])}.event`],
    );
    return rows.map(({ data }) => data);
  };
  const started = async (slug: string, task: object = {}) => {
    const { id } = await addTask(api, { scope: slug, max_retries: 0, ...task });
    await settle();
    return id;
  };

  test("each type needs its own words, from the room's own worker, and unknown ones are refused", async () => {
    await sit("teller");
    const refused: [object, string, string][] = [
      [{ type: "dispatch:nonsense" }, "teller", "400 INVALID_REQUEST"],
      [{ type: "task_completed", message: "x" }, "teller", "400 INVALID_REQUEST"],
      [{ type: "progress_update" }, "teller", "400 INVALID_REQUEST"],
      [{ type: "task_failed" }, "teller", "400 INVALID_REQUEST"],
      [{ type: "waiting_for_input" }, "teller", "400 INVALID_REQUEST"],
      [{ type: "progress_update", message: "x" }, "somebody", "403 FORBIDDEN"],
      [
        { type: "progress_update", message: "x", task_id: "01980000-0000-7000-8000-000000000000" },
        "teller",
        "404 TASK_NOT_FOUND",
      ],
    ];
    for (const [body, actor, code] of refused)
      assert.equal(codeOf(await report(api, "teller", actor, body)), code, JSON.stringify(body));
    const missing = JSON.parse((await report(api, "teller", "teller", { type: "dispatch:task_failed" })).text) as {
      error: { field: string };
    };
    assert.equal(missing.error.field, "error");
    assert.equal((await unread("teller")).length, 0);
  });

  test("of a task it is the task's own command, in one transaction, and one event", async () => {
    await sit("doer");
    const id = await started("doer");
    const said = bodyOf(
      await report(api, "doer", "doer", { type: "progress_update", message: "Half", percent: 50, task_id: id }),
      201,
    );
    assert.equal(said["task_status"], "in_progress");
    assert.equal(await statusOf(api, "doer"), "working");
    api.clock.advanceMs(10);
    const done = bodyOf(
      await report(api, "doer", "doer", { type: "task_completed", summary: "In warranty", task_id: id }),
      201,
    );
    assert.equal(done["task_status"], "completed");
    await settle();
    const task = await api.read("task.check", { task: id });
    assert.deepEqual([task.status, task.result_summary], ["completed", "In warranty"]);
    assert.deepEqual((await unread("doer")).map(({ type }) => type).sort(), ["progress_update", "task_completed"]);
    assert.equal(await statusOf(api, "doer"), "idle");
    assert.equal(
      codeOf(await report(api, "doer", "doer", { type: "task_completed", summary: "Again", task_id: id })),
      "409 INVALID_STATE_TRANSITION",
    );
    assert.equal((await unread("doer")).length, 2);
  });

  test("a task's own commands say the same, and a question blocks it until it is answered", async () => {
    await sit("asker");
    const id = await started("asker");
    await api.run("task.progress", by("asker", id, { message: "Calling the maker" }));
    const asked = bodyOf(
      await report(api, "asker", "asker", { type: "waiting_for_input", question: "Which door?", task_id: id }),
      201,
    );
    assert.equal(asked["task_status"], "blocked");
    assert.equal(await statusOf(api, "asker"), "waiting_input");
    await settle();
    assert.deepEqual(
      (await unread("asker")).map(({ type }) => type),
      ["waiting_for_input", "progress_update"],
    );
    api.clock.advanceMs(10);
    await api.run("task.update", { task: id, body: { status: "in_progress", reason: "The north door it is" } });
    await settle();
    assert.equal(await statusOf(api, "asker"), "working");
  });

  test("a failure is told at once; fatal, it puts the room in error until it is reset or well again", async () => {
    await sit("failer");
    const id = await started("failer");
    const before = (await told()).length;
    await api.run("task.fail", by("failer", id, { error: "The maker is gone", fatal: true, retry: false }));
    await settle();
    assert.equal(await statusOf(api, "failer"), "error");
    const news = (await told()).slice(before).flatMap(({ events }) => events);
    assert.deepEqual(
      news.map(({ type, text }) => [type, text]),
      [["task_failed", "The maker is gone"]],
    );
    api.clock.advanceMs(10);
    await heartbeat(api, "failer", { activity: "idle" });
    await settle();
    assert.equal(await statusOf(api, "failer"), "idle");
  });

  test("five words of progress make one digest a minute after the first, with the newest, and all completions", async () => {
    await sit("slow");
    const id = await started("slow");
    const other = await started("slow");
    const before = (await told()).length;
    for (let percent = 10; percent <= 50; percent += 10)
      await report(api, "slow", "slow", { type: "progress_update", message: `At ${percent}`, percent, task_id: id });
    await report(api, "slow", "slow", { type: "task_completed", summary: "The other is done", task_id: other });
    await settle();
    assert.equal((await told()).length, before);
    api.clock.advanceMs(60_100);
    await settle();
    const digests = (await told()).slice(before);
    assert.deepEqual(
      digests.map(({ type }) => type),
      ["digest"],
    );
    const own = (digests[0]?.events ?? []).filter(({ room }) => room === "slow");
    assert.deepEqual(
      own.map(({ text }) => text),
      ["At 50", "The other is done"],
    );
    await settle();
    assert.equal((await told()).length, before + 1);
  });

  test("read by one it is read for all, and twice is once", async () => {
    const events = await unread("slow");
    const last = events.at(-1)?.event_id ?? "";
    const first = events[0]?.event_id ?? "";
    assert.equal(bodyOf(await ask(api, "POST", "/control/events/ack", {}, { event_id: first }))["count"], 1);
    assert.equal(
      bodyOf(await ask(api, "POST", "/control/events/ack", { actor: "erin" }, { event_id: first }))["count"],
      0,
    );
    assert.ok(
      Number(bodyOf(await ask(api, "POST", "/control/events/ack", {}, { up_to: last }))["count"]) >= events.length - 1,
    );
    assert.equal((await unread("slow")).length, 0);
    assert.equal(
      codeOf(await ask(api, "POST", "/control/events/ack", {}, { event_id: "01980000-0000-7000-8000-000000000000" })),
      "404 EVENT_NOT_FOUND",
    );
    assert.equal(codeOf(await ask(api, "POST", "/control/events/ack", {}, {})), "400 INVALID_REQUEST");
  });
});

test("a digest has the newest progress of each task and every completion", () => {
  const one = (id: string, type: string, task_id: string | null) => ({ id, type, task_id: task_id as never });
  const events = [
    one("a", "progress_update", "1"),
    one("b", "progress_update", "2"),
    one("c", "task_completed", "1"),
    one("d", "progress_update", "1"),
  ];
  assert.deepEqual(
    digestOf(events).map(({ id }) => id),
    ["b", "c", "d"],
  );
});
