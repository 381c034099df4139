// Every tool once, by the plugin's own code against a real API: what the model reads is what happened, what programs get is
// what the API said.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import {
  type CommandName,
  commandEntries,
  queries,
  queryEntries,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import { commandCases } from "../contract/command-table.ts";
import { queryCases } from "../contract/query-cases.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { parseBody } from "../support/response-schemas.ts";
import { firstEvidenceOf } from "../support/evidence.ts";
import { invoicedTicket } from "../support/invoices.ts";
import { anyProposal } from "../support/plan-day.ts";
import { requestOf } from "../support/request-builder.ts";
import { roomOf } from "../support/room-builder.ts";
import { taskIn } from "../support/task-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { believing, openChat, outsideFences } from "./chat.ts";
import { give, pass, standIn } from "./stand-in.ts";
import { argumentsFor } from "./tool-arguments.ts";

describe("every tool", async () => {
  const api = await startTestApi({ env: believing });
  let answered = "";
  const relay = await standIn({ after }, async (request, response) => {
    const passed = await pass(api.url, request);
    answered = passed.bytes.toString("utf8");
    give(response, passed);
  });
  const chat = openChat(relay.url, { clock: api.clock });
  const audited = async (tool: ToolName): Promise<number> => {
    // What changes or is made because of a command has an audit row of its own besides, and so has what a person is asked for.
    const { rows } = await api.owner.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM audit_events
       WHERE NOT payload ? 'caused_by' AND (tool_name = $1 OR tool_name NOT LIKE 'approval_request.%')`,
      [tool],
    );
    return rows[0]?.n ?? 0;
  };
  const kept: readonly CommandName[] = ["assignment.unassign"];

  for (const [tool] of commandEntries) {
    test(`${tool} is DONE, once, with a receipt the API vouches for`, async () => {
      const args = await argumentsFor(api, tool);
      const before = await audited(tool);
      const said = await chat.say(tool, args, { card: "allow-once", callId: `call-of-${tool}` });
      // What only the API knows to need a person is done when somebody types the answer, and this is told of it.
      const isTold = kept.includes(tool);
      if (isTold) assert.ok(said.first.startsWith(`DONE ${tool} — this repeats`), said.text);
      else assert.equal(said.first, `DONE ${tool}`, said.text);
      assert.deepEqual(said.body, JSON.parse(answered));
      parseBody(tool, said.body);
      const done = before + 1;
      assert.equal(await audited(tool), done);

      const [, receiptId = ""] = /^receipt ([0-9a-f-]{36}) at /m.exec(said.text) ?? [];
      assert.deepEqual(said.body["receipt"], await api.read("receipt.get", { receipt: receiptId }));
      assert.deepEqual(said.details["replayed"], isTold);
      assertSound(tool, said.text);

      const again = await chat.say(tool, args, { card: "allow-once", callId: `call-of-${tool}` });
      assert.ok(again.first.startsWith(`DONE ${tool} — this repeats an earlier call`), again.text);
      const { shownOnce = [] } = { shownOnce: [], ...commandCases[tool] };
      const hidden = Object.fromEntries(shownOnce.map((member) => [member, null]));
      // Of what is told to rooms a repetition says besides that it was told already.
      assert.deepEqual([again.body, again.details["replayed"]], [asToldAgain({ ...said.body, ...hidden }), true]);
      assert.equal(await audited(tool), done, "the repetition did nothing");
    });
  }

  for (const [tool] of queryEntries) {
    test(`${tool} is READ, and reading writes nothing`, async () => {
      const { in: state, task: taskState, args, told } = queryCases[tool].chat;
      const ticket = state && (await ticketIn(api, state));
      const task = taskState && (await taskIn(api, taskState));
      const path = queries[tool].path;
      const paused = await api.run("ops.autonomy.pause", {
        body: { scope_type: "INCIDENT", incident_type: "FRAME_OR_GLASS_DAMAGE" },
      });
      const id = {
        ...(path.includes("{ticketId}") && { ticket_id: ticket?.id }),
        ...(path.includes("{receiptId}") && { receipt_id: paused.receipt.receipt_id }),
        ...(path.includes("{evidenceId}") && { evidence_id: await firstEvidenceOf(api, ticket?.id) }),
        ...(path.includes("{invoiceId}") && { invoice_id: (await invoicedTicket(api)).invoiceId }),
        ...(path.includes("{taskId}") && { task_id: task?.id }),
        ...(path.includes("{approvalRequestId}") && { approval_request_id: await requestOf(api) }),
        ...(path.includes("{roomId}") && { room: (await roomOf(api)).name }),
        ...(path.includes("{planId}") && { plan_id: (await anyProposal(api)).id }),
        ...(path.includes("{contactId}") && { contact_id: await contactOf(api) }),
      };
      const before = await audited(tool);
      const said = await chat.say(tool, { ...args, ...id });
      assert.equal(said.first, `READ ${tool}`, said.text);
      assert.ok(said.text.toLowerCase().includes(told.toLowerCase()), said.text);
      const answer: unknown = JSON.parse(answered);
      parseBody(tool, answer);
      // A bare list is wrapped, with where its next page begins.
      const { items, next_cursor } = said.body;
      if (Array.isArray(answer))
        assert.deepEqual([items, typeof next_cursor], [answer, told.startsWith("more") ? "string" : "object"]);
      else assert.deepEqual(said.body, answer);
      assert.equal(await audited(tool), before);
      assertSound(tool, said.text);
    });
  }

  test("and no tool is left out", () => {
    assert.deepEqual(commandEntries.map(([tool]) => tool).sort(), Object.keys(commandCases).sort());
    assert.deepEqual(queryEntries.map(([tool]) => tool).sort(), Object.keys(queryCases).sort());
  });
});

/** Bounded, fenced, and without a token or a gap in it. */
function assertSound(tool: ToolName, text: string): void {
  assert.ok(text.length <= 8_000, `${tool}: ${text.length} characters`);
  const outside = outsideFences(text);
  assert.doesNotMatch(text, /eyJ[\w-]+\./, "a token is no business of the model's");
  assert.doesNotMatch(outside, /undefined|null|NaN|\[object|\?(?:\s|$)/, text);
}

async function contactOf(api: TestApi): Promise<string> {
  const { contact } = await api.run("contact.upsert", { body: { account_id: acme.id, name: "Kim Lee" } });
  return contact.id;
}

/** A body as a repetition has it: every push in it was told already. */
const asToldAgain = (body: object): unknown =>
  JSON.parse(JSON.stringify(body, (name, value: unknown) => (name === "deduplicated" ? true : value)));
