// An emergency for which nobody is free: the worker decides by itself only where the profile says so, takes whose delay
// does the least harm, and leaves alone what is paused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { openKernel } from "../../dispatch/kernel/kernel.ts";
import { assignTickets } from "../../dispatch/worker/assign-tickets.ts";
import { runAsWorker } from "../../dispatch/worker/run-command.ts";
import { pino } from "pino";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const window = { start: "2026-03-02T10:00:00.000Z", end: "2026-03-02T11:00:00.000Z" };

/** One look of the worker at what waits, under a policy that says whether it may bump. */
async function look(api: TestApi, workerMayBump: boolean): Promise<void> {
  const desk = { ...api.desk, policy: { ...api.desk.policy, workerMayBump } };
  const kernel = openKernel(desk, commandHandlers);
  const totals = { cycles: 0, dispatches: 0, errors: 0 };
  const log = pino({ level: "silent" });
  const parts = { desk, log, totals, random: Math.random, run: runAsWorker(kernel, "dispatch-worker") };
  await assignTickets(parts, () => undefined).round(() => false);
}

/** Two technicians, each with a visit at the emergency's hour; the first one's is the cheaper to put off. */
async function busyDesk(t: { after(fn: () => Promise<void>): void }) {
  const api = await startTestApi({ t });
  for (const technician of [ana, ben]) await api.run("roster.sign_off", { technician, body: { reason: "on holiday" } });
  const techIds = [await addTechnician(api.owner), await addTechnician(api.owner)] as const;
  const visit = async (techId: string, priority: "ROUTINE" | "URGENT") =>
    (await ticketIn(api, "DISPATCHED", { techId, window, priority })).id;
  const [cheap, dear] = [await visit(techIds[0], "ROUTINE"), await visit(techIds[1], "URGENT")];
  const { id } = await ticketIn(api, "SCHEDULED", { priority: "EMERGENCY", window });
  return { api, techIds, cheap, dear, id };
}

const standing = async (api: TestApi, ticket: string) => {
  const { state, assigned_tech_id } = await api.read("ticket.get", { ticket });
  return { state, assigned_tech_id };
};

test("without the profile's word the emergency waits for a dispatcher", async (t) => {
  const { api, techIds, cheap, id } = await busyDesk(t);
  await look(api, false);
  assert.deepEqual(await standing(api, id), { state: "SCHEDULED", assigned_tech_id: null });
  assert.deepEqual(await standing(api, cheap), { state: "DISPATCHED", assigned_tech_id: techIds[0] });
});

test("with it the worker takes the technician whose other customer is harmed least, and says so in both histories", async (t) => {
  const { api, techIds, cheap, dear, id } = await busyDesk(t);
  await look(api, true);
  assert.deepEqual(await standing(api, id), { state: "DISPATCHED", assigned_tech_id: techIds[0] });
  assert.deepEqual(await standing(api, cheap), { state: "SCHEDULED", assigned_tech_id: null });
  assert.deepEqual(await standing(api, dear), { state: "DISPATCHED", assigned_tech_id: techIds[1] });
  const last = async (ticket: string) =>
    (await api.read("ticket.timeline", { ticket })).events.findLast(
      ({ tool_name }) => tool_name === "assignment.override",
    );
  const [sent, bumped] = [await last(id), await last(cheap)];
  assert.deepEqual([sent?.actor_type, sent?.actor_id], ["SERVICE", "dispatch-worker"]);
  assert.partialDeepStrictEqual(sent?.payload, { override_type: "direct_dispatch_bypass", bumped_ticket_id: cheap });
  assert.partialDeepStrictEqual(bumped?.payload, { bumped_for: id, caused_by: sent?.id });
});

test("work whose scope is paused is left alone, and the next best is taken", async (t) => {
  const { api, techIds, cheap, dear, id } = await busyDesk(t);
  await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: cheap } });
  await look(api, true);
  assert.deepEqual(await standing(api, cheap), { state: "DISPATCHED", assigned_tech_id: techIds[0] });
  assert.deepEqual(await standing(api, dear), { state: "SCHEDULED", assigned_tech_id: null });
  assert.deepEqual(await standing(api, id), { state: "DISPATCHED", assigned_tech_id: techIds[1] });
});

test("an emergency whose own scope is paused bumps nobody, though a person may", async (t) => {
  const { api, techIds, cheap, id } = await busyDesk(t);
  await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: id } });
  await look(api, true);
  assert.deepEqual(await standing(api, id), { state: "SCHEDULED", assigned_tech_id: null });
  const body = {
    override_type: "direct_dispatch_bypass",
    reason_code: "safety",
    note: "shop front open at night",
    tech_id: techIds[0],
    bump_ticket_id: cheap,
  };
  const asMachine = { ticket: id, body, headers: { "x-actor-type": "SERVICE" } };
  assert.equal((await api.refuse("assignment.override", asMachine)).error.code, "AUTONOMY_DISABLED");
  await api.run("assignment.override", { ticket: id, body });
  assert.deepEqual(await standing(api, id), { state: "DISPATCHED", assigned_tech_id: techIds[0] });
});
