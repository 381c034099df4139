// ticket.add_note: who reads a note, and that it changes nothing else.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { ana } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

describe("a note", async () => {
  const api = await startTestApi();
  const notesFor = async (ticket: string, as: string, query = "") =>
    (await api.read("ticket.timeline", { as, ticket, query })).events
      .filter(({ tool_name }) => tool_name === "ticket.add_note")
      .map(({ payload }) => Object(payload)["text"]);

  test("among colleagues is in everybody's timeline but the customer's; one for the customer in all", async () => {
    const { id } = await ticketIn(api, "NEW");
    const inside = await api.run("ticket.add_note", { ticket: id, body: { text: "Owes us for March" } });
    assert.equal(inside.visibility, "internal");
    await api.run("ticket.add_note", {
      as: "agent",
      ticket: id,
      body: { text: "We ring before", visibility: "customer" },
    });
    for (const as of ["dispatcher", "agent", "tech", "qa", "approver", "finance"])
      assert.deepEqual(await notesFor(id, as), ["Owes us for March", "We ring before"], as);
    assert.deepEqual(await notesFor(id, "customer"), ["We ring before"]);
    assert.deepEqual(await notesFor(id, "customer", "limit=1"), [], "the page has the ticket's creation");
    const { next_cursor } = await api.read("ticket.timeline", { as: "customer", ticket: id, query: "limit=1" });
    assert.deepEqual(await notesFor(id, "customer", `limit=1&cursor=${next_cursor}`), ["We ring before"]);
    const { queue: _, selected_ticket } = await api.read("dispatcher.cockpit", { query: `ticket_id=${id}` });
    assert.equal(selected_ticket?.timeline.events.length, 3);
    assert.equal((await api.read("tech.job_packet", { ticket: id })).packet.timeline.events.length, 3);
  });

  test("of a dispatcher on a technician, or a reason they gave, is nowhere in what a customer reads", async () => {
    const window = { start: api.clock.in(3_000), end: api.clock.in(3_060) };
    const { id } = await ticketIn(api, "SCHEDULED", { window });
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: ana } });
    const note = "the caller smelled alcohol";
    await api.run("assignment.unassign", { ticket: id, body: { reason_code: "customer_request", note } });
    assert.match(JSON.stringify(await api.read("ticket.get", { ticket: id })), /alcohol/);
    const read = [
      await api.read("ticket.get", { as: "customer", ticket: id }),
      await api.read("ticket.timeline", { as: "customer", ticket: id }),
      await api.run("schedule.move", {
        as: "customer",
        ticket: id,
        body: { start: api.clock.in(4_000), end: api.clock.in(4_060), reason: "we are away" },
      }),
    ];
    for (const answer of read) assert.doesNotMatch(JSON.stringify(answer), /alcohol|customer_request/);
    const proposed = (read[1] as { events: { tool_name: string; payload: unknown }[] }).events;
    assert.ok(
      proposed.some(({ payload }) => "start" in Object(payload)),
      "the times are theirs to read",
    );
  });

  test("leaves the ticket as it was, closed ones too", async () => {
    const { id } = await ticketIn(api, "CLOSED");
    const before = await api.read("ticket.get", { ticket: id });
    const { text, created_by, receipt } = await api.run("ticket.add_note", {
      as: "finance",
      actor: "fay",
      ticket: id,
      body: { text: "  Paid in\ntwo parts " },
    });
    assert.deepEqual([text, created_by], ["Paid in\ntwo parts", "fay"]);
    assert.deepEqual([receipt.before_state, receipt.after_state], ["CLOSED", "CLOSED"]);
    assert.deepEqual(await api.read("ticket.get", { ticket: id }), before);
  });
});
