// plan.optimize and plan.apply where more than one goes to a visit: a crew gets a time at which all of them are free, is booked
// whole with one receipt, moves whole, and is left out whole with the reason.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { planLines } from "../../plugin/src/describe-plan.ts";
import { objectsIn, startTestApi } from "../support/api.ts";
import { policyWithCrews } from "../support/crew-policy.ts";
import { at, bookedAt, day, east, emptyRoster, siteAt, vanAt, west } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";

/** Glass takes two. Each test has a zone of its own, with the vans and sites that it makes. */
describe("a plan of a day with crews", async () => {
  const api = await startTestApi({ policy: policyWithCrews("pilot", { FRAME_OR_GLASS_DAMAGE: 2 }) });
  await emptyRoster(api);
  let zone = "";
  let site = "";
  beforeEach(async () => {
    zone = `zone ${Number(zone.slice(5)) + 1}`;
    site = await siteIn(west);
  });

  const optimize = async (body: object = {}) =>
    (await api.run("plan.optimize", { body: { day, zone, time_zone: "UTC", iterations: 500, ...body } })).plan;
  const siteIn = async (place: typeof west) => {
    const id = await siteAt(api, place);
    await api.owner.query("UPDATE sites SET region = $2 WHERE id = $1", [id, zone]);
    return id;
  };
  const van = async (name: string, home: typeof west, hours?: readonly [string, string], more: object = {}) => {
    const id = await vanAt(api, name, home, hours);
    await api.run("roster.upsert", { body: { tech_id: id, zone, ...more } });
    return id;
  };
  /** Who can help with glass, and not lead. */
  const hands = (name: string, home: typeof west, hours?: readonly [string, string]) =>
    van(name, home, hours, { skills: ["door_hardware"], tools: [] });
  const glassAt = async (siteId = site) =>
    (await ticketIn(api, "READY_TO_SCHEDULE", { siteId, incidentType: "FRAME_OR_GLASS_DAMAGE" })).id;
  const bookingsOf = async (ticket: string) =>
    (
      await api.owner.query<{ technician_id: string; role: string; start: Date; drive: number }>(
        `SELECT technician_id, role, lower(span) AS start, travel_before_minutes AS drive FROM bookings
         WHERE ticket_id = $1 AND state = 'firm' ORDER BY role DESC, technician_id`,
        [ticket],
      )
    ).rows;

  test("books a lead who is able and who helps, at a time both have, and says what it is", async () => {
    const lead = await van("Lead", west, ["08:00", "16:00"]);
    const helper = await hands("Hands", east, ["11:00", "17:00"]);
    const glass = await glassAt();
    const plan = await optimize();
    const [move, ...others] = plan.moves;
    assert.ok(move && others.length === 0);
    assert.deepEqual(
      [move.ticket_id, move.to.tech_id, move.to.helpers?.map(({ tech_id }) => tech_id), move.from],
      [glass, lead, [helper], null],
    );
    assert.equal(move.reason, "Gives the ticket a time and a crew of 2; it had neither.");
    const [along] = move.to.helpers ?? [];
    assert.ok(along && along.travel_before_minutes > 30 && move.to.travel_before_minutes === 0);
    assert.ok(move.to.start >= at("11:30") && move.to.end <= at("16:00"), `${move.to.start}: both are on shift`);
    assert.deepEqual([plan.after?.served, plan.after?.unserved, plan.unserved], [1, 0, []]);

    const line = planLines({ plan }).find((one) => one?.startsWith("1. "));
    assert.match(line ?? "", /: no time -> "Lead" with "Hands" /);

    const { moved } = await api.run("plan.apply", { plan: plan.id });
    assert.deepEqual(
      moved.map(({ ticket_id, crew }) => [ticket_id, crew?.map(({ tech_id, role }) => [tech_id, role])]),
      [
        [
          glass,
          [
            [lead, "lead"],
            [helper, "helper"],
          ],
        ],
      ],
    );
    const start = new Date(move.to.start);
    assert.deepEqual(await bookingsOf(glass), [
      { technician_id: lead, role: "lead", start, drive: 0 },
      { technician_id: helper, role: "helper", start, drive: along.travel_before_minutes },
    ]);
    const ticket = await api.read("ticket.get", { ticket: glass });
    assert.deepEqual([ticket.state, ticket.assigned_tech_id], ["SCHEDULED", lead]);
    const { events } = await api.read("ticket.timeline", { ticket: glass });
    const { crew, people } = Object(events.at(-1)?.payload);
    assert.deepEqual([people, objectsIn(crew).map((one) => one["tech_id"])], [2, [lead, helper]]);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
    assert.deepEqual((await optimize()).moves, [], "the day cannot be mended twice");
  });

  test("moves single visits that stand in a crew's way, and the crew around what may not move", async () => {
    const [one, two] = [await van("One", west, ["08:00", "13:00"]), await van("Two", west, ["08:00", "13:00"])];
    // Each in the middle of a morning: the two have no three hours together unless one of them moves.
    const first = await bookedAt(api, site, one, "08:00");
    await bookedAt(api, site, two, "10:30");
    const glass = await glassAt();
    const fixed = await optimize({ move_within_minutes: 0 });
    assert.deepEqual([fixed.moves, fixed.unserved.map(({ ticket_id }) => ticket_id)], [[], [glass]]);
    assert.equal(
      fixed.unserved[0]?.detail,
      "it takes 2 people at once, and no 2 who may do it have room at the same time that day",
    );
    const plan = await optimize({ move_within_minutes: 240 });
    assert.deepEqual(plan.unserved, []);
    const moves = new Map(plan.moves.map((move) => [move.ticket_id, move]));
    assert.deepEqual(
      new Set([moves.get(glass)?.to.tech_id, ...(moves.get(glass)?.to.helpers ?? []).map(({ tech_id }) => tech_id)]),
      new Set([one, two]),
    );
    const others = plan.moves.filter(({ ticket_id }) => ticket_id !== glass);
    assert.ok(others.length > 0);
    for (const { reason } of others) assert.match(reason, /^Makes room for other work, ticket T-\d+\.$/);
    await api.run("plan.apply", { plan: plan.id });
    assert.equal((await bookingsOf(glass)).length, 2);
    assert.equal((await bookingsOf(first)).length, 1);
  });

  test("takes the first time that moves nobody, where there is one", async () => {
    const [one, two] = [await van("One", west), await van("Two", west)];
    await bookedAt(api, site, one, "09:30");
    await bookedAt(api, site, two, "12:00");
    const glass = await glassAt();
    const { moves } = await optimize();
    assert.deepEqual(
      moves.map((move) => [move.ticket_id, move.to.start]),
      [[glass, at("13:30")]],
    );
  });

  test("moves a crew whole where that saves driving for all of them, and tells who went and who comes", async () => {
    const [westLead, westHands] = [await van("West Lead", west), await hands("West Hands", west)];
    const [eastLead, eastHands] = [await van("East Lead", east), await hands("East Hands", east)];
    const [westGlass, eastGlass] = [await glassAt(), await glassAt(await siteIn(east))];
    const book = async (ticket: string, lead: string, helper: string) => {
      await api.run("schedule.book", { ticket, body: { tech_id: lead, earliest: at("10:00"), latest: at("15:00") } });
      const { packet } = await api.read("tech.job_packet", { ticket, as: "tech" });
      const strangers = packet.crew.filter(({ role, tech_id }) => role === "helper" && tech_id !== helper);
      if (strangers.length === 0) return;
      await api.run("assignment.crew", {
        ticket,
        body: { add: [helper], remove: strangers.map(({ tech_id }) => tech_id) },
      });
    };
    await book(westGlass, eastLead, eastHands);
    await book(eastGlass, westLead, westHands);
    const plan = await optimize();
    const moves = new Map(plan.moves.map((move) => [move.ticket_id, move]));
    assert.deepEqual(
      [westGlass, eastGlass].map((id) => {
        const { from, to } = moves.get(id) ?? assert.fail(`${id} stays`);
        return [from, to].map((side) => [side?.tech_id, ...(side?.helpers ?? []).map(({ tech_id }) => tech_id)]);
      }),
      [
        [
          [eastLead, eastHands],
          [westLead, westHands],
        ],
        [
          [westLead, westHands],
          [eastLead, eastHands],
        ],
      ],
    );
    for (const { reason } of plan.moves) assert.match(reason, /^Saves \d+ min of driving\.$/);
    assert.deepEqual([plan.before?.served, plan.after?.served, plan.after?.travel_minutes], [2, 2, 0]);
    await api.run("plan.apply", { plan: plan.id });
    assert.deepEqual(
      (await bookingsOf(westGlass)).map(({ technician_id }) => technician_id),
      [westLead, westHands],
    );
  });

  test("is stale once a helper's day is another, and then books nobody", async () => {
    await van("Lead", west);
    const helper = await hands("Hands", west);
    const glass = await glassAt();
    const plan = await optimize();
    assert.deepEqual(
      plan.moves[0]?.to.helpers?.map(({ tech_id }) => tech_id),
      [helper],
    );
    await api.run("roster.time_off", { technician: helper, body: { add: [{ start: at("16:00"), end: at("17:00") }] } });
    const { error } = await api.refuse("plan.apply", { plan: plan.id });
    assert.deepEqual(
      [error.code, error["changes"]],
      ["PLAN_STALE", [{ kind: "technician", tech_id: helper, what: ["hours"] }]],
    );
    assert.deepEqual(await bookingsOf(glass), []);
  });

  test("leaves a crew out whole, and says how many there are", async () => {
    await van("Alone", west);
    const glass = await glassAt();
    const alone = await optimize();
    assert.deepEqual(
      [alone.moves, alone.unserved.map(({ ticket_id, detail }) => [ticket_id, detail])],
      [[], [[glass, "it takes 2 people at once, and only 1 on shift that day may do or help with it"]]],
    );
    await hands("Afternoon", west, ["15:00", "17:00"]);
    await hands("Evening", west, ["17:00", "20:00"]);
    const [none] = (await optimize()).unserved;
    assert.match(none?.detail ?? "", /^(it takes 2 people at once, and no 2 who may do it have room at the same time)/);
  });

  test("leaves a crew that is not whole to a person, and plans around who is booked", async () => {
    const lead = await van("Lead", west);
    const helper = await hands("Hands", west);
    const glass = await glassAt();
    await api.run("schedule.book", {
      ticket: glass,
      body: { tech_id: lead, earliest: at("10:00"), latest: at("13:30") },
    });
    await api.run("roster.sign_off", { technician: helper, body: { reason: "ill" } });
    const fill: string[] = [];
    for (let n = 0; n < 4; n++) fill.push((await ticketIn(api, "READY_TO_SCHEDULE", { siteId: site })).id);
    await van("Other", east);
    const plan = await optimize();
    assert.deepEqual(
      plan.stays.map(({ reason, count }) => [reason, count]),
      [["CREW", 1]],
    );
    assert.ok(plan.moves.length > 0 && plan.moves.every(({ ticket_id }) => fill.includes(ticket_id)));
    const [booked] = await bookingsOf(glass);
    for (const { to } of plan.moves.filter((move) => move.to.tech_id === lead))
      assert.ok(
        (booked && new Date(to.end) <= booked.start) || to.start >= at("13:00"),
        `${to.start} lies beside what they lead`,
      );
  });
});
