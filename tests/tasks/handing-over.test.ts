// Who is given a task by hand, who may move it, and what has to be said where another is at work on it; held tasks, parts of tasks,
// reviews, and answers that come too late.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refusalOf, startTestApi, type Refused } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, by, changeAgent, heard, heartbeat, startAgent, tell } from "./agents.ts";

const said = ({ status, error }: Refused) => [status, error.code];
const fieldOf = ({ error }: Refused) => error["field"];
const reason = "It is urgent after all";

describe("a task given by hand", async () => {
  const api = await startTestApi();
  const give = (body: object) =>
    api.refuse("task.create", { body: { title: "Check the warranty", scope: "warranty", ...body } });

  test("goes to whoever is able, awake and below their capacity", async () => {
    await startAgent(api, "clerk", { max_concurrent: 2 });
    const { id, status, assignee } = await addTask(api, { assignee: "Clerk" });
    assert.deepEqual([status, assignee], ["assigned", "clerk"]);
    assert.deepEqual(await heard(api, id), ["created", "assigned"]);
    const waiting = await addTask(api, { hold: true });
    const given = await api.run("task.update", { task: waiting.id, body: { assignee: "clerk" } });
    assert.deepEqual([given.status, given.assignee], ["assigned", "clerk"]);
  });

  test("is refused with the reason, whatever it is", async () => {
    await addAgent(api, "asleep", { policy: "on_demand" });
    await addAgent(api, "away");
    await startAgent(api, "drained");
    await api.run("worker.drain", { as: "admin", worker: "drained" });
    await startAgent(api, "paused");
    await heartbeat(api, "paused", { activity: "paused" });
    await startAgent(api, "errored");
    await heartbeat(api, "errored", { activity: "errored" });
    await startAgent(api, "other", { capabilities: ["quote"] });
    const reasons = {
      asleep: "asleep",
      away: "unavailable",
      drained: "drained",
      paused: "unavailable",
      errored: "unavailable",
      other: "no_capability",
      clerk: "full",
    };
    const found = await Promise.all(
      Object.keys(reasons).map(async (assignee) => {
        const { status, error } = await give({ assignee });
        assert.deepEqual([status, error.code], [409, "WORKER_NOT_ELIGIBLE"]);
        return [assignee, error["reason"]];
      }),
    );
    assert.deepEqual(Object.fromEntries(found), reasons);
    assert.deepEqual(said(await give({ assignee: "nobody" })), [404, "WORKER_NOT_FOUND"]);
    const { id } = await addTask(api, { hold: true });
    const later = await api.refuse("task.update", { task: id, body: { assignee: "away" } });
    assert.deepEqual(said(later), [409, "WORKER_NOT_ELIGIBLE"]);
  });

  test("goes to one who is full for a reason that is written down, and to nobody else for any reason", async () => {
    const short = await give({ assignee: "clerk", override_reason: "too short" });
    assert.deepEqual([...said(short), fieldOf(short)], [400, "INVALID_REQUEST", "override_reason"]);
    const { id, assignee } = await addTask(api, { assignee: "clerk", override_reason: reason });
    assert.equal(assignee, "clerk");
    const events = await api.read("task.events", { task: id });
    assert.equal(events[0]?.data["override_reason"], reason);
    const told = await api.owner.query<{ data: unknown }>(
      "SELECT payload->'data' AS data FROM outbox WHERE aggregate_id = $1 AND event = 'assigned'",
      [id],
    );
    const by = "dispatcher-1";
    assert.deepEqual(told.rows, [{ data: { assignee: "clerk", chosen_by: by, override_reason: reason } }]);
    for (const other of ["asleep", "drained", "other"])
      assert.deepEqual(said(await give({ assignee: other, override_reason: reason })), [409, "WORKER_NOT_ELIGIBLE"]);
  });

  test("is no agent's to give", async () => {
    const body = { title: "Check the warranty", scope: "warranty", assignee: "clerk" };
    const refused = await api.refuse("task.create", { as: "agent", actor: "clerk", body });
    assert.deepEqual(said(refused), [403, "FORBIDDEN"]);
  });

  test("fills each place once, however many ask for them at the same moment, and tells the others that it is full", async () => {
    await startAgent(api, "rushed", { max_concurrent: 20, capabilities: ["rush"] });
    const body = { title: "At once", scope: "rush", assignee: "rushed" };
    const replies = await Promise.all(Array.from({ length: 50 }, () => api.call("task.create", { body })));
    const refused = replies.filter(({ status }) => status !== 201).map((reply) => refusalOf(reply));
    assert.deepEqual(
      refused.map(({ status, error }) => [status, error.code, error["reason"]]),
      Array.from({ length: 30 }, () => [409, "WORKER_NOT_ELIGIBLE", "full"]),
    );
    const given = await Promise.all(
      Array.from({ length: 50 }, () => api.run("task.create", { body: { ...body, override_reason: reason } })),
    );
    assert.deepEqual(new Set(given.map(({ status }) => status)), new Set(["assigned"]));
  });
});

describe("a task that is moved by hand", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await startAgent(api, "clerk", { max_concurrent: 20 });
  const move = (task: string, body: object, who: object = {}) => api.refuse("task.update", { task, body, ...who });

  test("stays back while it is held, and goes out when it is let go", async () => {
    const { id, status } = await addTask(api, { hold: true });
    assert.equal(status, "unassigned");
    await worker.wake();
    assert.deepEqual(await heard(api, id), ["created"]);
    await api.run("task.update", { task: id, body: { status: "queued" } });
    await worker.wake();
    assert.equal((await api.read("task.check", { task: id })).assignee, "clerk");
  });

  test("is as it is once it is completed or cancelled, whatever else is to be changed of it", async () => {
    const done = await addTask(api);
    await worker.wake();
    await api.run("task.complete", by("clerk", done.id));
    const off = await addTask(api, { hold: true });
    await api.run("task.update", { task: off.id, body: { status: "cancelled" } });
    for (const { id, status } of [
      { id: done.id, status: "completed" },
      { id: off.id, status: "cancelled" },
    ]) {
      const before = await heard(api, id);
      for (const body of [{ priority: "high" }, { context: { serial: "CL-2" } }, { status, priority: 1 }]) {
        const refused = await move(id, body);
        assert.deepEqual(said(refused), [409, "INVALID_STATE_TRANSITION"]);
        const { from_state, to_state, allowed_to_states } = refused.error;
        assert.deepEqual(
          { from_state, to_state, allowed_to_states },
          { from_state: status, to_state: status, allowed_to_states: [] },
        );
      }
      const { priority, context } = await api.read("task.check", { task: id });
      assert.deepEqual(
        { priority, context, events: await heard(api, id) },
        { priority: 3, context: null, events: before },
      );
    }
  });

  test("is as urgent as a number says, or a word: whoever sends another is told both", async () => {
    const message =
      "must be a number 1 to 5, or one of critical, emergency, high, urgent, medium, routine, low, background";
    for (const [priority, rule] of [
      ["asap", "enum"],
      [9, "maximum"],
      [true, "enum"],
    ] as const) {
      const body = { title: "Check the warranty", scope: "warranty", priority };
      const { status, error } = await api.refuse("task.create", { body });
      assert.deepEqual(
        { status, wrong: error["validation_errors"] },
        { status: 400, wrong: [{ path: "priority", rule, message }] },
      );
    }
  });

  test("is found by whoever asked for it, however they are called", async () => {
    const actor = "Dana O'Neil@desk.example";
    const { id, requester } = await api.run("task.create", {
      actor,
      body: { title: "Ask the maker", scope: "asking" },
    });
    assert.equal(requester, actor);
    const found = await api.read("task.list", { query: `requester=${encodeURIComponent(actor)}` });
    assert.deepEqual(
      found.map((task) => task.id),
      [id],
    );
  });

  test("may be a part of a part, ten deep, and of nothing that is not there", async () => {
    let parent = (await addTask(api, { hold: true })).id;
    for (let depth = 1; depth <= 10; depth++) parent = (await addTask(api, { hold: true, parent_id: parent })).id;
    const body = { title: "Too deep", scope: "warranty", parent_id: parent };
    const deeper = await api.refuse("task.create", { body });
    assert.deepEqual([...said(deeper), fieldOf(deeper)], [400, "INVALID_REQUEST", "parent_id"]);
    const orphan = { ...body, parent_id: "01a2270f-85f5-73ae-bd1c-579706c16f23" };
    assert.deepEqual(said(await api.refuse("task.create", { body: orphan })), [404, "TASK_NOT_FOUND"]);
  });

  test("is cancelled by whoever asked for it, by the desk, and by nobody else; of another's work with a reason", async () => {
    const asked = { as: "agent", actor: "clerk" };
    await startAgent(api, "stranger", { capabilities: ["nothing"] });
    const { id } = await api.run("task.create", { ...asked, body: { title: "Mine", scope: "nobody-does" } });
    const foreign = await move(id, { status: "cancelled" }, { as: "agent", actor: "stranger" });
    assert.deepEqual(said(foreign), [403, "FORBIDDEN"]);
    await api.run("task.update", { task: id, ...asked, body: { status: "cancelled" } });
    const running = await addTask(api, { assignee: "clerk" });
    assert.deepEqual(said(await move(running.id, { status: "cancelled" })), [400, "REASON_REQUIRED"]);
    assert.deepEqual(said(await move(running.id, { status: "cancelled", reason: "too short" })), [
      400,
      "REASON_REQUIRED",
    ]);
    await api.run("task.update", { task: running.id, body: { status: "cancelled", reason } });
    const late = await api.refuse("task.complete", by("clerk", running.id));
    assert.deepEqual(said(late), [409, "INVALID_STATE_TRANSITION"]);
    assert.deepEqual(late.error["allowed_to_states"], []);
    for (const status of ["pending", "unassigned", "in_progress"])
      assert.equal((await move(running.id, { status, reason })).status, 409);
  });

  test("that wants a review is completed by a reviewer, and by neither its assignee nor anybody on the way past it", async () => {
    const { id } = await addTask(api, { assignee: "clerk", review_required: true });
    await api.run("task.progress", by("clerk", id));
    assert.deepEqual(said(await move(id, { status: "completed", reason })), [409, "INVALID_STATE_TRANSITION"]);
    const waiting = await api.run("task.complete", by("clerk", id, { summary: "In warranty" }));
    assert.equal(waiting.status, "awaiting_review");
    await changeAgent(api, "clerk", { agent_type: "reviewer" });
    const own = { as: "agent", actor: "clerk" };
    assert.deepEqual(said(await move(id, { status: "in_review" }, own)), [403, "FORBIDDEN"]);
    await startAgent(api, "judge", { capabilities: ["judging"], agent_type: "reviewer" });
    const judge = { as: "agent", actor: "judge" };
    const early = await move(id, { status: "completed" }, judge);
    assert.deepEqual(said(early), [409, "INVALID_STATE_TRANSITION"]);
    await api.run("task.update", { task: id, ...judge, body: { status: "in_review" } });
    assert.deepEqual(said(await move(id, { status: "completed" }, own)), [403, "FORBIDDEN"]);
    assert.deepEqual(said(await move(id, { status: "completed" }, { as: "agent", actor: "stranger" })), [
      403,
      "FORBIDDEN",
    ]);
    const back = await api.run("task.update", { task: id, ...judge, body: { status: "in_progress" } });
    assert.deepEqual([back.status, back.assignee], ["in_progress", "clerk"]);
    await api.run("task.complete", by("clerk", id));
    await api.run("task.update", { task: id, as: "qa", body: { status: "in_review" } });
    const done = await api.run("task.update", { task: id, as: "qa", body: { status: "done" } });
    assert.deepEqual([done.status, done.assignee], ["completed", "clerk"]);
  });

  test("that took too long takes no answer any more", async () => {
    const { id } = await addTask(api, { assignee: "clerk", timeout_ms: 1_000, max_retries: 0 });
    api.clock.advanceMs(1_001);
    await worker.wake();
    for (const tool of ["task.complete", "task.fail", "task.progress"] as const) {
      const late = await api.refuse(tool, by("clerk", id, tool === "task.fail" ? { error: "No answer" } : {}));
      assert.deepEqual(
        [late.status, late.error.code, late.error["from_state"]],
        [409, "INVALID_STATE_TRANSITION", "timed_out"],
      );
    }
  });

  test("of an answer and a timeout at the same moment takes one, 200 times", async () => {
    const slugs = ["racer-1", "racer-2", "racer-3", "racer-4"];
    for (const slug of slugs) await startAgent(api, slug, { capabilities: ["racing"], max_concurrent: 50 });
    const won = { completed: 0, timed_out: 0 };
    for (const slug of slugs) {
      const made = [];
      const body = { scope: "racing", assignee: slug, timeout_ms: 1_000, max_retries: 0 };
      for (let n = 0; n < 50; n++) made.push(await addTask(api, body));
      await Promise.all(slugs.map((one) => heartbeat(api, one)));
      api.clock.advanceMs(1_001);
      const [, ...replies] = await Promise.all([
        worker.wake(),
        ...made.map(async ({ id }) => ({ id, reply: await api.call("task.complete", by(slug, id)) })),
      ]);
      // One whose row another held at that moment is found at the next look.
      await worker.wake();
      for (const { id, reply } of replies) {
        const { status } = await api.read("task.check", { task: id });
        assert.ok(status === "completed" || status === "timed_out", `${id} is ${status}`);
        assert.equal(reply.status, status === "completed" ? 200 : 409, reply.text);
        assert.equal((await heard(api, id)).filter((event) => event === "completed" || event === "timeout").length, 1);
        won[status]++;
      }
    }
    assert.equal(won.completed + won.timed_out, 200);
    await tell(api, "racer-1", "swarm.agent.racer-1.stopped");
  });
});
