// Ticket numbers: each ticket has one that people can quote, it is in every answer that shows a ticket, and stands for its id.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { commandEntries, queryEntries } from "../../dispatch/contract/index.ts";
import { ticketIdPattern, ticketNumberFrom } from "../../dispatch/contract/ids.ts";
import { startTestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const call = { account_id: acme.id, site_id: acme.oakland, summary: "Door drags" };

describe("a ticket's number", async () => {
  const api = await startTestApi();
  const numbered = async () => {
    const { id, number } = await api.run("ticket.create", { body: call });
    return { id, number };
  };

  test("rises from ticket to ticket, and is the same in every answer", async () => {
    const [first, second] = [await numbered(), await numbered()];
    assert.match(first.number, /^T-\d{6}$/);
    assert.ok(second.number > first.number);
    const { id, number } = second;
    assert.equal((await api.read("ticket.get", { ticket: id })).number, number);
    const found = (await api.read("ticket.search")).tickets.find((one) => one.id === id);
    assert.equal(found?.number, number);
    const { queue, selected_ticket } = await api.read("dispatcher.cockpit", { query: `ticket_id=${id}` });
    const row = queue.find(({ ticket_id }) => ticket_id === id);
    assert.partialDeepStrictEqual(row, { number, summary: "Door drags", caller: null });
    assert.equal(selected_ticket?.ticket.number, number);
    assert.equal((await api.read("tech.job_packet", { ticket: id })).packet.header["number"], number);
  });

  test("stands for the id in a path, in any case and with any zeros", async () => {
    const { id, number } = await numbered();
    for (const written of [number, number.toLowerCase(), `T-${Number(number.slice(2))}`, `t-00000${number.slice(2)}`]) {
      assert.equal((await api.read("ticket.get", { ticket: written })).id, id, written);
      assert.equal((await api.read("ticket.timeline", { ticket: written })).ticket_id, id, written);
    }
    const triage = { priority: "URGENT", incident_type: "DOOR_WONT_LATCH" };
    assert.equal((await api.run("ticket.triage", { ticket: number, body: triage })).id, id);
  });

  test("stands for the id in every field that names a ticket", async () => {
    const { id, number } = await ticketIn(api, "APPROVAL_REQUIRED").then(async (built) => ({
      id: built.id,
      number: (await api.read("ticket.get", { ticket: built.id })).number,
    }));
    const { scope } = await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: number } });
    assert.equal(scope.ticket_id, id);
    const { query, decision } = await api.read("ops.autonomy.state", { query: `ticket_id=${number.toLowerCase()}` });
    assert.deepEqual([Object(query)["ticket_id"], decision?.ticket_id], [id, id]);
    const { approvals } = await api.read("approval.list", { query: `ticket_id=${number}` });
    assert.deepEqual(
      approvals.map(({ ticket_id }) => ticket_id),
      [id],
    );
    const { selected_ticket } = await api.read("dispatcher.cockpit", { query: `ticket_id=${number}` });
    assert.equal(selected_ticket?.ticket.id, id);
  });

  test("is taken by every field of the contract that is called so", () => {
    for (const [tool, { input }] of [...commandEntries, ...queryEntries]) {
      for (const [field, schema] of Object.entries<object>(input.properties)) {
        if (!/(^|_)ticket_id$/.test(field)) continue;
        assert.equal("pattern" in schema && schema.pattern, ticketIdPattern, `${tool} ${field}`);
      }
    }
  });

  test("makes a retry by the id the same call", async () => {
    const { id, number } = await numbered();
    const body = { text: "rang back" };
    const key = randomUUID();
    const first = await api.call("ticket.add_note", { ticket: number, body, key });
    const again = await api.call("ticket.add_note", { ticket: id, body, key });
    assert.deepEqual([again.status, again.headers["idempotency-replayed"]], [200, "true"]);
    assert.equal(again.text, first.text);
  });

  test("that no ticket has is not found, and one outside the caller's scope is as unknown, in whatever field it stands", async () => {
    const unknown = { ticket_id: "T-999999999" };
    const body = { text: "x" };
    assert.partialDeepStrictEqual((await api.refuse("ticket.get", { ticket: "t-999999999" })).error, {
      code: "TICKET_NOT_FOUND",
      ...unknown,
    });
    assert.partialDeepStrictEqual((await api.refuse("ticket.add_note", { ticket: "T-999999999", body })).error, {
      code: "TICKET_NOT_FOUND",
      ...unknown,
    });
    assert.equal(
      (await api.refuse("ops.autonomy.pause", { body: { scope_type: "TICKET", ...unknown } })).error.code,
      "TICKET_NOT_FOUND",
    );
    const { number } = await numbered();
    const headers = { "X-Account-Scope": borealis.id };
    assert.partialDeepStrictEqual((await api.refuse("ticket.get", { ticket: number, headers })).error, {
      code: "TICKET_NOT_FOUND",
      ticket_id: number,
    });
    const query = `ticket_id=${number}`;
    for (const tool of ["approval.list", "dispatcher.cockpit"] as const)
      assert.equal((await api.refuse(tool, { query, headers })).error.code, "TICKET_NOT_FOUND");
    const atAnotherSite = { "X-Site-Scope": borealis.albany };
    assert.equal(
      (await api.refuse("ticket.get", { ticket: number, headers: atAnotherSite })).error.code,
      "TICKET_NOT_FOUND",
    );
  });

  for (const written of ["T-", "T-12a", "T12", "-12", "12", `T-${"1".repeat(16)}`, "U-000001"]) {
    test(`is not ${written}`, async () => {
      assert.equal(ticketNumberFrom(written), null);
      assert.equal((await api.refuse("ticket.get", { ticket: written })).error.code, "INVALID_TICKET_ID");
    });
  }
});
