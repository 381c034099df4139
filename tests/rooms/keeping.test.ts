// How long what was said in rooms is kept, and that the chains of what stays hold afterwards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { heartbeat, startAgent } from "../tasks/agents.ts";
import { ack, addRoom, ask, bodyOf, inboxOf, report } from "./rooms.ts";

test("after 30 days what was read or is over goes, a push keeps its line alone, and every chain holds", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  for (const name of ["clerk", "asker"]) {
    await startAgent(api, name);
    await addRoom(api, name, { worker_id: name });
  }
  const given = bodyOf(
    await ask(api, "POST", "/rooms/clerk/tasks", {}, { prompt: "Call the supplier of hinges" }),
    201,
  );
  const { id: task } = given["task"] as { id: string };
  await worker.wake();
  const [told] = await inboxOf(api, "clerk", "clerk");
  bodyOf(await ack(api, "clerk", "clerk", told?.push_id ?? ""));
  const said = async (room: string, body: object) => {
    const { event } = bodyOf(await report(api, room, room, body), 201);
    return (event as { event_id: string }).event_id;
  };
  const done = await said("clerk", { type: "task_completed", task_id: task, summary: "They come on Monday" });
  const read = await said("clerk", { type: "progress_update", message: "Read by somebody" });
  bodyOf(await ask(api, "POST", "/control/events/ack", {}, { event_id: read }));
  const unread = await said("clerk", { type: "progress_update", message: "Read by nobody" });
  const question = await said("asker", { type: "waiting_for_input", question: "Which hinges?" });
  bodyOf(await ask(api, "POST", "/control/events/ack", {}, { event_id: question }));

  const kept = async () => {
    const { rows } = await api.owner.query<{ id: string }>("SELECT id FROM room_events ORDER BY id");
    return rows.map(({ id }) => id);
  };
  const push = async () =>
    (await api.owner.query("SELECT command, prompt, status FROM pushes WHERE task_id = $1", [task])).rows[0];
  const days = async (n: number) => {
    api.clock.advance(n * 24 * 60);
    await heartbeat(api, "asker", { activity: "waiting_for_input" });
    await worker.wake();
  };
  await days(29);
  assert.deepEqual(await kept(), [done, read, unread, question].toSorted());
  const line = { command: `/task ${task}`, status: "acked" };
  assert.deepEqual(await push(), { ...line, prompt: "Call the supplier of hinges" });
  await days(2);
  assert.deepEqual(
    await kept(),
    [unread, question].toSorted(),
    "what nobody read stays, and a question that waits for its answer",
  );
  assert.deepEqual(await push(), { ...line, prompt: null });
  const history = JSON.parse((await ask(api, "GET", "/rooms/clerk/history")).text) as { text: string }[];
  assert.deepEqual(
    history.map(({ text }) => text),
    [`/task ${task}`, "Read by nobody"],
  );
  const { faults } = await verifyAudit(api.desk.db, aggregates);
  assert.deepEqual(faults, []);
});
