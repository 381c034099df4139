// Work longer than a shift is booked as parts on consecutive days of one technician: slots offer it, book, worker and move lay it,
// whatever ends the visit ends all of them, and between them nobody is late, overrun or busy.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { openKernel } from "../../dispatch/kernel/kernel.ts";
import { assignTickets } from "../../dispatch/worker/assign-tickets.ts";
import { runAsWorker } from "../../dispatch/worker/run-command.ts";
import { loadRoster, readingAt } from "../../dispatch/workforce/calendar.ts";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import { asTime } from "../../dispatch/field/icalendar.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { acme, addTechnician } from "../support/directory.ts";
import { addReferenced } from "../support/evidence.ts";
import { siteAt } from "../support/plan-day.ts";
import { completion, latchEvidence, ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const reason = "the customer asks for another day";
const at = (day: number, time: string): string => `2026-03-${String(day).padStart(2, "0")}T${time}:00.000Z`;
/** On shift from eight to four, every day. */
const withHours = (api: TestApi) => addTechnician(api.owner, { hours: ["08:00", "16:00"] });
const wish = (tech_id: TechnicianId, day = 9, minutes = 720) => ({
  tech_id,
  earliest: at(day, "00:00"),
  latest: at(day + 6, "00:00"),
  duration_minutes: minutes,
  strategy: "earliest" as const,
});

async function booked(api: TestApi, techId: TechnicianId, day = 9, minutes = 720) {
  const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
  return { id, ...(await api.run("schedule.book", { ticket: id, body: wish(techId, day, minutes) })) };
}

const rows = async (api: TestApi, ticket: string) =>
  (
    await api.owner.query<{ part: number; state: string; technician_id: string; start: string; end: string }>(
      `SELECT part, state, technician_id, to_char(lower(span), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS start,
              to_char(upper(span), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS end
       FROM bookings WHERE ticket_id = $1 ORDER BY lower(span), created_at`,
      [ticket],
    )
  ).rows;
const live = async (api: TestApi, ticket: string) =>
  (await rows(api, ticket)).filter(({ state }) => state === "firm").map(({ part, start, end }) => [part, start, end]);
/** How the bookings made last have ended; a dispatch makes the same ones anew. */
const states = async (api: TestApi, ticket: string) =>
  [...Map.groupBy(await rows(api, ticket), ({ part }) => part)].map(([part, all]) => [part, all.at(-1)?.state]);

const twoDays = (day: number) => [
  [1, at(day, "08:00"), at(day, "16:00")],
  [2, at(day + 1, "08:00"), at(day + 1, "12:00")],
];

/** A desk on which nobody works around the clock. */
async function startDesk(): Promise<TestApi> {
  const api = await startTestApi();
  await api.owner.query("UPDATE technicians SET active = false");
  return api;
}

describe("twelve hours of work", async () => {
  const api = await startDesk();

  test("are offered and booked as a day and a half of one technician", async () => {
    const techId = await withHours(api);
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { strategy: _, duration_minutes, ...span } = wish(techId);
    const query = new URLSearchParams({ ...span, duration_minutes: String(duration_minutes) }).toString();
    const [slot] = (await api.read("schedule.slots", { ticket: id, query })).slots;
    assert.deepEqual([slot?.start, slot?.end], [at(9, "08:00"), at(10, "12:00")]);
    assert.deepEqual(
      slot?.parts?.map(({ part, of, start, end }) => [part, of, start, end]),
      [
        [1, 2, at(9, "08:00"), at(9, "16:00")],
        [2, 2, at(10, "08:00"), at(10, "12:00")],
      ],
    );
    const { ticket, booking, parts } = await api.run("schedule.book", { ticket: id, body: wish(techId) });
    assert.deepEqual(
      [ticket.state, ticket.assigned_tech_id, ticket.scheduled_start, ticket.scheduled_end],
      ["SCHEDULED", techId, at(9, "08:00"), at(10, "12:00")],
    );
    assert.deepEqual([booking.part, booking.of, booking.start, booking.end], [1, 2, at(9, "08:00"), at(9, "16:00")]);
    assert.deepEqual(
      parts?.map(({ part, of, start, end }) => [part, of, start, end]),
      slot?.parts?.map(({ part, of, start, end }) => [part, of, start, end]),
    );
    assert.equal(parts?.[0]?.booking_id, booking.id);
    const { url } = await api.run("tech.calendar_link", { technician: techId, body: {} });
    const calendar = (await api.send("GET", new URL(url ?? assert.fail()).pathname)).text;
    const told = [...calendar.matchAll(/\nDTSTART:(\w+)\r\nDTEND:(\w+)/g)].map(([, start, end]) => [start, end]);
    assert.deepEqual(
      told,
      parts?.map((part) => [asTime(part.start), asTime(part.end)]),
    );
    assert.equal(
      new Set(calendar.replaceAll("\r\n ", "").match(/\nUID:.*/g)).size,
      2,
      "each part is an event of its own",
    );
    assert.deepEqual(await live(api, id), twoDays(9));
    const { packet } = await api.read("tech.job_packet", { as: "dispatcher", ticket: id });
    assert.partialDeepStrictEqual(packet.header, {
      parts: [
        { part: 1, of: 2 },
        { part: 2, of: 2, end: at(10, "12:00") },
      ],
    });
  });

  test("keep the technician's days, and leave the rest of them free", async () => {
    const techId = await withHours(api);
    await booked(api, techId);
    const next = await booked(api, techId, 9, 60);
    assert.deepEqual([next.booking.start, next.parts], [at(10, "12:00"), undefined]);
    const other = await booked(api, techId, 9);
    assert.deepEqual(await live(api, other.id), [
      [1, at(10, "13:00"), at(10, "16:00")],
      [2, at(11, "08:00"), at(11, "16:00")],
      [3, at(12, "08:00"), at(12, "09:00")],
    ]);
  });

  test("are not parted where a shift has room for them, nor is what fits into one", async () => {
    const long = await addTechnician(api.owner, { hours: ["06:00", "18:00"] });
    const whole = await booked(api, long);
    assert.deepEqual([whole.parts, await live(api, whole.id)], [undefined, [[1, at(9, "06:00"), at(9, "18:00")]]]);
    await api.owner.query("UPDATE technicians SET active = false WHERE id = $1", [long]);
    const techId = await withHours(api);
    await booked(api, techId, 9, 60);
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { error } = await api.refuse("schedule.book", {
      ticket: id,
      body: { ...wish(techId, 9, 480), latest: at(9, "23:00") },
    });
    assert.deepEqual(error.code, "NO_FEASIBLE_SLOT");
  });

  test("are refused beyond what their kind may take, and a promise of several days says what to do", async () => {
    const techId = await withHours(api);
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const far = await api.refuse("schedule.book", { ticket: id, body: wish(techId, 9, 721) });
    assert.partialDeepStrictEqual(far.error["validation_errors"], [{ path: "duration_minutes", rule: "max_window" }]);
    const options = [{ start: at(9, "08:00"), end: at(10, "12:00") }];
    const { error } = await api.refuse("schedule.propose", { ticket: id, body: { options } });
    assert.match(JSON.stringify(error), /schedule\.book lays in parts over several days/);
  });

  test("move as a whole, to an end that is the latest of the last part, or not at all", async () => {
    const techId = await withHours(api);
    const { id } = await booked(api, techId);
    const move = (start: string, end: string) => ({ ticket: id, body: { start, end, reason } });
    const { scheduled_end, booking, parts } = await api.run("schedule.move", move(at(11, "10:00"), at(13, "16:00")));
    assert.deepEqual([scheduled_end, booking?.part, parts?.length], [at(12, "14:00"), 1, 2]);
    const moved = [
      [1, at(11, "10:00"), at(11, "16:00")],
      [2, at(12, "08:00"), at(12, "14:00")],
    ];
    assert.deepEqual(await live(api, id), moved);
    const narrow = await api.refuse("schedule.move", move(at(16, "10:00"), at(17, "13:00")));
    assert.equal(narrow.error.code, "NO_FEASIBLE_SLOT");
    const slip = await api.refuse("schedule.move", move(at(16, "10:00"), "2028-03-17T13:00:00.000Z"));
    assert.partialDeepStrictEqual(slip.error["validation_errors"], [{ path: "end", rule: "max_window" }]);
    assert.deepEqual(await live(api, id), moved);
  });

  test("are given up as a whole by reopen, unassign and cancel", async () => {
    const techId = await withHours(api);
    const because = { reason_code: "customer_request", note: "the customer does not want them" };
    const ends = [
      ["schedule.reopen", { reason }],
      ["assignment.unassign", because],
      ["ticket.cancel", { reason }],
    ] as const;
    for (const [tool, body] of ends) {
      const { id } = await booked(api, techId);
      await api.run(tool, { ticket: id, body });
      assert.deepEqual(
        await states(api, id),
        [
          [1, "released"],
          [2, "released"],
        ],
        tool,
      );
    }
  });

  test("are asked for again in parts of whoever comes instead", async () => {
    const [techId, other] = [await withHours(api), await withHours(api)];
    const { id } = await booked(api, techId);
    await api.run("assignment.unassign", { ticket: id, body: { reason_code: "other", note: "they are ill today" } });
    const { recommendations, rejected } = await api.run("assignment.recommend", {
      ticket: id,
      body: { service_type: "DOOR_WONT_LATCH", recommendation_limit: 20 },
    });
    assert.ok(recommendations.some(({ tech_id }) => tech_id === other));
    assert.ok(rejected.some(({ tech_id, reason: why }) => tech_id === techId && why === "EXCLUDED"));
    const { ticket } = await api
      .run("assignment.override", {
        ticket: id,
        body: { override_type: "reassign_tech", reason_code: "other", note: "they step in for it", tech_id: other },
      })
      .catch((error: unknown) => assert.fail(String(error)));
    assert.deepEqual([ticket.assigned_tech_id, await live(api, id)], [other, twoDays(9)]);
  });

  test("keep inside the site's hours", async () => {
    const techId = await withHours(api);
    const siteId = await siteAt(api, { lat: 37.8, lon: -122.2 });
    const hours = JSON.stringify([{ weekdays: [1, 2, 3, 4, 5, 6, 7], start_time: "10:00", end_time: "15:00" }]);
    await api.owner.query("UPDATE sites SET timezone = 'UTC', hours = $2 WHERE id = $1", [siteId, hours]);
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId });
    await api.run("schedule.book", { ticket: id, body: wish(techId) });
    assert.deepEqual(await live(api, id), [
      [1, at(9, "10:00"), at(9, "15:00")],
      [2, at(10, "10:00"), at(10, "15:00")],
      [3, at(11, "10:00"), at(11, "12:00")],
    ]);
    const move = { start: at(16, "09:00"), end: at(20, "16:00"), tech_id: techId, reason };
    const { error } = await api.refuse("schedule.move", { ticket: id, body: move });
    assert.deepEqual([error.code, error["reason"]], ["TECH_UNAVAILABLE", "SITE_CLOSED"]);
  });

  test("are one technician's alone", async () => {
    const techId = await withHours(api);
    const { id } = await booked(api, techId);
    const { error } = await api.refuse("assignment.crew", { ticket: id, body: { add: [await withHours(api)] } });
    assert.partialDeepStrictEqual(error["validation_errors"], [{ path: "add/0", rule: "parts" }]);
  });

  test("tell which part a day off meets", async () => {
    const techId = await withHours(api);
    const { id } = await booked(api, techId);
    const add = [{ start: at(10, "09:00"), end: at(10, "10:00") }];
    const { conflicts } = await api.run("roster.time_off", { technician: techId, body: { add } });
    assert.deepEqual(
      conflicts.map(({ ticket_id, start, end, part, of }) => [ticket_id, start, end, part, of]),
      [[id, at(10, "08:00"), at(10, "12:00"), 2, 2]],
    );
    const { error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    assert.equal(error.code, "TECH_UNAVAILABLE");
  });

  test("stand fast in the plan of a day, and are told as such", async () => {
    const techId = await withHours(api);
    const { id } = await booked(api, techId);
    for (const day of ["2026-03-09", "2026-03-10"]) {
      const { plan } = await api.run("plan.optimize", { body: { day, tech_ids: [techId], iterations: 50 } });
      assert.ok(plan.stays.some(({ reason: why, count }) => why === "IN_PARTS" && count > 0));
      assert.deepEqual(
        plan.moves.filter(({ ticket_id }) => ticket_id === id),
        [],
      );
    }
  });
});

describe("from its first day to its last", async () => {
  const api = await startDesk();
  const worker = await startTestWorker(api);
  const cockpit = async (ticket: string) => {
    const { queue } = await api.read("dispatcher.cockpit", { query: "limit=500&actions=none" });
    const row = queue.find(({ ticket_id }) => ticket_id === ticket);
    return [row?.attention?.code ?? null, row?.sla_status];
  };
  const beyond = async (techId: TechnicianId) => {
    const asked = { ticketId: null, techId, from: api.clock.iso, to: at(20, "00:00") };
    const [entry] = await loadRoster(api.desk.db, asked, readingAt(api.desk.policy, api.clock.iso));
    return entry?.beyondPlan.length;
  };
  const isSent = async (ticket: string) => (await api.read("ticket.get", { ticket })).state === "DISPATCHED";

  test("it is sent in parts, and at night nobody is busy, late or overrun, whether or not they said so", async () => {
    const techId = await withHours(api);
    const { id } = await booked(api, techId);
    api.clock.set(at(8, "20:00"));
    await worker.until("it is sent", () => isSent(id));
    assert.deepEqual(await live(api, id), twoDays(9));
    api.clock.set(at(9, "08:00"));
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso } });
    api.clock.set(at(9, "21:00"));
    await worker.wake();
    assert.deepEqual([await beyond(techId), await cockpit(id)], [0, [null, "healthy"]]);
    api.clock.set(at(10, "11:30"));
    await worker.wake();
    assert.deepEqual([await beyond(techId), await cockpit(id)], [0, [null, "healthy"]]);
    api.clock.set(at(10, "12:10"));
    await worker.wake();
    assert.deepEqual([await beyond(techId), (await cockpit(id))[0]], [1, "OVERRUN"]);
    for (const key of latchEvidence) await addReferenced(api, { ticket: id }, key);
    await api.run("tech.complete", { as: "dispatcher", ticket: id, body: completion });
    assert.deepEqual(await states(api, id), [
      [1, "done"],
      [2, "done"],
    ]);
  });

  test("held for the night, it is told of once nobody goes on with it in the morning", async () => {
    const techId = await withHours(api);
    const { id } = await booked(api, techId, 18);
    api.clock.set(at(18, "08:00"));
    await worker.until("it is sent", () => isSent(id));
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso } });
    api.clock.set(at(18, "16:00"));
    await api.run("tech.hold", { ticket: id, body: { reason_code: "other", work: { labor_minutes: 480 } } });
    api.clock.set(at(19, "07:59"));
    await worker.wake();
    assert.equal((await cockpit(id))[0], null);
    api.clock.set(at(19, "08:01"));
    await worker.wake();
    assert.equal((await cockpit(id))[0], "LATE_ARRIVAL");
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.partialDeepStrictEqual(events.at(-1)?.payload, { code: "LATE_ARRIVAL", since: at(19, "08:00") });
    await api.run("tech.resume", { ticket: id, body: {} });
    await worker.wake();
    assert.equal((await cockpit(id))[0], null);
  });
});

describe("sent by hand", async () => {
  const api = await startDesk();
  const techs = { second: await withHours(api), third: await withHours(api) };

  test("it may be held for the night and go on in the morning, and what is not needed any more is given up", async () => {
    const { id } = await booked(api, techs.second, 12);
    api.clock.set(at(12, "08:00"));
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techs.second } });
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso } });
    api.clock.set(at(12, "16:00"));
    await api.run("tech.hold", { ticket: id, body: { reason_code: "other", work: { labor_minutes: 480 } } });
    assert.deepEqual(await live(api, id), twoDays(12));
    api.clock.set(at(13, "07:50"));
    await api.run("tech.resume", { ticket: id, body: {} });
    for (const key of latchEvidence) await addReferenced(api, { ticket: id }, key);
    await api.run("tech.complete", { as: "dispatcher", ticket: id, body: completion });
    assert.deepEqual(await states(api, id), [
      [1, "done"],
      [2, "released"],
    ]);
  });

  test("sent late, it takes what is left of its parts", async () => {
    const techId = await withHours(api);
    const { id } = await booked(api, techId, 14);
    api.clock.set(at(14, "08:10"));
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    assert.deepEqual(await live(api, id), [
      [1, at(14, "08:10"), at(14, "16:00")],
      [2, at(15, "08:00"), at(15, "12:00")],
    ]);
  });

  test("a colleague takes over what is left of it", async () => {
    const { id } = await booked(api, techs.third, 16);
    api.clock.set(at(16, "08:00"));
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techs.third } });
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso } });
    api.clock.set(at(16, "14:00"));
    const colleague = await withHours(api);
    await api.run("assignment.transfer", { ticket: id, body: { tech_id: colleague, reason: "called away" } });
    assert.deepEqual(await live(api, id), [
      [1, at(16, "14:00"), at(16, "16:00")],
      [2, at(17, "08:00"), at(17, "12:00")],
    ]);
    const own = (await rows(api, id)).filter(({ technician_id }) => technician_id === techs.third);
    assert.deepEqual(
      own.filter(({ state }) => state === "done").map(({ part }) => part),
      [1],
    );
    assert.ok(own.every(({ state }) => state !== "firm"));
  });
});

/** One look of the worker at what waits, under the policy of this desk. */
async function lookForTechnicians({ desk }: TestApi): Promise<void> {
  const run = runAsWorker(openKernel(desk, commandHandlers), "dispatch-worker");
  const totals = { cycles: 0, dispatches: 0, errors: 0 };
  const parts = { desk, log: pino({ level: "silent" }), totals, random: Math.random, run };
  await assignTickets(parts, () => undefined).round(() => false);
}

describe("a promise of several days", async () => {
  const api = await startDesk();
  const rules = api.desk.policies.live;
  const latch = rules.incidentTypes["DOOR_WONT_LATCH"] ?? assert.fail();
  const long = { ...latch, defaultDurationMinutes: 720, maxWindowMinutes: 4 * 1_440 };
  api.desk.policies.take({ ...rules, incidentTypes: { ...rules.incidentTypes, DOOR_WONT_LATCH: long } });

  test("of work that no shift has room for is kept by the worker in parts, within the time promised", async () => {
    const techId = await withHours(api);
    const window = { start: at(9, "08:00"), end: at(10, "18:00") };
    const { id } = await ticketIn(api, "SCHEDULED", { window, siteId: acme.oakland });
    await lookForTechnicians(api);
    assert.deepEqual(await live(api, id), twoDays(9));
    const { assigned_tech_id, scheduled_end } = await api.read("ticket.get", { ticket: id });
    assert.deepEqual([assigned_tech_id, scheduled_end], [techId, window.end]);
  });
});
