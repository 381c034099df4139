// Bookings: made, firmed and given back by the commands that know window and technician; and never two of one calendared
// technician at the same time, however many ask at once.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { profiles, refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { addAllEvidence, completion, ticketIn } from "../support/ticket-builder.ts";

type BookingRow = { technician_id: string; state: string; exclusive: boolean; starts: string; ends: string };

async function bookingsOf({ owner }: TestApi, ticket: string): Promise<BookingRow[]> {
  const { rows } = await owner.query<BookingRow>(
    `SELECT technician_id, state, exclusive, to_char(lower(span), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS starts,
            to_char(upper(span), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ends
     FROM bookings WHERE ticket_id = $1 ORDER BY created_at, id`,
    [ticket],
  );
  return rows;
}

/** Pairs of live exclusive bookings of one technician that overlap: there may be none, ever. */
async function overlaps({ owner }: TestApi): Promise<number | null> {
  const live = "exclusive AND state IN ('tentative', 'firm')";
  return (
    await owner.query(
      `SELECT FROM (SELECT * FROM bookings WHERE ${live}) a JOIN (SELECT * FROM bookings WHERE ${live}) b
       ON a.technician_id = b.technician_id AND a.id < b.id AND a.span && b.span`,
    )
  ).rowCount;
}

/** How many live bookings of a technician meet where most do. */
async function fullest({ owner }: TestApi, techId: string): Promise<number> {
  const { rows } = await owner.query<{ most: number }>(
    `WITH live AS (SELECT span FROM bookings WHERE technician_id = $1 AND state IN ('tentative', 'firm'))
     SELECT max((SELECT count(*)::int FROM live AS other WHERE other.span @> lower(one.span))) AS most FROM live AS one`,
    [techId],
  );
  return rows[0]?.most ?? 0;
}

for (const profile of profiles) {
  describe(`a booking in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const states = async (ticket: string) =>
      (await bookingsOf(api, ticket)).map(({ technician_id, state }) => [technician_id, state]);

    test("is made by a dispatch, for the ticket's time", async () => {
      const { id, window } = await ticketIn(api, "DISPATCHED");
      assert.deepEqual(await bookingsOf(api, id), [
        { technician_id: ana, state: "firm", exclusive: true, starts: window.start, ends: window.end },
      ]);
    });

    test("is made by schedule.book, and is the same one when that technician is sent", async () => {
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
      const { ticket, booking } = await api.run("schedule.book", { ticket: id });
      const { start, end, state, exclusive, ticket_id, technician_id } = booking;
      assert.deepEqual(
        { start, end, state, exclusive, ticket_id },
        { start: ticket.scheduled_start, end: ticket.scheduled_end, state: "firm", exclusive: true, ticket_id: id },
      );
      assert.equal(ticket.assigned_tech_id, technician_id);
      await api.run("assignment.dispatch", { ticket: id, body: { tech_id: technician_id } });
      const live = (await bookingsOf(api, id)).filter((one) => one.state === "firm");
      assert.deepEqual(live, [{ technician_id, state: "firm", exclusive: true, starts: start, ends: end }]);
    });

    test("moves with the assignment", async () => {
      const { id } = await ticketIn(api, "DISPATCHED");
      const override = {
        override_type: "reassign_tech",
        reason_code: "customer_request",
        note: "asked for Ben by name",
        tech_id: ben,
      };
      await api.run("assignment.override", { ticket: id, body: override });
      assert.deepEqual(await states(id), [
        [ana, "released"],
        [ben, "firm"],
      ]);
      await api.run("assignment.unassign", { ticket: id, body: { reason_code: "safety", note: "the van broke down" } });
      assert.deepEqual(await states(id), [
        [ana, "released"],
        [ben, "released"],
      ]);
    });

    test("is given back when the time is taken back", async () => {
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
      const { booking } = await api.run("schedule.book", { ticket: id });
      const { assigned_tech_id, scheduled_start, state } = await api.run("schedule.reopen", {
        ticket: id,
        body: { reason: "customer is away" },
      });
      assert.deepEqual([state, assigned_tech_id, scheduled_start], ["READY_TO_SCHEDULE", null, null]);
      assert.deepEqual(await states(id), [[booking.technician_id, "released"]]);
    });

    test("is given back when the ticket is called off", async () => {
      const { id, techId, window } = await ticketIn(api, "IN_PROGRESS");
      await api.run("ticket.cancel", { ticket: id, body: { reason: "the shop closed" } });
      assert.deepEqual(await states(id), [[ana, "released"]]);
      await ticketIn(api, "DISPATCHED", { techId, window });
    });

    test("is done when the work is, or when another visit is needed", async () => {
      const worked = await ticketIn(api, "IN_PROGRESS");
      await addAllEvidence(api, worked.id);
      await api.run("tech.complete", { ticket: worked.id, body: completion });
      assert.deepEqual(await states(worked.id), [[ana, "done"]]);
      const interrupted = await ticketIn(api, "ON_HOLD");
      const { assigned_tech_id, scheduled_start } = await api.run("ticket.return_visit", { ticket: interrupted.id });
      assert.deepEqual([assigned_tech_id, scheduled_start], [null, null]);
      assert.deepEqual(await states(interrupted.id), [[ana, "done"]]);
    });

    test("lasts through a hold", async () => {
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
      await api.run("schedule.book", { ticket: id });
      const before = await bookingsOf(api, id);
      const hold = {
        hold_reason: "CUSTOMER_PENDING",
        confirmation_window: { start: api.clock.iso, end: api.clock.in(30) },
      };
      const { hold_id } = await api.run("schedule.hold", { ticket: id, body: hold });
      await api.run("schedule.release", { ticket: id, body: { customer_confirmation_log: hold_id } });
      assert.deepEqual(await bookingsOf(api, id), before);
    });
  });
}

test("a technician without shifts is booked beside other work in pilot, since nobody knows of it", async (t) => {
  const api = await startTestApi({ t });
  const techId = await addTechnician(api.owner, { hours: null });
  const { id, window } = await ticketIn(api, "DISPATCHED", { techId });
  const beside = await ticketIn(api, "DISPATCHED", { techId, window });
  for (const ticket of [id, beside.id]) {
    assert.deepEqual(
      (await bookingsOf(api, ticket)).map(({ state, exclusive }) => ({ state, exclusive })),
      [{ state: "firm", exclusive: false }],
    );
  }
});

describe("thirty at the same moment, over two processes", async () => {
  const api = await startTestApi();
  const beside = await startTestApi({ beside: api });
  const processes = (n: number) => (n % 2 ? api : beside);
  /** So many tickets booked for one technician; who is told that the time was lost asks again, and gets one. */
  const bookAtOnce = async (techId: string, count: number) => {
    const calls = [];
    for (let n = 0; n < count; n++) {
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
      calls.push({ ticket: id, key: randomUUID(), body: { tech_id: techId, strategy: "earliest" } });
    }
    const replies = await Promise.all(calls.map((call, n) => processes(n).call("schedule.book", call)));
    for (const [n, reply] of replies.entries()) {
      if (reply.status === 200) continue;
      assert.match(refusalOf(reply).error.code, /^(SLOT_TAKEN|IDEMPOTENCY_IN_FLIGHT)$/);
      assert.equal((await api.call("schedule.book", calls[n])).status, 200);
    }
    return replies;
  };

  test("dispatches of one technician at one time: one is sent, for the others the time is taken", async () => {
    const techId = await addTechnician(api.owner);
    const window = { start: "2026-06-01T10:00:00.000Z", end: "2026-06-01T12:00:00.000Z" };
    const tickets = [];
    for (let n = 0; n < 30; n++) tickets.push((await ticketIn(api, "SCHEDULED", { window })).id);
    const replies = await Promise.all(
      tickets.map((ticket, n) => processes(n).call("assignment.dispatch", { ticket, body: { tech_id: techId } })),
    );
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
    for (const reply of replies.filter(({ status }) => status !== 200)) {
      const { error } = refusalOf(reply);
      assert.ok(
        error.code === "SLOT_TAKEN" || (error.code === "TECH_UNAVAILABLE" && error["reason"] === "BOOKED"),
        reply.text,
      );
    }
    const { rows } = await api.owner.query(
      "SELECT FROM tickets WHERE id = ANY ($1) AND state = 'DISPATCHED' AND assigned_tech_id = $2",
      [tickets, techId],
    );
    assert.equal(rows.length, 1);
    assert.equal(await overlaps(api), 0);
  });

  test("dispatches of one technician at times that touch: all are sent", async () => {
    const techId = await addTechnician(api.owner);
    const hour = (n: number) => new Date(Date.parse("2026-06-02T00:00:00Z") + n * 3_600_000).toISOString();
    const tickets = [];
    for (let n = 0; n < 30; n++)
      tickets.push((await ticketIn(api, "SCHEDULED", { window: { start: hour(n), end: hour(n + 1) } })).id);
    const replies = await Promise.all(
      tickets.map((ticket, n) => processes(n).call("assignment.dispatch", { ticket, body: { tech_id: techId } })),
    );
    assert.deepEqual(
      replies.filter(({ status }) => status !== 200).map(({ text }) => text),
      [],
    );
    assert.equal(await overlaps(api), 0);
  });

  test("books of one technician: each gets a time of its own, or is told that it was lost and gets one when it asks again", async () => {
    const techId = await addTechnician(api.owner);
    const replies = await bookAtOnce(techId, 30);
    assert.ok(replies.filter(({ status }) => status === 200).length > 5, "most races are settled inside");
    const { rows } = await api.owner.query(
      "SELECT DISTINCT lower(span) FROM bookings WHERE technician_id = $1 AND state = 'firm'",
      [techId],
    );
    assert.equal(rows.length, 30);
    assert.equal(await overlaps(api), 0);
  });

  for (const most of [1, 2]) {
    test(`books of one technician without shifts, who may have ${most} at once: never more than that`, async () => {
      const techId = await addTechnician(api.owner, { hours: null, maxConcurrent: most });
      await bookAtOnce(techId, 12);
      assert.equal(await fullest(api, techId), most);
    });
  }

  test("moves of one technician without shifts to one time: one is moved, for the others there is no room", async () => {
    const techId = await addTechnician(api.owner, { hours: null, maxConcurrent: 1 });
    const tickets = [];
    for (let n = 0; n < 8; n++) {
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
      const earliest = api.clock.in(60 * (n + 1) * 5);
      await api.run("schedule.book", { ticket: id, body: { tech_id: techId, earliest, strategy: "earliest" } });
      tickets.push(id);
    }
    const body = { start: api.clock.in(6_000), end: api.clock.in(6_060), tech_id: techId, reason: "all want Friday" };
    const replies = await Promise.all(tickets.map((ticket, n) => processes(n).call("schedule.move", { ticket, body })));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
    for (const reply of replies.filter(({ status }) => status !== 200))
      assert.match(refusalOf(reply).error.code, /^(SLOT_TAKEN|ASSIGNMENT_LIMIT|TECH_UNAVAILABLE)$/);
    assert.equal(await fullest(api, techId), 1);
  });

  test("one technician is booked by one transaction at a time, so that none waits for another in a circle", async (t) => {
    const hasty = await startTestApi({ t, beside: api, env: { DISPATCH_DB_LOCK_TIMEOUT_MS: "100" } });
    const techId = await addTechnician(api.owner);
    const call = { ticket: (await ticketIn(api, "SCHEDULED")).id, key: randomUUID(), body: { tech_id: techId } };
    const other = await api.owner.connect();
    try {
      await other.query("BEGIN");
      await other.query("SELECT FROM technicians WHERE id = $1 FOR SHARE", [techId]);
      assert.equal(refusalOf(await hasty.call("assignment.dispatch", call)).error.code, "IDEMPOTENCY_IN_FLIGHT");
    } finally {
      await other.query("ROLLBACK");
      other.release();
    }
    assert.equal((await api.call("assignment.dispatch", call)).status, 200);
  });
});
