// How work reaches rooms beside the broker's assignments: handed over in words, a sleeper woken, a visit sent to a technician, events
// followed by one worker at a time.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { ana } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, by, startAgent, tell } from "../tasks/agents.ts";
import { ack, addRoom, ask, bodyOf, codeOf, inboxOf, pushesOf, statusOf } from "./rooms.ts";

describe("work reaches a room", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const settle = async () => {
    for (let round = 0; round < 4; round++) await worker.wake();
  };
  const give = (room: string, prompt: string) => ask(api, "POST", `/rooms/${room}/tasks`, {}, { prompt });

  test("handed over in words: a task of whoever sits there, the whole text beside the command, begun when they begin", async () => {
    await startAgent(api, "clerk", { capabilities: ["anything"] });
    await addRoom(api, "clerk", { worker_id: "clerk" });
    await settle();
    api.clock.advanceMs(10);
    const prompt = `Draft the quote\n\n${"All of it. ".repeat(1_500)}`.trim();
    const given = bodyOf(await give("clerk", prompt), 201);
    const task = given["task"] as { id: string; status: string; assignee: string; kind: string; title: string };
    assert.deepEqual(
      [task.status, task.assignee, task.kind, task.title],
      ["assigned", "clerk", "prompt", "Draft the quote"],
    );
    await settle();
    const [told, ...others] = await inboxOf(api, "clerk", "clerk");
    assert.deepEqual(
      [told?.command, told?.prompt, told?.task_id, others.length],
      [`/task ${task.id}`, prompt, task.id, 0],
    );
    await api.run("task.progress", by("clerk", task.id, { message: "Begun" }));
    await settle();
    assert.deepEqual(
      (await pushesOf(api, "clerk")).map(({ state }) => state),
      ["acked"],
    );
    const checked = await api.read("task.check", { task: task.id });
    assert.deepEqual([checked.status, checked.push?.room, checked.push?.state], ["in_progress", "clerk", "acked"]);
  });

  test("is refused where nobody sits, or who sits there cannot take more", async () => {
    await addRoom(api, "hall");
    assert.equal(codeOf(await give("hall", "Sweep it")), "409 WORKER_NOT_ELIGIBLE");
    assert.equal(codeOf(await give("nowhere", "Sweep it")), "404 ROOM_NOT_FOUND");
    assert.equal(codeOf(await give("clerk", "")), "400 INVALID_REQUEST");
    await startAgent(api, "full", { capabilities: ["anything"], max_concurrent: 1 });
    await addRoom(api, "full", { worker_id: "full" });
    bodyOf(await give("full", "One"), 201);
    assert.equal(codeOf(await give("full", "Two")), "409 WORKER_NOT_ELIGIBLE");
  });

  test("a sleeper is woken by a push, reports for work and gets the task by the usual claim", async () => {
    await addAgent(api, "napper", { policy: "on_demand", capabilities: ["naps"] });
    await addRoom(api, "napper", { worker_id: "napper" });
    await settle();
    const { id } = await addTask(api, { scope: "naps" });
    await settle();
    const [woken] = await inboxOf(api, "napper", "napper");
    assert.equal(woken?.command, "/queue-check");
    bodyOf(await ack(api, "napper", "napper", woken?.push_id ?? ""));
    api.clock.advanceMs(10);
    await tell(api, "napper", "swarm.agent.napper.started");
    await settle();
    await settle();
    const { status, assignee } = await api.read("task.check", { task: id });
    assert.deepEqual([status, assignee], ["assigned", "napper"]);
    assert.deepEqual(
      (await inboxOf(api, "napper", "napper")).map(({ command }) => command),
      [`/task ${id}`],
    );
  });

  test("a visit that is sent brings its job packet to the technician's room, once", async () => {
    const { rows } = await api.owner.query<{ slug: string }>("SELECT slug FROM worker_slugs WHERE technician_id = $1", [
      ana,
    ]);
    const slug = rows[0]?.slug ?? "";
    await addRoom(api, "van", { kind: "field", worker_id: slug });
    const { id } = await ticketIn(api, "DISPATCHED");
    await settle();
    const told = await pushesOf(api, "van");
    assert.deepEqual(
      told.map(({ command, state }) => [command, state]),
      [[`/job-packet ${id}`, "sent"]],
    );
    bodyOf(
      await ask(api, "POST", `/rooms/van/inbox/${told[0]?.push_id ?? ""}/ack`, { as: "admin", actor: "admin-1" }, {}),
    );
    // Nobody says for them what they are at: whoever has heard hears the next.
    assert.equal(await statusOf(api, "van"), "idle");
  });

  test("two workers follow the same events and tell everything once", async (t) => {
    const second = await startTestWorker(api, { t });
    await startAgent(api, "double", { capabilities: ["double"], max_concurrent: 20 });
    await addRoom(api, "double", { worker_id: "double" });
    await Promise.all(Array.from({ length: 10 }, () => addTask(api, { scope: "double" })));
    for (let round = 0; round < 6; round++) await Promise.all([worker.wake(), second.wake()]);
    const told = await pushesOf(api, "double");
    assert.equal(told.length, 10);
    assert.equal(new Set(told.map(({ task_id }) => task_id)).size, 10);
  });
});
