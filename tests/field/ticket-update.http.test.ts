// ticket.update: what may be put right, in which states, what becomes of a booking that no longer fits, and what the history keeps.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { acme, addSite, ana, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { changesIn } from "../support/ticket-changes.ts";

const minute = 60_000;

describe("ticket.update", async () => {
  const api = await startTestApi();
  const update = (ticket: string, body: object) => api.run("ticket.update", { ticket, body });
  const refused = async (ticket: string, body: object) => (await api.refuse("ticket.update", { ticket, body })).error;
  const liveBookings = async (ticket: string) =>
    (await api.owner.query("SELECT 1 FROM bookings WHERE ticket_id = $1 AND state IN ('tentative', 'firm')", [ticket]))
      .rows.length;

  test("changes what is given and nothing else, and finds the ticket by its new words alone", async () => {
    const { id } = await ticketIn(api, "TRIAGED", { summary: "Hinge squeaks" });
    const before = await api.read("ticket.get", { ticket: id });
    const given = {
      summary: "Walrus gate stuck",
      description: null,
      customer_name: "Kim Lee",
      customer_phone: "+1 (510) 555-0166",
      customer_email: " Kim@Example.org ",
    };
    const { receipt, ...after } = await update(id, given);
    const { site, ...was } = before;
    assert.deepEqual(after, {
      ...was,
      ...given,
      customer_phone: "15105550166",
      customer_email: "kim@example.org",
      version: before.version + 1,
      updated_at: receipt.occurred_at,
    });
    assert.deepEqual(await api.read("ticket.get", { ticket: id }), { ...after, site });
    const find = async (q: string) =>
      (await api.read("ticket.search", { query: new URLSearchParams({ q }).toString() })).tickets.map((one) => one.id);
    assert.deepEqual([await find("walrus"), await find("510-555-0166"), await find("squeaks")], [[id], [id], []]);
    assert.partialDeepStrictEqual(await changesIn(api, id, receipt.receipt_id), {
      summary: { from: "Hinge squeaks", to: "Walrus gate stuck" },
      customer_name: { withheld: "personal" },
      customer_phone: { withheld: "personal" },
      customer_email: { withheld: "personal" },
    });
    const { rows } = await api.owner.query<{ text: string }>(
      `SELECT string_agg(payload::text, '') AS text
       FROM (SELECT payload FROM audit_events WHERE aggregate_id = $1 UNION ALL
             SELECT payload FROM outbox WHERE aggregate_id = $1) AS kept`,
      [id],
    );
    // What is chained and sent on can be taken back by nobody.
    assert.match(rows[0]?.text ?? "", /Walrus/);
    assert.doesNotMatch(rows[0]?.text ?? "", /Kim|5550166/i);
  });

  test("moves the deadline with the priority, and keeps the old one", async () => {
    const { id } = await ticketIn(api, "TRIAGED", { priority: "ROUTINE" });
    const { created_at, receipt } = await update(id, { priority: "EMERGENCY" });
    const after = (minutes: number) => new Date(Date.parse(created_at) + minutes * minute).toISOString();
    assert.deepEqual((await changesIn(api, id, receipt.receipt_id))["sla_deadline_at"], {
      from: after(1_440),
      to: after(60),
    });
  });

  test("puts an unknown type right while the work is under way", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS", { incidentType: "DOOR_WONT_LATHC" });
    const { state, warnings } = await update(id, { incident_type: "DOOR_WONT_LATCH" });
    assert.deepEqual([state, warnings], ["IN_PROGRESS", undefined]);
    const { packet } = await api.read("tech.job_packet", { ticket: id });
    assert.equal(packet.evidence_requirements["template_version"], "1.0.0");
    assert.equal((await update(id, { incident_type: "DOOR_WONT_LATHC" })).warnings?.[0]?.code, "UNKNOWN_INCIDENT_TYPE");
  });

  for (const state of ["SCHEDULE_PROPOSED", "SCHEDULED", "PENDING_CUSTOMER_CONFIRMATION", "DISPATCHED"] as const) {
    test(`from ${state} breaks a booking only where it is told to give it back`, async () => {
      const { id } = await ticketIn(api, state);
      const before = await api.read("ticket.get", { ticket: id });
      const other = { incident_type: "FRAME_OR_GLASS_DAMAGE" };
      const error = await refused(id, { ...other, summary: "Pane broken" });
      assert.partialDeepStrictEqual(error, { code: "BOOKING_AT_STAKE", fields: ["incident_type"] });
      assert.match(error.message, /replan true/);
      assert.deepEqual(await api.read("ticket.get", { ticket: id }), before, "nothing of it was done");

      const alike = await update(id, { incident_type: "HARDWARE_REPLACEMENT", replan: true });
      assert.deepEqual(
        [alike.state, alike.scheduled_start],
        [state, before.scheduled_start],
        "same skills and minutes",
      );

      const { scheduled_start, assigned_tech_id, ...replanned } = await update(id, { ...other, replan: true });
      assert.deepEqual([replanned.state, scheduled_start, assigned_tech_id], ["READY_TO_SCHEDULE", null, null]);
      assert.equal(await liveBookings(id), 0);
      const { rows } = await api.owner.query(
        "SELECT 1 FROM schedule_holds WHERE ticket_id = $1 AND hold_state = 'ACTIVE'",
        [id],
      );
      assert.deepEqual(rows, []);
      assert.equal((await api.run("schedule.book", { ticket: id })).ticket.state, "SCHEDULED");
    });
  }

  test("takes a type of the same demands for breaking when who is booked does not do it", async () => {
    const { id } = await ticketIn(api, "DISPATCHED", { techId: ana });
    await api.owner.query("UPDATE technicians SET service_types = '{DOOR_WONT_LATCH}' WHERE id = $1", [ana]);
    const error = await refused(id, { incident_type: "HARDWARE_REPLACEMENT" });
    await api.owner.query("UPDATE technicians SET service_types = '{DEFAULT}' WHERE id = $1", [ana]);
    assert.equal(error.code, "BOOKING_AT_STAKE");
  });

  test("moves a ticket to another site of its account, with nothing of the old one", async () => {
    const site = await addSite(api.owner, { name: "Yonder Mall" });
    const { id } = await api.run("ticket.create", {
      body: { account_id: acme.id, site_id: acme.oakland, asset_id: acme.door, summary: "Door sticks" },
    });
    const moved = await update(id, { site_id: site });
    assert.deepEqual([moved.site_id, moved.asset_id], [site, null]);
    const { tickets } = await api.read("ticket.search", { query: "q=yonder" });
    assert.deepEqual(
      tickets.map((one) => one.id),
      [id],
    );
    const headers = { "x-site-scope": acme.oakland };
    assert.equal(
      (await api.refuse("ticket.update", { ticket: id, headers, body: { site_id: acme.oakland } })).error.code,
      "FORBIDDEN_SCOPE",
    );
    assert.equal((await refused(id, { site_id: borealis.albany })).code, "SITE_NOT_FOUND");
    assert.equal((await refused(id, { asset_id: acme.door })).code, "ASSET_NOT_FOUND");
    const scheduled = await ticketIn(api, "SCHEDULED");
    assert.partialDeepStrictEqual(await refused(scheduled.id, { site_id: site }), {
      code: "BOOKING_AT_STAKE",
      fields: ["site_id"],
    });
  });

  test("names a contact of the ticket's own account and place", async () => {
    const { id } = await ticketIn(api, "NEW");
    const addContact = async (account: string, site: string | null) => {
      const contact = randomUUID();
      await api.owner.query(
        "INSERT INTO contacts (id, account_id, site_id, name, phone) VALUES ($1, $2, $3, 'Zoe Quill', '(510) 555-0188')",
        [contact, account, site],
      );
      return contact;
    };
    const [own, anywhere] = [await addContact(acme.id, acme.oakland), await addContact(acme.id, null)];
    for (const contact of [own, anywhere])
      assert.equal((await update(id, { contact_id: contact })).contact_id, contact);
    for (const contact of [await addContact(borealis.id, null), await addContact(acme.id, acme.dallas), randomUUID()]) {
      const { code, validation_errors } = await refused(id, { contact_id: contact });
      assert.deepEqual([code, Object(validation_errors)[0].path], ["INVALID_REQUEST", "contact_id"]);
    }
    const { tickets } = await api.read("ticket.search", { query: "q=quill+5105550188" });
    assert.deepEqual(
      tickets.map((one) => one.id),
      [id],
    );
  });

  const limits: readonly (readonly ["TRIAGED" | "SCHEDULED" | "IN_PROGRESS", number, boolean])[] = [
    ["TRIAGED", 90_000, true],
    ["SCHEDULED", 90_000, false],
    ["IN_PROGRESS", 90_000, false],
    ["IN_PROGRESS", 0, false],
    ["IN_PROGRESS", 40_000, true],
  ];
  for (const [state, nte_cents, may] of limits) {
    test(`${may ? "sets" : "does not set"} a limit of ${nte_cents} on 50000 in ${state}`, async () => {
      const { id } = await ticketIn(api, state, { nteCents: 50_000 });
      if (may) assert.equal((await update(id, { nte_cents })).nte_cents, nte_cents);
      else assert.equal((await refused(id, { nte_cents })).code, "UPDATE_NOT_POSSIBLE");
    });
  }

  test("leaves work where somebody has come to do it, also while it waits for an approver or a second visit", async () => {
    const site_id = await addSite(api.owner);
    const waits = await ticketIn(api, "IN_PROGRESS");
    await api.run("tech.request_change", {
      as: "tech",
      ticket: waits.id,
      body: { approval_type: "NTE_INCREASE", amount_delta_cents: 100, reason: "a second hinge" },
    });
    assert.partialDeepStrictEqual(await refused(waits.id, { site_id }), {
      code: "UPDATE_NOT_POSSIBLE",
      fields: ["site_id"],
      from_state: "IN_PROGRESS",
    });
    const again = await ticketIn(api, "IN_PROGRESS");
    await api.run("tech.hold", { as: "tech", ticket: again.id, body: { reason_code: "parts" } });
    await api.run("ticket.return_visit", { ticket: again.id, body: { reason: "parts have come" } });
    assert.partialDeepStrictEqual(await refused(again.id, { site_id }), { code: "UPDATE_NOT_POSSIBLE" });

    const asked = await ticketIn(api, "APPROVAL_REQUIRED");
    assert.equal((await update(asked.id, { site_id })).site_id, site_id);
  });

  test("does not change the kind of verified work while finance asks for a higher limit", async () => {
    const { id } = await ticketIn(api, "VERIFIED");
    const body = { amount_delta_cents: 100, reason: "the part was dearer" };
    await api.run("billing.request_limit", { as: "finance", ticket: id, body });
    assert.partialDeepStrictEqual(await refused(id, { incident_type: "HARDWARE_REPLACEMENT" }), {
      code: "UPDATE_NOT_POSSIBLE",
      from_state: "VERIFIED",
    });
  });

  test("changes words where work is done, and no longer what it was", async () => {
    const { id } = await ticketIn(api, "INVOICED");
    assert.equal((await update(id, { customer_name: "Kim" })).customer_name, "Kim");
    for (const body of [{ incident_type: "HARDWARE_REPLACEMENT" }, { nte_cents: 1 }, { site_id: acme.dallas }])
      assert.equal((await refused(id, body)).code, "UPDATE_NOT_POSSIBLE");
    const { incident_type } = await api.read("ticket.get", { ticket: id });
    assert.equal((await update(id, { incident_type })).incident_type, incident_type, "what it is already is no change");
  });

  test("wants something to change", async () => {
    const { id } = await ticketIn(api, "NEW");
    for (const body of [{}, { replan: true }]) assert.equal((await refused(id, body)).code, "INVALID_REQUEST");
    assert.equal((await refused(id, { customer_phone: "12" })).code, "INVALID_REQUEST");
  });
});
