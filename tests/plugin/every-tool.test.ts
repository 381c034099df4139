// Every tool once, by the plugin's own code against a real API: what the model reads is what happened, what programs get is
// what the API said.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { commandEntries, queries, queryEntries, type QueryName, type ToolName } from "../../dispatch/contract/index.ts";
import type { TicketState } from "../../dispatch/contract/states.ts";
import type { JsonObject } from "../../plugin/src/json.ts";
import { startTestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { parseBody } from "../support/response-schemas.ts";
import { anyProposal, day } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { believing, openChat, outsideFences } from "./chat.ts";
import { give, pass, standIn } from "./stand-in.ts";
import { argumentsFor } from "./tool-arguments.ts";

/** The state a query's ticket is in, and what is asked of it. */
const asked: Partial<
  Record<QueryName, { readonly in?: TicketState; readonly args: JsonObject; readonly told: string }>
> = {
  "ticket.get": { in: "SCHEDULED", args: {}, told: "next: " },
  "ticket.timeline": { in: "SCHEDULED", args: {}, told: "schedule.confirm by" },
  "ticket.search": { in: "NEW", args: { q: "latch" }, told: "Front door does not latch" },
  "closeout.list_evidence": { in: "COMPLETED_PENDING_VERIFICATION", args: {}, told: "photo_after_latched_alignment" },
  "approval.list": { in: "APPROVAL_REQUIRED", args: { status: "PENDING" }, told: "PENDING" },
  "schedule.slots": { in: "READY_TO_SCHEDULE", args: { limit: 20 }, told: "tech_id 7ec00000-" },
  "dispatcher.cockpit": { args: {}, told: "1. ticket " },
  "tech.job_packet": { in: "IN_PROGRESS", args: {}, told: "missing checklist: billing_authorization, " },
  "directory.search": { args: { q: "Oakland", kind: "site" }, told: `site_id ${acme.oakland} "Acme Oakland"` },
  "receipt.get": { args: {}, told: "is genuine" },
  "plan.get": { args: {}, told: "no time -> " },
  "plan.list": { args: { day }, told: "PROPOSED for 2026-03-04" },
  "ops.autonomy.state": { args: {}, told: "paused" },
  "ops.autonomy.replay": { in: "NEW", args: {}, told: "paused" },
  "roster.list": { args: {}, told: "Ana" },
};

describe("every tool", async () => {
  const api = await startTestApi({ env: believing });
  let answered = "";
  const relay = await standIn({ after }, async (request, response) => {
    const passed = await pass(api.url, request);
    answered = passed.bytes.toString("utf8");
    give(response, passed);
  });
  const chat = openChat(relay.url);
  const audited = async (): Promise<number> =>
    Number((await api.owner.query("SELECT count(*) AS n FROM audit_events")).rows[0]?.n);

  for (const [tool] of commandEntries) {
    test(`${tool} is DONE, once, with a receipt the API vouches for`, async () => {
      const args = await argumentsFor(api, tool);
      const before = await audited();
      const said = await chat.say(tool, args, { card: "allow-once", callId: `call-of-${tool}` });
      assert.equal(said.first, `DONE ${tool}`, said.text);
      assert.deepEqual(said.body, JSON.parse(answered));
      parseBody(tool, said.body);
      // Each ticket that moves with a plan has an audit row of its own besides.
      const moved = said.body["moved"];
      const done = before + 1 + (Array.isArray(moved) ? moved.length : 0);
      assert.equal(await audited(), done);

      const [, receiptId = ""] = /^receipt ([0-9a-f-]{36}) at /m.exec(said.text) ?? [];
      assert.deepEqual(said.body["receipt"], await api.read("receipt.get", { receipt: receiptId }));
      assert.deepEqual(said.details["replayed"], false);
      assertSound(tool, said.text);

      const again = await chat.say(tool, args, { card: "allow-once", callId: `call-of-${tool}` });
      assert.ok(again.first.startsWith(`DONE ${tool} — this repeats an earlier call`), again.text);
      assert.deepEqual([again.body, again.details["replayed"]], [said.body, true]);
      assert.equal(await audited(), done, "the repetition did nothing");
    });
  }

  for (const [tool] of queryEntries) {
    test(`${tool} is READ, and reading writes nothing`, async () => {
      const { in: state, args, told } = asked[tool] ?? assert.fail(`no call for ${tool}`);
      const ticket = state && (await ticketIn(api, state));
      const path = queries[tool].path;
      const paused = await api.run("ops.autonomy.pause", {
        body: { scope_type: "INCIDENT", incident_type: "FRAME_OR_GLASS_DAMAGE" },
      });
      const id = {
        ...(path.includes("{ticketId}") && { ticket_id: ticket?.id }),
        ...(path.includes("{receiptId}") && { receipt_id: paused.receipt.receipt_id }),
        ...(path.includes("{planId}") && { plan_id: (await anyProposal(api)).id }),
      };
      const before = await audited();
      const said = await chat.say(tool, { ...args, ...id });
      assert.equal(said.first, `READ ${tool}`, said.text);
      assert.ok(said.text.toLowerCase().includes(told.toLowerCase()), said.text);
      assert.deepEqual(said.body, JSON.parse(answered));
      parseBody(tool, said.body);
      assert.equal(await audited(), before);
      assertSound(tool, said.text);
    });
  }

  test("and no tool is left out", () => {
    assert.equal(commandEntries.length + queryEntries.length, 56);
  });
});

/** Bounded, fenced, and without a token or a gap in it. */
function assertSound(tool: ToolName, text: string): void {
  assert.ok(text.length <= 8_000, `${tool}: ${text.length} characters`);
  const outside = outsideFences(text);
  assert.doesNotMatch(text, /eyJ[\w-]+\./, "a token is no business of the model's");
  assert.doesNotMatch(outside, /undefined|null|NaN|\[object|\?(?:\s|$)/, text);
}
