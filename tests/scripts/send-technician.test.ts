// The demo's dispatcher beside a worker that is quicker: the story goes on with whom the worker sent. And one with work from before, on
// which the only technician who can speak is no longer the first.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpSpeaker } from "../../lab/demo/http-speaker.ts";
import { sendTechnician } from "../../lab/demo/send-technician.ts";
import { startTestApi } from "../support/api.ts";
import { ana } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

test("whom the worker has sent is told, with the worker's receipt", async (t) => {
  const api = await startTestApi({ t });
  const window = { start: api.clock.in(60), end: api.clock.in(120) };
  const ticket = await ticketIn(api, "SCHEDULED", { window });
  const worker = await startTestWorker(api, { t });
  await worker.wake();
  const told: string[] = [];
  const dispatcher = new HttpSpeaker(api.url, { kind: "headers" }, { id: "dana", label: "Dana", role: "dispatcher" });
  const sent = await sendTechnician({
    cast: { dispatcher, techId: null },
    ticketId: ticket.id,
    window: ticket.window,
    note: ({ label }, what, { tool_name }) => told.push(`${label} ${what} (${tool_name})`),
  });
  assert.equal(sent.techId, ana);
  assert.deepEqual(told, [`The worker was quicker than Dana, and dispatched ${sent.name} (assignment.dispatch)`]);
});

test("the only technician who can speak is sent, also where the recommendation names another first", async (t) => {
  const api = await startTestApi({ t });
  const { id, window } = await ticketIn(api, "SCHEDULED");
  const { recommendations } = await api.run("assignment.recommend", {
    ticket: id,
    body: { service_type: "CANNOT_SECURE_ENTRY", recommendation_limit: 20, preferred_window: window },
  });
  const second = recommendations[1]?.tech_id ?? assert.fail("one technician alone is recommended");
  const dispatcher = new HttpSpeaker(api.url, { kind: "headers" }, { id: "dana", label: "Dana", role: "dispatcher" });
  const cast = { dispatcher, techId: second };
  const { techId } = await sendTechnician({ cast, ticketId: id, window, note: () => undefined });
  const ticket = await api.read("ticket.get", { ticket: id });
  assert.deepEqual([techId, ticket.assigned_tech_id, ticket.state], [second, second, "DISPATCHED"]);
});
