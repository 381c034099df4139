// Billing: what verified work costs by the price book, the limit it may not break, and that an invoice stays as it is; then
// the packet that closes the ticket.

import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { addSite } from "../support/directory.ts";
import { sha256 } from "../support/evidence.ts";
import { fullChecklist, ticketIn } from "../support/ticket-builder.ts";

const invoiceOf = (api: TestApi, ticket: string, adjustments?: object[]) =>
  api.run("billing.generate_invoice", { as: "finance", ticket, body: { ...(adjustments && { adjustments }) } });

for (const profile of profiles) {
  describe(`an invoice in ${profile}`, async () => {
    const api = await startTestApi({ profile });

    test("has a line for labor, travel, materials, the trip and each adjustment, with tax on materials", async () => {
      const { id } = await ticketIn(api, "VERIFIED");
      const ticket = await invoiceOf(api, id, [{ description: "goodwill", amount_cents: -1_000 }]);
      const { invoice } = ticket;
      assert.equal(ticket.state, "INVOICED");
      // 1.5 h at 125.00, 0.5 h at 95.00, 2 × 10.50 with 25 % on top, rounded per piece; California taxes goods at 7.25 %.
      assert.deepEqual(
        invoice.lines.map(({ kind, quantity, unit_price_cents, amount_cents, taxable }) => [
          kind,
          quantity,
          unit_price_cents,
          amount_cents,
          taxable,
        ]),
        [
          ["labor", 1.5, 12_500, 18_750, false],
          ["travel", 0.5, 9_500, 4_750, false],
          ["materials", 2, 1_313, 2_626, true],
          ["trip", 1, 8_900, 8_900, false],
          ["adjustment", 1, -1_000, -1_000, false],
        ],
      );
      const { subtotal_cents, tax_cents, total_cents, currency, ticket_id, number } = invoice;
      assert.deepEqual(
        { subtotal_cents, tax_cents, total_cents, currency, ticket_id },
        { subtotal_cents: 34_026, tax_cents: 190, total_cents: 34_216, currency: "USD", ticket_id: id },
      );
      assert.match(number, /^INV-\d{6,}$/);
    });

    test("pays the account's own rates and the site's own tax", async () => {
      const account = "d3f77db0-5d1a-4f9c-b0ea-111111111111";
      await api.owner.query("INSERT INTO accounts (id, name) VALUES ($1, 'Own rates')", [account]);
      const siteId = await addSite(api.owner, { accountId: account, region: "ny" });
      const { id } = await ticketIn(api, "VERIFIED", { accountId: account, siteId });
      const { lines, tax_cents } = (await invoiceOf(api, id)).invoice;
      assert.deepEqual(
        lines.map(({ unit_price_cents }) => unit_price_cents),
        [11_500, 9_500, 1_313, 7_900],
      );
      assert.equal(tax_cents, 105, "4 % of 26.26");
    });

    test("may reach the limit and not pass it", async () => {
      const total = 35_216;
      const enough = await ticketIn(api, "VERIFIED", { nteCents: total });
      assert.equal((await invoiceOf(api, enough.id)).invoice.total_cents, total);
      const { id } = await ticketIn(api, "VERIFIED", { nteCents: total - 1 });
      const { status, error } = await api.refuse("billing.generate_invoice", { as: "finance", ticket: id });
      assert.deepEqual(
        [status, error.code, error["nte_cents"], error["total_cents"]],
        [409, "NTE_EXCEEDED", total - 1, total],
      );
      assert.equal(
        (await invoiceOf(api, id, [{ description: "to the limit", amount_cents: -1 }])).invoice.total_cents,
        total - 1,
      );
    });

    test("with no limit agreed is free in pilot and forbidden in strict", async () => {
      const { id } = await ticketIn(api, "VERIFIED", { nteCents: 0 });
      if (profile === "pilot") return void (await invoiceOf(api, id));
      const { error } = await api.refuse("billing.generate_invoice", { as: "finance", ticket: id });
      assert.deepEqual([error.code, error["nte_cents"]], ["NTE_EXCEEDED", 0]);
    });

    test("for work nobody reported is the trip alone in pilot and nothing in strict", async () => {
      const { id } = await ticketIn(api, "VERIFIED", { work: null });
      if (profile === "pilot") {
        const { lines, total_cents } = (await invoiceOf(api, id)).invoice;
        return assert.deepEqual([lines.map(({ kind }) => kind), total_cents], [["trip"], 8_900]);
      }
      const { status, error } = await api.refuse("billing.generate_invoice", { as: "finance", ticket: id });
      assert.deepEqual([status, error.code], [400, "INVALID_REQUEST"]);
    });

    for (const [what, adjustments] of [
      ["more back than it costs", [{ description: "too kind", amount_cents: -40_000 }]],
      ["an adjustment without a word", [{ description: "", amount_cents: 5 }]],
      ["half a cent", [{ description: "half", amount_cents: 0.5 }]],
      ["no list", { description: "one", amount_cents: 5 }],
    ] as const) {
      test(`does not give ${what}`, async () => {
        const { id } = await ticketIn(api, "VERIFIED");
        assert.equal(
          (await api.refuse("billing.generate_invoice", { as: "finance", ticket: id, body: { adjustments } })).error
            .code,
          "INVALID_REQUEST",
        );
        assert.equal((await api.read("ticket.get", { ticket: id })).state, "VERIFIED");
      });
    }

    test("has a number of its own and is never changed", async () => {
      const numbers = new Set<string>();
      for (let n = 0; n < 3; n++)
        numbers.add((await invoiceOf(api, (await ticketIn(api, "VERIFIED")).id)).invoice.number);
      assert.equal(numbers.size, 3);
      const client = await api.owner.connect();
      try {
        for (const change of ["UPDATE invoices SET total_cents = 1", "DELETE FROM invoices"]) {
          await client.query("BEGIN; SET LOCAL ROLE dispatch_app");
          await assert.rejects(client.query(change), { code: "42501" });
          await client.query("ROLLBACK");
        }
      } finally {
        client.release();
      }
    });
  });
}

test("a ticket is billed for its newest completion", async (t) => {
  const api = await startTestApi({ t });
  const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION");
  await api.run("qa.return_work", { ticket: id, body: { reasons: ["another hour is needed"] } });
  const again = { checklist_status: fullChecklist, no_signature_reason: "closed", work: { labor_minutes: 120 } };
  await api.run("tech.complete", { ticket: id, body: again });
  await api.run("qa.verify", { ticket: id, body: { timestamp: api.clock.iso, result: "PASS" } });
  const { lines } = (await invoiceOf(api, id)).invoice;
  assert.deepEqual(
    lines.map(({ kind, amount_cents }) => [kind, amount_cents]),
    [
      ["labor", 25_000],
      ["trip", 8_900],
    ],
  );
});

describe("ticket.close", async () => {
  const api = await startTestApi({ profile: "strict" });

  test("stores everything about the ticket under the hash of its content", async () => {
    const { id } = await ticketIn(api, "INVOICED");
    const ticket = await api.read("ticket.get", { ticket: id });
    const { events } = await api.read("ticket.timeline", { ticket: id });
    const { evidence } = await api.read("closeout.list_evidence", { ticket: id });
    const call = {
      as: "finance",
      ticket: id,
      key: "5a8e1a80-1111-4111-8111-000000000001",
      body: { closure_note: "paid" },
    };
    const closed = await api.run("ticket.close", call);
    const { object_key, sha256: hash, size_bytes } = closed.closeout_packet;
    const stored = await api.desk.store.read(object_key);
    const bytes = await buffer(stored ?? assert.fail("no object"));
    assert.deepEqual([sha256(bytes), bytes.length], [hash, size_bytes]);
    assert.ok(object_key.includes(id));

    const packet: unknown = JSON.parse(bytes.toString());
    assert.ok(isObject(packet));
    assert.deepEqual(packet["ticket"], ticket);
    assert.deepEqual(packet["timeline"], events);
    assert.deepEqual(packet["evidence"], evidence);
    assert.ok(evidence.every(({ checksum }) => /^[0-9a-f]{64}$/.test(checksum ?? "")));
    assert.deepEqual(packet["checklist"], fullChecklist);
    const last = events.at(-1);
    assert.deepEqual(packet["chain_head"], { seq: last?.seq, hash: last?.hash });
    assert.partialDeepStrictEqual(packet["invoice"], { ticket_id: id, total_cents: 35_216, currency: "USD" });

    assert.equal(closed.ticket.state, "CLOSED");
    assert.equal((await api.call("ticket.close", call)).headers["idempotency-replayed"], "true");
    assert.equal((await api.refuse("ticket.close", { ticket: id })).error.code, "INVALID_STATE_TRANSITION");
  });
});
