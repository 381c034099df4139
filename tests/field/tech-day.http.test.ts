// tech.day: a technician's visits of today and tomorrow on their own calendar, with all that is needed to go there and what is
// missing; and that nobody reads a colleague's.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { selectVisits } from "../../dispatch/field/tech-day.ts";
import { startTestApi } from "../support/api.ts";
import { readsOf, rowsRead } from "../support/query-plan.ts";
import { acme, addSite, addTechnician, ana, ben, borealis, cleo, dirk } from "../support/directory.ts";
import { addAllEvidence, completion, fullChecklist, latchEvidence, ticketIn } from "../support/ticket-builder.ts";

describe("a technician's day", async () => {
  const api = await startTestApi();
  await addTechnician(api.owner, { id: cleo, name: "Cleo Dale", maxConcurrent: 50 });
  await addTechnician(api.owner, { id: dirk, name: "Dirk Ek", maxConcurrent: 50 });
  // On this clock it is midnight in Los Angeles.
  await api.owner.query("UPDATE technician_shifts SET timezone = 'America/Los_Angeles'");
  const as = (techId: string) => ({ as: "tech", headers: { "x-tech-id": techId } });
  const daysOf = async (techId: string, query = "") => {
    const { days } = await api.read("tech.day", { ...as(techId), query });
    return days.map(({ day, visits }) => [day, visits] as const);
  };
  const visitsOf = async (techId: string) => (await daysOf(techId)).flatMap(([, visits]) => visits);
  const hourAt = (start: string) => ({ start, end: new Date(Date.parse(start) + 3_600_000).toISOString() });

  test("has the visits of today and tomorrow, each on the day of the technician's own calendar", async () => {
    const late = await ticketIn(api, "SCHEDULED", {
      booked: true,
      techId: ana,
      window: hourAt("2026-03-03T06:00:00.000Z"),
    });
    const early = await ticketIn(api, "DISPATCHED", { techId: ana, window: hourAt("2026-03-02T17:00:00.000Z") });
    const next = await ticketIn(api, "SCHEDULED", {
      booked: true,
      techId: ana,
      window: hourAt("2026-03-03T18:00:00.000Z"),
    });
    const after = await ticketIn(api, "SCHEDULED", {
      booked: true,
      techId: ana,
      window: hourAt("2026-03-04T18:00:00.000Z"),
    });
    const told = await daysOf(ana);
    assert.deepEqual(
      told.map(([day, visits]) => [day, visits.map(({ ticket_id }) => ticket_id)]),
      [
        ["2026-03-02", [early.id, late.id]],
        ["2026-03-03", [next.id]],
      ],
    );
    assert.deepEqual(
      (await daysOf(ana, "day=2026-03-04&days=1")).map(([day, visits]) => [
        day,
        visits.map(({ ticket_id }) => ticket_id),
      ]),
      [["2026-03-04", [after.id]]],
    );
    const { technician, timezone } = await api.read("tech.day", { query: `tech_id=${ana}` });
    assert.deepEqual([technician, timezone], [{ tech_id: ana, tech_name: "Ana Alvarez" }, "America/Los_Angeles"]);
    const { number } = await api.read("ticket.get", { ticket: early.id });
    const { booking_id, missing, ...visit } = told[0]?.[1][0] ?? assert.fail();
    assert.ok(booking_id);
    assert.deepEqual(missing, {
      codes: ["SIGNATURE", "EVIDENCE", "CHECKLIST"],
      evidence_keys: latchEvidence.toSorted(),
      checklist_keys: missing.checklist_keys.toSorted(),
      helpers: 0,
    });
    assert.equal(missing.checklist_keys.length, 5);
    assert.deepEqual(visit, {
      ticket_id: early.id,
      number,
      state: "DISPATCHED",
      priority: "ROUTINE",
      incident_type: "DOOR_WONT_LATCH",
      summary: "Front door does not latch",
      role: "lead",
      start: "2026-03-02T17:00:00.000Z",
      end: "2026-03-02T18:00:00.000Z",
      start_local: "2026-03-02T09:00:00-08:00",
      end_local: "2026-03-02T10:00:00-08:00",
      timezone: "America/Los_Angeles",
      arrival_window: null,
      travel_before_minutes: 0,
      site: {
        id: acme.oakland,
        name: "Acme Oakland",
        address1: "1 Broadway",
        address2: null,
        city: "Oakland",
        region: "CA",
        postal_code: "94607",
        country: "US",
        lat: 37.8,
        lon: -122.27,
      },
      access_instructions: "Ring at the dock.",
      contact: null,
      crew: [{ tech_id: ana, tech_name: "Ana Alvarez", role: "lead", checked_in_at: null }],
    });
  });

  test("is a helper's too, who completes nothing", async () => {
    const { id } = await ticketIn(api, "DISPATCHED", { techId: ben, window: hourAt("2026-03-02T19:00:00.000Z") });
    await api.run("assignment.crew", { ticket: id, body: { add: [cleo], reason: "it is heavy" } });
    const [visit, ...more] = await visitsOf(cleo);
    assert.deepEqual([visit?.ticket_id, visit?.role, more], [id, "helper", []]);
    assert.deepEqual(visit?.missing, { codes: [], evidence_keys: [], checklist_keys: [], helpers: 0 });
    assert.deepEqual(
      visit.crew.map(({ tech_name, role }) => [tech_name, role]),
      [
        ["Ben Okafor", "lead"],
        ["Cleo Dale", "helper"],
      ],
    );
    await api.run("assignment.crew", { ticket: id, body: { remove: [cleo] } });
    assert.deepEqual(await visitsOf(cleo), []);
  });

  test("names whom to ask for: the ticket's contact, else who called", async () => {
    const { id } = await ticketIn(api, "DISPATCHED", { techId: cleo, window: hourAt("2026-03-02T15:00:00.000Z") });
    await api.run("ticket.update", {
      ticket: id,
      body: { customer_name: "Cal Lane", customer_phone: "+1 415 555 2671" },
    });
    const contact = async () => (await visitsOf(cleo)).find(({ ticket_id }) => ticket_id === id)?.contact;
    assert.partialDeepStrictEqual(await contact(), { name: "Cal Lane", role: null });
    const named = randomUUID();
    await api.owner.query(
      `INSERT INTO contacts (id, account_id, name, phone, role) VALUES ($1, $2, 'Zoe Quill', '+14155552672', 'owner')`,
      [named, acme.id],
    );
    await api.run("ticket.update", { ticket: id, body: { contact_id: named } });
    assert.deepEqual(await contact(), { name: "Zoe Quill", phone: "+14155552672", role: "owner" });
    await api.owner.query("UPDATE contacts SET phone = NULL WHERE id = $1", [named]);
    assert.partialDeepStrictEqual(await contact(), { name: "Cal Lane", role: null }, "whose number is known");
    await api.run("ticket.cancel", { ticket: id, body: { reason: "called off" } });
    assert.deepEqual(await visitsOf(cleo), [], "what was called off is no visit");
  });

  test("says what is missing as the visit goes on, also when it should be over since yesterday", async () => {
    const { id } = await ticketIn(api, "DISPATCHED", { techId: dirk, window: hourAt("2026-03-02T08:30:00.000Z") });
    const of = async () => (await visitsOf(dirk)).find(({ ticket_id }) => ticket_id === id);
    const codes = async () => (await of())?.missing.codes.slice(0, -3);
    assert.deepEqual(await codes(), []);
    api.clock.set("2026-03-02T08:40:00.000Z");
    assert.deepEqual(await codes(), ["NOT_CHECKED_IN"]);
    await api.run("tech.check_in", { ...as(dirk), ticket: id, body: { timestamp: api.clock.iso } });
    assert.deepEqual(await codes(), []);
    assert.ok((await of())?.crew[0]?.checked_in_at);
    api.clock.set("2026-03-03T15:00:00.000Z");
    assert.deepEqual(await codes(), ["NOT_CHECKED_OUT"]);
    assert.deepEqual(
      (await daysOf(dirk)).map(([day, visits]) => [day, visits.length]),
      [
        ["2026-03-03", 1],
        ["2026-03-04", 0],
      ],
    );
    assert.deepEqual(await daysOf(dirk, "day=2026-03-04&days=1"), [["2026-03-04", []]], "it is today's to do");
    await addAllEvidence(api, id);
    assert.deepEqual((await of())?.missing, {
      codes: ["NOT_CHECKED_OUT", "SIGNATURE", "CHECKLIST"],
      evidence_keys: [],
      checklist_keys: Object.keys(fullChecklist).toSorted(),
      helpers: 0,
    });
    await api.run("tech.complete", { ...as(dirk), ticket: id, body: completion });
    assert.deepEqual(await visitsOf(dirk), []);
    const [[, [done] = []] = []] = await daysOf(dirk, "day=2026-03-02&days=1");
    assert.deepEqual([done?.ticket_id, done?.state, done?.missing.codes], [id, "COMPLETED_PENDING_VERIFICATION", []]);
  });

  test("is nobody's but the technician's and the dispatcher's who asks for it by name", async () => {
    const colleague = await api.refuse("tech.day", { ...as(ana), query: `tech_id=${ben}` });
    assert.deepEqual(
      [colleague.status, colleague.error.code, colleague.error["scope_field"], colleague.error["target_id"]],
      [403, "FORBIDDEN_SCOPE", "tech_id", ben],
    );
    assert.deepEqual(await daysOf(ana, `tech_id=${ana.toUpperCase()}`), await daysOf(ana));
    for (const role of ["tech", "dispatcher"]) {
      const { status, error } = await api.refuse("tech.day", { as: role });
      assert.deepEqual([status, error.code], [400, "INVALID_QUERY"], role);
      assert.partialDeepStrictEqual(error["validation_errors"], [{ path: "tech_id", rule: "required" }]);
    }
    const nameless = await api.refuse("tech.day", { as: "tech", query: `tech_id=${ana}` });
    assert.equal(nameless.error.code, "FORBIDDEN_SCOPE", "credentials without a technician read nobody's days");
    assert.equal((await api.refuse("tech.day", { query: `tech_id=${acme.id}` })).error.code, "TECHNICIAN_NOT_FOUND");
    const impossible = ["day=2026-02-30", "day=today", "day=0000-01-01", "day=9999-12-31", "day=2027-03-09"];
    for (const query of [...impossible, "days=0", "days=8"])
      assert.equal((await api.refuse("tech.day", { ...as(ana), query })).error.code, "INVALID_QUERY", query);
  });

  test("goes by the shifts there are now, else by the next place, and by UTC where a zone is none", async () => {
    const zoneOf = async (techId: string) => (await api.read("tech.day", { query: `tech_id=${techId}` })).timezone;
    const over = await addTechnician(api.owner);
    const shifts = (set: string, where = "true") =>
      api.owner.query(`UPDATE technician_shifts SET ${set} WHERE technician_id = $1 AND ${where}`, [over]);
    await shifts("timezone = 'America/New_York', valid_to = '2026-02-28'");
    await shifts("timezone = 'America/Los_Angeles', valid_to = NULL, valid_from = '2026-03-01'", "weekday < 4");
    assert.equal(await zoneOf(over), "America/Los_Angeles", "four in New York are over");
    await shifts("valid_from = '2026-03-10', valid_to = NULL", "weekday > 3");
    assert.equal(await zoneOf(over), "America/Los_Angeles", "and four in New York are to come");
    await shifts("timezone = 'Nowhere/Atall'");
    assert.equal(await zoneOf(over), "UTC");
    await api.owner.query("DELETE FROM technician_shifts WHERE technician_id = $1", [over]);
    const booked = { booked: true, techId: over } as const;
    const places = [
      ["America/New_York", "2026-03-24T18:00:00.000Z"],
      ["America/Chicago", "2026-03-04T18:00:00.000Z"],
    ] as const;
    for (const [zone, start] of places) {
      const { id } = await ticketIn(api, "SCHEDULED", { ...booked, window: hourAt(start) });
      const siteId = await addSite(api.owner);
      await api.owner.query("UPDATE sites SET timezone = $2 WHERE id = $1", [siteId, zone]);
      await api.owner.query("UPDATE tickets SET site_id = $2 WHERE id = $1", [id, siteId]);
    }
    assert.equal(await zoneOf(over), "America/Chicago");
  });

  test("leaves out what should have been over long since where there is too much of it, and says so", async () => {
    const busy = await addTechnician(api.owner, { maxConcurrent: 50 });
    const { id } = await ticketIn(api, "SCHEDULED", {
      booked: true,
      techId: busy,
      window: hourAt("2026-03-03T18:00:00.000Z"),
    });
    const { id: old } = await ticketIn(api, "SCHEDULED", {
      booked: true,
      techId: busy,
      window: hourAt("2026-03-04T18:00:00.000Z"),
    });
    const told = async () => {
      const { days, more } = await api.read("tech.day", { query: `tech_id=${busy}&days=1` });
      const visits = days.flatMap((day) => day.visits);
      return [visits.length, visits.filter(({ ticket_id }) => ticket_id === id).length, more];
    };
    assert.deepEqual(await told(), [1, 1, undefined]);
    await api.owner.query(
      `INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, part, created_at, updated_at)
       SELECT gen_random_uuid(), $1, $2, tstzrange(at, at + interval '1 minute'), 'firm', false, n + 1, at, at
       FROM (SELECT n, timestamptz '2026-01-01 08:00Z' + n * interval '2 minutes' AS at FROM generate_series(1, 100) AS n) AS days`,
      [busy, old],
    );
    assert.deepEqual(await told(), [100, 1, true]);
  });

  test("finds what is done by an index, however much there is", async () => {
    const { rows } = await api.owner.query<{ id: string }>("SELECT id FROM tickets LIMIT 1");
    await api.owner.query(
      `INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, part, created_at, updated_at)
       SELECT gen_random_uuid(), CASE WHEN n % 20 = 0 THEN $1::uuid ELSE $2 END, $3, tstzrange(at, at + interval '1 hour'), 'done',
              false, n + 1, at, at
       FROM (SELECT n, timestamptz '2020-01-01 08:00Z' + n * interval '3 hours' AS at FROM generate_series(1, 4000) AS n) AS days`,
      [cleo, dirk, rows[0]?.id],
    );
    await api.owner.query("ANALYZE bookings");
    const { text } = selectVisits;
    const values = [cleo, "2026-03-03T08:00:00Z", "2026-03-05T08:00:00Z", true, null, null];
    const client = await api.owner.connect();
    try {
      for (const kind of ["custom", "generic"] as const)
        for (const node of await readsOf(client, "bookings", { text, values, kind }))
          assert.ok(rowsRead(node) < 200, `${kind}: ${JSON.stringify(node)}`);
    } finally {
      client.release();
    }
  });

  test("holds what the caller's scope reaches", async () => {
    const asked = async (headers: object) => {
      const { days } = await api.read("tech.day", { query: `tech_id=${ana}&day=2026-03-02`, headers: { ...headers } });
      return days.flatMap(({ visits }) => visits).length;
    };
    assert.equal(await asked({ "x-account-scope": acme.id }), 3);
    assert.equal(await asked({ "x-account-scope": borealis.id }), 0);
    assert.equal(await asked({ "x-site-scope": acme.dallas }), 0);
  });
});
