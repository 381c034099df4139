// A visit whose technician's room does not hear of it: no command takes it from them, so whoever reads the queue is told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { ana } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";
import { addRoom, ask, bodyOf, pushed, pushesOf, statusOf } from "./rooms.ts";

test("a visit that nobody hears of stays the technician's and needs attention, until the room is told again", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  const { rows } = await api.owner.query<{ slug: string }>("SELECT slug FROM worker_slugs WHERE technician_id = $1", [
    ana,
  ]);
  const slug = rows[0]?.slug ?? "";
  await addRoom(api, "van", { kind: "field", worker_id: slug });
  const window = { start: api.clock.in(300), end: api.clock.in(360) };
  const { id } = await ticketIn(api, "DISPATCHED", { window });
  const attention = async () => {
    const { queue } = await api.read("dispatcher.cockpit", { query: "limit=500&actions=none" });
    return queue.find(({ ticket_id }) => ticket_id === id)?.attention ?? null;
  };
  const told = async () =>
    (await api.read("ticket.timeline", { ticket: id })).events.filter(
      ({ tool_name }) => tool_name === "attention.begin",
    );
  const lose = async () => {
    for (let round = 0; round < 12; round++) {
      api.clock.advanceMs(41_000);
      await worker.wake();
    }
  };
  await worker.wake();
  assert.deepEqual(await attention(), null, "it is on its way");
  await lose();
  assert.equal((await pushesOf(api, "van"))[0]?.state, "dead");
  const { state, assigned_tech_id } = await api.read("ticket.get", { ticket: id });
  assert.deepEqual(
    [state, assigned_tech_id],
    ["DISPATCHED", ana],
    "a promise to the customer is nobody's to break but a person's",
  );
  assert.equal((await attention())?.code, "NOT_HEARD");
  assert.equal((await told()).length, 1);
  await worker.wake();
  assert.equal((await told()).length, 1, "told once");

  bodyOf(await ask(api, "POST", "/rooms/van/reset", {}, {}));
  const [again] = await pushed(api, "van", `/job-packet ${id}`);
  assert.equal(again?.["deduplicated"], false, "one that was given up is no reason to say nothing");
  assert.equal(await attention(), null);
  await lose();
  assert.deepEqual([(await attention())?.code, await statusOf(api, "van")], ["NOT_HEARD", "error"]);
  bodyOf(await ask(api, "POST", "/rooms/van/reset", {}, {}));
  await pushed(api, "van", `/job-packet ${id}`);
  await worker.wake();
  const { rows: sent } = await api.owner.query<{ id: string }>("SELECT id FROM pushes WHERE status = 'sent'");
  bodyOf(await ask(api, "POST", `/rooms/van/inbox/${sent[0]?.id ?? ""}/ack`, { as: "admin", actor: "admin-1" }, {}));
  assert.equal(await attention(), null);
});
