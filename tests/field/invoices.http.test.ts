// Billing: what verified work costs by the price book, the limit it may not break, and that an invoice stays as it is; then
// the packet that closes the ticket.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { addSite, addTechnician, ana } from "../support/directory.ts";
import { sha256 } from "../support/evidence.ts";
import { addAllEvidence, completion, freeWindow, fullChecklist, ticketIn } from "../support/ticket-builder.ts";

/** What the work of built tickets comes to in California, at nobody's own rates. */
const reportedTotal = 35_216;
const pass = ({ clock }: Pick<TestApi, "clock">) => ({ timestamp: clock.iso, result: "PASS" });
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
        // The goodwill takes 75 of its 1000 off the materials: 25.51 are taxed.
        { subtotal_cents: 34_026, tax_cents: 185, total_cents: 34_211, currency: "USD", ticket_id: id },
      );
      assert.match(number, /^INV-\d{6,}$/);
    });

    test("pays the account's own rates and the tax of the site's tax region", async () => {
      const account = "d3f77db0-5d1a-4f9c-b0ea-111111111111";
      await api.owner.query("INSERT INTO accounts (id, name) VALUES ($1, 'Own rates')", [account]);
      const siteId = await addSite(api.owner, {
        accountId: account,
        region: "Kings County",
        zone: "NY",
        taxRegion: "ny",
      });
      const techId = await addTechnician(api.owner, { zone: "NY" });
      const { id } = await ticketIn(api, "VERIFIED", { accountId: account, siteId, techId });
      const { lines, tax_cents } = (await invoiceOf(api, id)).invoice;
      assert.deepEqual(
        lines.map(({ unit_price_cents }) => unit_price_cents),
        [11_500, 9_500, 1_313, 7_900],
      );
      assert.equal(tax_cents, 105, "4 % of 26.26");
    });

    test("may reach the limit and not pass it", async () => {
      const { id } = await ticketIn(api, "VERIFIED", { nteCents: reportedTotal });
      const more = [{ description: "key copies", amount_cents: 1 }];
      const { status, error } = await api.refuse("billing.generate_invoice", {
        as: "finance",
        ticket: id,
        body: { adjustments: more },
      });
      assert.deepEqual(
        [status, error.code, error["nte_cents"], error["total_cents"]],
        [409, "NTE_EXCEEDED", reportedTotal, reportedTotal + 1],
      );
      assert.equal((await invoiceOf(api, id)).invoice.total_cents, reportedTotal);
    });

    test("above the limit is foreseen while a higher one can be asked for", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS", { nteCents: reportedTotal - 1 });
      await addAllEvidence(api, id);
      const complete = { as: "tech", ticket: id, body: completion };
      const { status, error } = await api.refuse("tech.complete", complete);
      assert.deepEqual([status, error.code, error["total_cents"]], [409, "NTE_EXCEEDED", reportedTotal]);
      const ask = { approval_type: "NTE_INCREASE", reason: "one cent", amount_delta_cents: 1 };
      const { approval } = await api.run("tech.request_change", { as: "tech", ticket: id, body: ask });
      await api.run("approval.decide", { ticket: id, body: { approval_id: approval.id, decision: "APPROVED" } });
      await api.run("tech.complete", complete);
      await api.run("qa.verify", { ticket: id, body: pass(api) });
      assert.equal((await invoiceOf(api, id)).invoice.total_cents, reportedTotal);
    });

    test("above the limit after a denial is lowered by an adjustment", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS", { nteCents: reportedTotal - 1 });
      await addAllEvidence(api, id);
      const ask = { approval_type: "NTE_INCREASE", reason: "one cent", amount_delta_cents: 1 };
      const { approval } = await api.run("tech.request_change", { as: "tech", ticket: id, body: ask });
      await api.run("approval.decide", { ticket: id, body: { approval_id: approval.id, decision: "DENIED" } });
      await api.run("tech.complete", { as: "tech", ticket: id, body: completion });
      await api.run("qa.verify", { ticket: id, body: pass(api) });
      assert.equal(
        (await api.refuse("billing.generate_invoice", { as: "finance", ticket: id })).error.code,
        "NTE_EXCEEDED",
      );
      await invoiceOf(api, id, [{ description: "to the limit", amount_cents: -1 }]);
    });

    test("above the limit after triage's own request was denied is still too much to complete", async () => {
      const { id, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED");
      await api.run("approval.decide", { ticket: id, body: { approval_id: approvalId, decision: "DENIED" } });
      const triage = { priority: "URGENT", incident_type: "DOOR_WONT_LATCH", ready_to_schedule: true };
      // In strict the denial has taken back what triage had written down, and 0 is a limit there.
      await api.run("ticket.triage", { ticket: id, body: { ...triage, ...(profile === "pilot" && { nte_cents: 1 }) } });
      const window = freeWindow(api);
      await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
      await api.run("schedule.confirm", { ticket: id, body: window });
      await api.run("assignment.dispatch", { ticket: id, body: { tech_id: ana } });
      await api.run("tech.check_in", { as: "tech", ticket: id, body: { timestamp: api.clock.iso } });
      await addAllEvidence(api, id);
      const { error } = await api.refuse("tech.complete", { as: "tech", ticket: id, body: completion });
      assert.equal(error.code, "NTE_EXCEEDED");
    });

    test("that the check on quality foresees to be above the limit is not verified", async () => {
      const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION");
      await api.owner.query("UPDATE tickets SET nte_cents = 1 WHERE id = $1", [id]);
      const { error } = await api.refuse("qa.verify", { ticket: id, body: pass(api) });
      assert.deepEqual([error.code, error["total_cents"]], ["NTE_EXCEEDED", reportedTotal]);
    });

    test("with no limit agreed is free in pilot and forbidden in strict", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS", { nteCents: 0 });
      await addAllEvidence(api, id);
      if (profile === "strict") {
        const { error } = await api.refuse("tech.complete", { as: "tech", ticket: id, body: completion });
        return assert.deepEqual([error.code, error["nte_cents"]], ["NTE_EXCEEDED", 0]);
      }
      // More money leaves "no limit" what it was.
      const ask = { approval_type: "NTE_INCREASE", reason: "a closer", amount_delta_cents: 100 };
      const { approval } = await api.run("tech.request_change", { as: "tech", ticket: id, body: ask });
      const decision = { approval_id: approval.id, decision: "APPROVED" };
      assert.equal((await api.run("approval.decide", { ticket: id, body: decision })).nte_cents, 0);
      await api.run("tech.complete", { as: "tech", ticket: id, body: completion });
      await api.run("qa.verify", { ticket: id, body: pass(api) });
      await invoiceOf(api, id);
    });

    test("for work nobody reported is the trip alone in pilot, and not completed in strict", async () => {
      if (profile === "pilot") {
        const { id } = await ticketIn(api, "VERIFIED", { work: null });
        const { lines, total_cents } = (await invoiceOf(api, id)).invoice;
        return assert.deepEqual([lines.map(({ kind }) => kind), total_cents], [["trip"], 8_900]);
      }
      const { id } = await ticketIn(api, "IN_PROGRESS");
      await addAllEvidence(api, id);
      const { work: _none, ...silent } = completion;
      const { status, error } = await api.refuse("tech.complete", { as: "tech", ticket: id, body: silent });
      assert.deepEqual([status, error.code], [400, "INVALID_REQUEST"]);
      assert.match(JSON.stringify(error["validation_errors"]), /closeout\.no_work/);
    });

    test("has the labor, travel and parts of every visit", async () => {
      const first = await ticketIn(api, "IN_PROGRESS");
      const { id, techId } = first;
      const part = { sku: "C-1", description: "Closer", quantity: 1, unit_price_cents: 4_000 };
      const soFar = { labor_minutes: 90, travel_minutes: 40, parts: [part] };
      const hold = { reason_code: "parts", note: "closer ordered", work: soFar };
      await api.run("tech.hold", { as: "tech", ticket: id, body: hold });
      await api.run("ticket.return_visit", { ticket: id });
      const window = freeWindow(api);
      await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
      await api.run("schedule.confirm", { ticket: id, body: window });
      await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
      await api.run("tech.check_in", { as: "tech", ticket: id, body: { timestamp: api.clock.iso } });
      await addAllEvidence(api, id);
      const rest = { ...completion, work: { labor_minutes: 60, travel_minutes: 20 } };
      await api.run("tech.complete", { as: "tech", ticket: id, body: rest });
      await api.run("qa.verify", { ticket: id, body: pass(api) });
      const { lines } = (await invoiceOf(api, id)).invoice;
      assert.deepEqual(
        lines.map(({ kind, visit, quantity }) => [visit, kind, quantity]),
        [
          [1, "labor", 1.5],
          [1, "travel", 0.666667],
          [1, "materials", 1],
          [1, "trip", 1],
          [2, "labor", 1],
          [2, "travel", 0.333333],
          [2, "trip", 1],
        ],
      );
    });

    test("is not had by work that no number can hold", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      await addAllEvidence(api, id);
      const part = { sku: "C-1", description: "Closer", quantity: 1, unit_price_cents: 4_000 };
      for (const [name, rest] of [
        ["tech.hold", { reason_code: "parts" }],
        ["tech.complete", completion],
      ] as const) {
        for (const [change, path] of [
          [{ quantity: 0.0001 }, "work/parts/0/quantity"],
          [{ quantity: 1e6, unit_price_cents: 1e12 }, "work"],
        ] as const) {
          const body = { ...rest, work: { parts: [{ ...part, ...change }] } };
          const { error } = await api.refuse(name, { as: "tech", ticket: id, body });
          assert.partialDeepStrictEqual(error["validation_errors"], [{ path }]);
        }
      }
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

    test("has the next number, whatever was refused, undone or repeated between, and is never changed", async () => {
      const ids: string[] = [];
      while (ids.length < 6) ids.push((await ticketIn(api, "VERIFIED")).id);
      const [first = assert.fail(), second = assert.fail(), ...rest] = ids;
      const numberOf = async (id: string, key: string = randomUUID()) =>
        Number((await api.run("billing.generate_invoice", { as: "finance", ticket: id, key })).invoice.number.slice(4));
      const key = randomUUID();
      const number = await numberOf(first, key);
      const tooMuch = { adjustments: [{ description: "gold", amount_cents: 1_000_000 }] };
      await api.refuse("billing.generate_invoice", { as: "finance", ticket: second, body: tooMuch });
      await api.owner.query("ALTER TABLE invoices ADD CONSTRAINT none_now CHECK (tax_cents < 0) NOT VALID");
      const undone = await api.call("billing.generate_invoice", { as: "finance", ticket: second });
      assert.equal(undone.status, 500);
      await api.owner.query("ALTER TABLE invoices DROP CONSTRAINT none_now");
      assert.equal(await numberOf(first, key), number);
      const numbers = await Promise.all([second, ...rest].map((id) => numberOf(id)));
      assert.deepEqual(
        numbers.toSorted((one, other) => one - other),
        [second, ...rest].map((_id, index) => number + index + 1),
      );
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
    const {
      scheduled_start_local: _start,
      scheduled_end_local: _end,
      timezone: _zone,
      site: _site,
      ...ticket
    } = await api.read("ticket.get", { ticket: id });
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
    assert.deepEqual(
      packet["evidence"],
      evidence.map(({ place: _place, distance_m: _distance, ...item }) => item),
    );
    assert.ok(evidence.every(({ checksum }) => /^[0-9a-f]{64}$/.test(checksum ?? "")));
    assert.deepEqual(packet["checklist"], fullChecklist);
    const last = events.at(-1);
    assert.deepEqual(packet["chain_head"], { seq: last?.seq, hash: last?.hash });
    const [billed, ...others] = Array.isArray(packet["invoices"]) ? packet["invoices"] : [];
    assert.deepEqual([billed, others], [{ invoice: packet["invoice"], credit_notes: [] }, []]);
    assert.partialDeepStrictEqual(packet["invoice"], { ticket_id: id, total_cents: 35_216, currency: "USD" });

    assert.equal(closed.ticket.state, "CLOSED");
    assert.equal((await api.call("ticket.close", call)).headers["idempotency-replayed"], "true");
    assert.equal((await api.refuse("ticket.close", { ticket: id })).error.code, "INVALID_STATE_TRANSITION");
  });
});
