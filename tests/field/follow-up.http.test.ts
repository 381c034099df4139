// ticket.follow_up: what a new ticket has from the one whose work it follows, how both tell of each other, and that warranty work
// is priced and charged nothing.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { acme, addSite, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

for (const profile of profiles) {
  describe(`ticket.follow_up in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const writtenHere = new Set<string>();
    const get = (ticket: string) => api.read("ticket.get", { ticket });
    const followUp = (ticket: string, body: object) => api.run("ticket.follow_up", { ticket, body });
    const refused = async (ticket: string, body: object) =>
      (await api.refuse("ticket.follow_up", { ticket, body: { kind: "callback", ...body } })).error;

    test("opens a ticket of the same people, place and kind of work, and each says which the other is", async () => {
      const { id } = await ticketIn(api, "CLOSED", { summary: "Closer leaks" });
      const contact = await addContact(api);
      const who = { customer_name: "Kim Lee", customer_phone: "15105550166", customer_email: "kim@example.org" };
      // A closed ticket takes no correction: this is how it was when it was closed.
      writtenHere.add(id);
      await api.owner.query(
        `UPDATE tickets SET contact_id = $2, asset_id = $3, customer_name = $4, customer_phone = $5, customer_email = $6
         WHERE id = $1`,
        [id, contact, acme.door, ...Object.values(who)],
      );
      const before = await get(id);
      const { receipt, ...made } = await followUp(id, { kind: "callback", reason: "Leaks again" });
      const { state, version, summary, description, priority, nte_cents, incident_type } = made;
      assert.deepEqual(
        { state, version, summary, description, priority, nte_cents, incident_type },
        {
          state: "NEW",
          version: 0,
          summary: "Closer leaks",
          description: null,
          priority: "ROUTINE",
          nte_cents: 0,
          incident_type: "DOOR_WONT_LATCH",
        },
      );
      const { account_id, site_id, asset_id, contact_id } = made;
      assert.deepEqual(
        { account_id, site_id, asset_id, contact_id },
        { account_id: acme.id, site_id: acme.oakland, asset_id: acme.door, contact_id: contact },
      );
      assert.partialDeepStrictEqual(made, who);
      assert.deepEqual(made.follows, { ticket_id: id, number: before.number, kind: "callback", reason: "Leaks again" });
      const { site: _, ...read } = await get(made.id);
      assert.deepEqual(read, made);

      const named = { ticket_id: made.id, number: made.number, kind: "callback" };
      const after = await get(id);
      assert.deepEqual(after, {
        ...before,
        follow_ups: [named],
        version: before.version + 1,
        updated_at: receipt.occurred_at,
      });
      const second = await followUp(id, { kind: "further_work", summary: "Second door too", priority: "URGENT" });
      assert.deepEqual([second.summary, second.priority], ["Second door too", "URGENT"]);
      assert.deepEqual((await get(id)).follow_ups, [
        named,
        { ticket_id: second.id, number: second.number, kind: "further_work" },
      ]);
      const { tickets } = await api.read("ticket.search", { query: `q=${made.number}` });
      assert.deepEqual(
        tickets.map((one) => one.id),
        [made.id],
      );
    });

    test("stands in the history of both, each with a receipt, and is told to listeners of both", async () => {
      const { id } = await ticketIn(api, "INVOICED");
      const { receipt, ...made } = await followUp(id, { kind: "warranty", reason: "Seal failed" });
      const last = async (ticket: string) => (await api.read("ticket.timeline", { ticket })).events.at(-1);
      const old = await last(id);
      const own = (await last(made.id)) ?? assert.fail();
      assert.partialDeepStrictEqual(old, {
        id: receipt.receipt_id,
        tool_name: "ticket.follow_up",
        before_state: "INVOICED",
        after_state: "INVOICED",
        payload: {
          follow_up: { ticket_id: made.id, number: made.number, kind: "warranty" },
          reason: "Seal failed",
          receipt_id: own.id,
        },
      });
      assert.partialDeepStrictEqual(own, {
        seq: 1,
        tool_name: "ticket.follow_up",
        before_state: null,
        after_state: "NEW",
        payload: { follows: { ticket_id: id, kind: "warranty", reason: "Seal failed" }, caused_by: receipt.receipt_id },
      });
      assert.equal((await api.read("receipt.get", { receipt: own.id })).ticket_id, made.id);
      const { rows } = await api.owner.query(
        "SELECT subject FROM outbox WHERE audit_event_id IN ($1, $2) ORDER BY subject",
        [receipt.receipt_id, own.id],
      );
      assert.deepEqual(
        rows.map(({ subject }) => subject),
        [id, made.id].sort().map((ticket) => `field.ticket.${ticket}.ticket_follow_up`),
      );
    });

    test("makes one ticket of one intent, and as many as there are intents", async () => {
      const { id } = await ticketIn(api, "CLOSED");
      const key = randomUUID();
      const call = { ticket: id, body: { kind: "callback" } };
      const same = await Promise.all([1, 2, 3].map(() => api.run("ticket.follow_up", { ...call, key })));
      assert.equal(new Set(same.map((one) => one.id)).size, 1);
      const others = await Promise.all([1, 2, 3, 4].map(() => api.run("ticket.follow_up", call)));
      const known = (await get(id)).follow_ups.map((one) => one.ticket_id);
      assert.deepEqual(known.toSorted(), [...new Set([...same, ...others].map((one) => one.id))].sort());
    });

    test("takes another place of the account, with nothing of the old one, and refuses what is not its own", async () => {
      const { id } = await ticketIn(api, "CLOSED");
      writtenHere.add(id);
      await api.owner.query("UPDATE tickets SET asset_id = $2 WHERE id = $1", [id, acme.door]);
      const site = await addSite(api.owner, { name: "Yonder Mall" });
      const { account_id, site_id, asset_id, contact_id } = await followUp(id, { kind: "further_work", site_id: site });
      assert.deepEqual([account_id, site_id, asset_id, contact_id], [acme.id, site, null, null]);
      const none = await followUp(id, { kind: "further_work", asset_id: null });
      assert.deepEqual([none.site_id, none.asset_id], [acme.oakland, null]);
      const whole = await followUp(id, { kind: "further_work", account_id: borealis.id, site_id: borealis.albany });
      assert.deepEqual([whole.account_id, whole.customer_name], [borealis.id, null]);

      assert.equal((await refused(id, { account_id: borealis.id })).code, "SITE_NOT_FOUND");
      assert.equal((await refused(id, { account_id: randomUUID() })).code, "ACCOUNT_NOT_FOUND");
      assert.equal((await refused(id, { site_id: borealis.albany })).code, "SITE_NOT_FOUND");
      assert.equal((await refused(id, { asset_id: randomUUID() })).code, "ASSET_NOT_FOUND");
      const stranger = await refused(id, { contact_id: randomUUID() });
      assert.partialDeepStrictEqual(stranger, {
        code: "INVALID_REQUEST",
        validation_errors: [{ path: "contact_id", rule: "known" }],
      });
      const headers = { "x-site-scope": acme.oakland };
      const outside = await api.refuse("ticket.follow_up", {
        ticket: id,
        headers,
        body: { kind: "callback", site_id: site },
      });
      assert.equal(outside.error.code, "FORBIDDEN_SCOPE");
    });

    test("prices warranty work line by line and charges nothing, tax included", async () => {
      const { id, number } = await verifiedFollowUp(api, { kind: "warranty", reason: "Seal failed" });
      const { state, invoice } = await api.run("billing.generate_invoice", { as: "finance", ticket: id, body: {} });
      assert.equal(state, "INVOICED");
      const said = (what: string) => `Warranty of ${number}, Seal failed: ${what}`;
      assert.deepEqual(
        invoice.lines.map((line) => [line.kind, line.description, line.visit, line.amount_cents, line.net_cents]),
        [
          ["labor", "Labor, 90 min", 1, 18_750, 0],
          ["travel", "Travel, 30 min", 1, 4_750, 0],
          ["materials", "Strike plate", 1, 2_626, 0],
          ["trip", "Trip charge", 1, 8_900, 0],
          ["adjustment", said("Labor, 90 min"), 1, -18_750, 0],
          ["adjustment", said("Travel, 30 min"), 1, -4_750, 0],
          ["adjustment", said("Strike plate"), 1, -2_626, 0],
          ["adjustment", said("Trip charge"), 1, -8_900, 0],
        ],
      );
      assert.deepEqual([invoice.subtotal_cents, invoice.tax_cents, invoice.total_cents], [0, 0, 0]);
    });

    test("charges what warranty does not cover, and other follow-ups in full", async () => {
      const { id } = await verifiedFollowUp(api, { kind: "warranty", nteCents: 2_000 });
      const adjustments = [{ description: "Key copies", amount_cents: 1_000, applies_to: "materials" }];
      const covered = await api.run("billing.generate_invoice", { as: "finance", ticket: id, body: { adjustments } });
      assert.deepEqual([covered.invoice.tax_cents, covered.invoice.total_cents], [73, 1_073]);
      const again = await verifiedFollowUp(api, { kind: "callback", nteCents: 200_000 });
      const charged = await api.run("billing.generate_invoice", { as: "finance", ticket: again.id, body: {} });
      assert.equal(charged.invoice.total_cents, 35_216);
    });

    test("and leaves chains that hold", async () => {
      const { faults } = await verifyAudit(api.desk.db, aggregates);
      assert.deepEqual(
        faults.filter(({ chain }) => !writtenHere.has(chain)),
        [],
      );
    });
  });
}

async function addContact({ owner }: TestApi): Promise<string> {
  const id = randomUUID();
  await owner.query("INSERT INTO contacts (id, account_id, site_id, name) VALUES ($1, $2, $3, 'Zoe Quill')", [
    id,
    acme.id,
    acme.oakland,
  ]);
  return id;
}

/** Work that follows, done and checked; agreed on for nothing where it is warranty. */
async function verifiedFollowUp(
  api: TestApi,
  { nteCents = 0, ...body }: FollowUp,
): Promise<{ id: string; number: string }> {
  const old = await ticketIn(api, "CLOSED");
  const { id, follows } = await api.run("ticket.follow_up", { ticket: old.id, body });
  await ticketIn(api, "VERIFIED", { ticketId: id, nteCents });
  return { id, number: follows?.number ?? assert.fail() };
}

type FollowUp = { readonly kind: string; readonly reason?: string; readonly nteCents?: number };
