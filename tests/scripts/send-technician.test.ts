// The demo's dispatcher beside a worker that is quicker: the story goes on with whom the worker sent.

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
