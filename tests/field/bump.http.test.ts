// An emergency with nobody free: whom to take off which booking, lowest harm first and with its cost in terms; and one
// command that does it, whole or not at all.

import { aggregates } from "../../dispatch/aggregates.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { acme, addTechnician, ana, ben, borealis } from "../support/directory.ts";
import { ticketIn, type Plan } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";

const window = { start: "2026-03-05T10:00:00.000Z", end: "2026-03-05T11:00:00.000Z" };
const decision = { override_type: "direct_dispatch_bypass", reason_code: "safety", note: "shop front open at night" };

/** A desk whose roster is made by the test alone. */
async function emptyDesk(
  t: { after(fn: () => Promise<void>): void },
  profile: "pilot" | "strict" = "pilot",
): Promise<TestApi> {
  const api = await startTestApi({ t, profile });
  for (const technician of [ana, ben]) await api.run("roster.sign_off", { technician, body: { reason: "on holiday" } });
  return api;
}

const visit = async (api: TestApi, techId: string, plan: Plan = {}) =>
  (await ticketIn(api, "DISPATCHED", { techId, window, priority: "ROUTINE", ...plan })).id;
const emergency = async (api: TestApi) => (await ticketIn(api, "SCHEDULED", { priority: "EMERGENCY", window })).id;
const recommend = (api: TestApi, ticket: string, options: object = {}) =>
  api.run("assignment.recommend", { ticket, body: { service_type: "DEFAULT" }, ...options });

describe("assignment.recommend for an emergency", () => {
  test("names whom to bump, lowest cost first, and what the cost is made of", async (t) => {
    const api = await emptyDesk(t);
    const [soonFree, lateFree, urgent] = [
      await addTechnician(api.owner),
      await addTechnician(api.owner),
      await addTechnician(api.owner),
    ];
    const cheap = await visit(api, soonFree);
    const dear = await visit(api, lateFree);
    // Nothing is free for the second until two hours later.
    await ticketIn(api, "DISPATCHED", {
      techId: lateFree,
      window: { start: window.end, end: "2026-03-05T13:00:00.000Z" },
    });
    const hurried = await visit(api, urgent, { priority: "URGENT" });
    const { recommendations, rejected, bump = [] } = await recommend(api, await emergency(api));
    assert.deepEqual(recommendations, []);
    assert.equal(rejected.filter(({ reason }) => reason === "BOOKED").length, 3);
    assert.deepEqual(
      bump.map(({ tech_id, ticket_id, cost, earliest_start }) => ({ tech_id, ticket_id, cost, earliest_start })),
      [
        { tech_id: soonFree, ticket_id: cheap, cost: 60, earliest_start: window.end },
        { tech_id: lateFree, ticket_id: dear, cost: 180, earliest_start: "2026-03-05T13:00:00.000Z" },
        { tech_id: urgent, ticket_id: hurried, cost: 360, earliest_start: window.end },
      ],
    );
    assert.deepEqual(bump[2]?.factors, [
      { factor: "delay_minutes", value: 60, weight: 6, contribution: 360 },
      { factor: "travel_minutes", value: 0, weight: 1, contribution: 0 },
    ]);
    assert.partialDeepStrictEqual(bump[0], {
      state: "DISPATCHED",
      priority: "ROUTINE",
      scheduled_start: window.start,
      scheduled_end: window.end,
    });
  });

  test("counts the drive, and a customer who cannot be served within a day", async (t) => {
    const api = await emptyDesk(t);
    const body = { name: "Far away", zone: "CA", skills: ["door_hardware"], home: { lat: 37.9, lon: -122.27 } };
    const { technician } = await api.run("roster.upsert", { body });
    const shifts = [{ weekdays: [4], start_time: "09:00", end_time: "12:00", time_zone: "UTC" }];
    await api.run("roster.set_shifts", { technician: technician.id, body: { shifts } });
    await visit(api, technician.id, { window: { start: window.start, end: "2026-03-05T11:30:00.000Z" } });
    const { bump: [only] = [] } = await recommend(api, await emergency(api));
    const [delay, travel] = only?.factors ?? [];
    assert.deepEqual([only?.earliest_start, delay?.value], [null, 25 * 60]);
    assert.ok(travel && travel.value > 30 && travel.value < 60 && travel.contribution === travel.value);
  });

  test("never names an emergency, work that has begun, a customer still deciding, or what the caller may not see", async (t) => {
    const api = await emptyDesk(t);
    const person = () => addTechnician(api.owner);
    await visit(api, await person(), { priority: "EMERGENCY" });
    await ticketIn(api, "IN_PROGRESS", { techId: await person(), window });
    await ticketIn(api, "ON_HOLD", { techId: await person(), window });
    const { id: held } = await ticketIn(api, "READY_TO_SCHEDULE");
    await api.run("schedule.book", {
      ticket: held,
      body: { tech_id: await person(), earliest: window.start, latest: window.end, duration_minutes: 60 },
    });
    await api.run("schedule.hold", {
      ticket: held,
      body: { hold_reason: "CUSTOMER_PENDING", confirmation_window: { start: api.clock.iso, end: api.clock.in(60) } },
    });
    const foreign = await visit(api, await person(), { accountId: borealis.id, siteId: borealis.albany });
    // Whoever only helps there is not taken off either.
    await api.run("assignment.crew", {
      ticket: foreign,
      body: { add: [await addTechnician(api.owner, { zone: "NY" })] },
    });
    const id = await emergency(api);
    assert.deepEqual(
      (await recommend(api, id)).bump?.map(({ ticket_id }) => ticket_id),
      [foreign],
    );
    assert.deepEqual((await recommend(api, id, { headers: { "x-account-scope": acme.id } })).bump, []);
  });

  test("says nothing of bumping while somebody is free, or when it is no emergency", async (t) => {
    const api = await emptyDesk(t);
    const techId = await addTechnician(api.owner);
    await visit(api, techId);
    const { id: routine } = await ticketIn(api, "SCHEDULED", { window });
    assert.equal((await recommend(api, routine)).bump, undefined);
    const id = await emergency(api);
    assert.equal((await recommend(api, id)).bump?.length, 1);
    await addTechnician(api.owner);
    assert.equal((await recommend(api, id)).bump, undefined);
  });
});

describe("assignment.override that bumps", () => {
  for (const profile of profiles) {
    test(`sends the technician to the emergency and gives the other ticket back, in one step, in ${profile}`, async (t) => {
      const api = await emptyDesk(t, profile);
      const techId = await addTechnician(api.owner);
      const bumpedId = await visit(api, techId);
      const id = await emergency(api);
      const [proposal] = (await recommend(api, id)).bump ?? [];
      const body = { ...decision, tech_id: proposal?.tech_id, bump_ticket_id: proposal?.ticket_id };
      const { ticket, bumped, receipt } = await api.run("assignment.override", { ticket: id, body });
      assert.deepEqual([ticket.state, ticket.assigned_tech_id], ["DISPATCHED", techId]);
      const back = {
        state: "SCHEDULED",
        previous_state: "DISPATCHED",
        scheduled_start: window.start,
        scheduled_end: window.end,
      };
      assert.deepEqual(bumped, { ticket_id: bumpedId, ...back, receipt_id: bumped?.receipt_id });
      const is = await api.read("ticket.get", { ticket: bumpedId });
      assert.deepEqual([is.state, is.assigned_tech_id, is.scheduled_start], ["SCHEDULED", null, window.start]);
      const { events } = await api.read("ticket.timeline", { ticket: bumpedId });
      const last = events.at(-1) ?? assert.fail();
      assert.deepEqual(
        [last.id, last.tool_name, last.before_state, last.after_state],
        [bumped?.receipt_id, "assignment.override", "DISPATCHED", "SCHEDULED"],
      );
      assert.partialDeepStrictEqual(last.payload, {
        bumped_for: id,
        caused_by: receipt.receipt_id,
        reason: decision.note,
      });
      const { rows } = await api.owner.query(
        "SELECT ticket_id, state FROM bookings WHERE technician_id = $1 ORDER BY state",
        [techId],
      );
      assert.deepEqual(rows, [
        { ticket_id: id, state: "firm" },
        { ticket_id: bumpedId, state: "released" },
      ]);
      assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
    });
  }

  test("is refused, and changes nothing, where the other ticket may not be bumped", async (t) => {
    const api = await emptyDesk(t);
    const [busy, sharing, working] = [
      await addTechnician(api.owner),
      await addTechnician(api.owner),
      await addTechnician(api.owner),
    ];
    const routine = await visit(api, busy);
    const asUrgent = await visit(api, sharing, { priority: "EMERGENCY" });
    const { id: begun } = await ticketIn(api, "IN_PROGRESS", { techId: working, window });
    const id = await emergency(api);
    const { id: ordinary } = await ticketIn(api, "SCHEDULED", { window });
    const rows = [
      ["another emergency", id, { tech_id: sharing, bump_ticket_id: asUrgent }, "TECH_UNAVAILABLE"],
      ["work that has begun", id, { tech_id: working, bump_ticket_id: begun }, "TECH_UNAVAILABLE"],
      ["another technician's work", id, { tech_id: busy, bump_ticket_id: asUrgent }, "INVALID_REQUEST"],
      ["work of nobody", id, { tech_id: busy, bump_ticket_id: ordinary }, "INVALID_REQUEST"],
      ["the ticket itself", id, { tech_id: busy, bump_ticket_id: id }, "INVALID_REQUEST"],
      ["an unknown ticket", id, { tech_id: busy, bump_ticket_id: ana }, "TICKET_NOT_FOUND"],
      [
        "an ordinary change of technician",
        id,
        { tech_id: busy, bump_ticket_id: routine, override_type: "reassign_tech" },
        "INVALID_REQUEST",
      ],
      [
        "a ticket that is no emergency",
        ordinary,
        { tech_id: busy, bump_ticket_id: routine },
        "ASSIGNMENT_BYPASS_DENIED",
      ],
      ["no bump at all", id, { tech_id: busy }, "TECH_UNAVAILABLE"],
    ] as const;
    const before = await tracesLeft(api.owner);
    for (const [what, ticket, body, code] of rows) {
      assert.equal(
        (await api.refuse("assignment.override", { ticket, body: { ...decision, ...body } })).error.code,
        code,
        what,
      );
    }
    assert.deepEqual(await tracesLeft(api.owner), before);
  });

  test("of one ticket by two emergencies sends one, and tells the other", async (t) => {
    const api = await emptyDesk(t);
    const techId = await addTechnician(api.owner);
    const bump_ticket_id = await visit(api, techId);
    const emergencies = [await emergency(api), await emergency(api)];
    const replies = await Promise.all(
      emergencies.map((ticket) =>
        api.call("assignment.override", { ticket, body: { ...decision, tech_id: techId, bump_ticket_id } }),
      ),
    );
    assert.deepEqual(
      replies.map(({ status }) => status).sort(),
      [200, 400],
      replies.map(({ text }) => text).join("\n"),
    );
  });
});
