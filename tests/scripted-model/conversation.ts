// Builds the messages a gateway would send to the scripted stand-in, and asks it for its reply.

import assert from "node:assert/strict";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import type { Message } from "../../lab/scripted-model/chat-request.ts";
import { replyTo } from "../../lab/scripted-model/reply.ts";
import type { Place } from "../../lab/scripted-model/times.ts";
import { tools } from "../../plugin/src/tool-catalog.ts";

/** Saturday, 21 November 2026, 10:30 at the desk. */
export const place: Place = { now: new Date("2026-11-21T18:30:00Z"), timeZone: "America/Los_Angeles" };
export const offered: ReadonlySet<string> = new Set([
  ...tools.map(({ chatName }) => chatName),
  "dispatch_contract_status",
]);

export const ticketId = "01a1fda9-32c6-7d40-91ab-570e80928c4e";
export const receiptId = "01a1fda9-3d11-7b02-8c55-00aa11bb22cc";
export const anaId = "5e1d3a00-0000-4000-8000-000000000001";
export const benId = "5e1d3a00-0000-4000-8000-000000000002";
export const snapshotId = "01a1fda9-4444-7b02-8c55-00aa11bb22cc";
export const taskId = "01a1fda9-5555-7b02-8c55-00aa11bb22cc";
const siteId = "9f1d3a00-0000-4000-8000-000000000009";

export type Called = { readonly name: string; readonly args: JsonObject };

export class Conversation {
  readonly messages: Message[] = [];
  #calls = 0;

  says(text: string): this {
    this.messages.push({ role: "user", text });
    return this;
  }

  answers(text: string): this {
    this.messages.push({ role: "assistant", text, calls: [] });
    return this;
  }

  /** The assistant called these tools at once, and this came back; null for nothing. */
  ran(...exchanges: readonly { name: string; args?: JsonObject; text: string | null }[]): this {
    const calls = exchanges.map(({ name, args = {} }) => ({ id: `earlier_${this.#calls++}`, name, args }));
    this.messages.push({ role: "assistant", text: "", calls });
    for (const [index, { text }] of exchanges.entries()) {
      const call = calls[index];
      if (call && text !== null) this.messages.push({ role: "tool", callId: call.id, text });
    }
    return this;
  }

  /** What the stand-in calls next. */
  calls(tools: ReadonlySet<string> = offered): Called[] {
    const reply = replyTo({ messages: this.messages, tools }, place);
    assert.equal(reply.kind, "calls", reply.kind === "text" ? `it said: ${reply.text}` : "");
    return reply.kind === "calls" ? reply.calls.map(({ name, args }) => ({ name, args })) : [];
  }

  /** What the stand-in says next. */
  hears(tools: ReadonlySet<string> = offered): string {
    const reply = replyTo({ messages: this.messages, tools }, place);
    assert.equal(reply.kind, "text", reply.kind === "calls" ? `it called: ${JSON.stringify(reply.calls)}` : "");
    return reply.kind === "text" ? reply.text : "";
  }
}

export const ticketText = (state: string, { before = "", id = ticketId, more = "" } = {}): string =>
  `ticket ${id} ${state}${before === "" ? "" : ` (was ${before})`} EMERGENCY "CANNOT_SECURE_ENTRY" ` +
  `nte 880.00${more} site_id ${siteId} version 3`;

/** A conversation that has opened and triaged a ticket. */
export const aboutTicket = (state = "READY_TO_SCHEDULE"): Conversation =>
  new Conversation()
    .says("triage it as an emergency, cannot secure entry, at most $880")
    .ran({
      name: "ticket_triage",
      args: { ticket_id: ticketId },
      text:
        `DONE ticket.triage\n${ticketText(state, { before: "NEW" })}\nreceipt ${receiptId} at ` +
        "2026-11-21T18:29:00.000Z\nnext: schedule_book, schedule_slots",
    })
    .answers("Triaged.");

/** What a task that nobody has yet reads like. */
export const taskText = (state = "pending"): string =>
  `task_id ${taskId} ${state} priority 3 scope "warranty"; "Check the warranty"; nobody has it`;

export const rankingText = `DONE assignment.recommend
${ticketText("SCHEDULED")}
receipt ${receiptId} at 2026-11-21T18:29:00.000Z
recommendation_snapshot_id ${snapshotId} (dispatching with it must name number 1)
1. tech_id ${anaId} "Ana Alvarez" score 1292 (able, in zone, load 0)
2. tech_id ${benId} "Ben Okafor" score 1184 (able, in zone, load 1)
left out, ZONE_MISMATCH ("works in NV, the site is in CA"): "Cal Reyes"
next: assignment_dispatch`;
