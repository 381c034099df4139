// Rows that audit events vouch for are written by the pipeline alone: a statement that writes them anywhere else would make a
// verification fail that nobody tampered with, or would be one that no verification finds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startApi } from "../../dispatch/api/start.ts";
import { startWorker } from "../../dispatch/worker/start.ts";
import { aggregates } from "../../dispatch/aggregates.ts";
import { declaredStatements } from "../../dispatch/db/statement.ts";

/** The statements behind parts, and those of the ticket's own file. */
const writers = [
  "approval_insert",
  "approval_settle",
  "booking_insert",
  "bookings_align",
  "bookings_settle",
  "bookings_settle_lead",
  "bookings_settle_member",
  "completion_insert",
  "evidence_insert",
  "hold_end",
  "hold_insert",
  "invoice_insert",
];
/** Of tickets: the first by the aggregate, the others by one command each, with what its change says as well. */
const ticketWriters =
  /^ticket_(insert|update|advance_audit)_\d+$|^ticket_(details|follow_ups)_update$|^merge_move_tickets$/;
/** What statements beside them may set, since no event vouches for it. */
const free = /^(assign_\w+|sla_level|attention_\w+)$/;

/** All of them are declared once API and worker are loaded. */
const statements = declaredStatements();
assert.ok(typeof startApi === "function" && typeof startWorker === "function");

const parts = aggregates.flatMap((aggregate) => (aggregate.parts ?? []).map(({ name }) => name));
const isWrite = (text: string, table: string) => new RegExp(`(INSERT INTO|UPDATE|DELETE FROM) ${table}\\b`).test(text);

test("rows that belong to a ticket are written by their parts alone", () => {
  const found = statements.filter(({ text }) => parts.some((table) => isWrite(text, table)));
  assert.deepEqual(found.map(({ name }) => name).toSorted(), writers);
});

test("a ticket's row is written by the pipeline, and beside it only what no event vouches for", () => {
  const beside = statements.filter(({ name, text }) => isWrite(text, "tickets") && !ticketWriters.test(name));
  assert.ok(beside.length > 5);
  for (const { name, text } of beside) {
    const [, list = ""] = /UPDATE tickets(?: \w+)?\s+SET (.*?)\bWHERE\b/s.exec(text) ?? [];
    // Equals signs inside expressions stand behind a parenthesis, a CASE or a comparison of their own; columns begin an item.
    const set = [...list.matchAll(/(?:^|,)\s*(\w+) = /g)].map(([, column = ""]) => column);
    assert.ok(set.length > 0, `${name} sets nothing that could be read`);
    assert.deepEqual(
      set.filter((column) => !free.test(column)),
      [],
      name,
    );
  }
});
