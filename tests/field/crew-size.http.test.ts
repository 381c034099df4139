// Work that takes more than one person at once, by its incident type: found, booked, sent and moved for all of them or for nobody,
// by whatever way; and whoever is refused hears how many it takes and how many there are.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { policyWithCrews } from "../support/crew-policy.ts";
import { addSite, addTechnician, type TechnicianRow } from "../support/directory.ts";
import { ticketIn, type Plan } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const people = { DOOR_WONT_LATCH: 2, HARDWARE_REPLACEMENT: 3 };
const why = { reason_code: "other", note: "the customer insists" } as const;

let zones = 0;

for (const profile of profiles) {
  describe(`work for two in ${profile}`, async () => {
    const policy = policyWithCrews(profile, people);
    const api = await startTestApi({ profile, policy });
    /** A zone of its own with so many people, and a site in it. */
    const zoneOf = async (...rows: TechnicianRow[]) => {
      const zone = `Z${++zones}`;
      const siteId = await addSite(api.owner, { region: zone });
      const techs = [];
      for (const row of rows) techs.push(await addTechnician(api.owner, { zone, ...row }));
      return { siteId, techs };
    };
    const ready = (siteId: string, plan: Plan = {}) => ticketIn(api, "READY_TO_SCHEDULE", { siteId, ...plan });
    const live = async (ticket: string) =>
      (
        await api.owner.query<{ technician_id: string; role: string; at: string }>(
          `SELECT technician_id, role, lower(span)::text AS at FROM bookings
           WHERE ticket_id = $1 AND state = 'firm' ORDER BY role DESC, technician_id`,
          [ticket],
        )
      ).rows;
    const attentionOf = async (ticket: string) => {
      const { queue } = await api.read("dispatcher.cockpit", { query: "limit=200" });
      return queue.find(({ ticket_id }) => ticket_id === ticket)?.attention ?? null;
    };
    const confirmed = async (siteId: string, window: { start: string; end: string }, plan: Plan = {}) => {
      const { id } = await ready(siteId, plan);
      await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
      const { warnings } = await api.run("schedule.confirm", { ticket: id, body: window });
      return { id, warnings: warnings?.map(({ code }) => code) ?? [] };
    };
    const tomorrow = (from = 0) => ({ start: api.clock.in(1_440 + from), end: api.clock.in(1_500 + from) });

    test("is offered and booked where both are free, and the slots name who goes along", async () => {
      const { siteId, techs } = await zoneOf({ quality: 90 }, { hours: ["10:00", "14:00"], skills: [] });
      const { id } = await ready(siteId);
      const { slots } = await api.read("schedule.slots", { ticket: id });
      assert.ok(slots.length > 0);
      const [lead = "", helper = ""] = techs;
      for (const slot of slots)
        assert.deepEqual([slot.tech_id, slot.helpers?.map(({ tech_id }) => tech_id)], [lead, [helper]]);
      const { booking, crew, ticket } = await api.run("schedule.book", { ticket: id });
      assert.deepEqual(
        crew.map(({ tech_id, role }) => [tech_id, role]),
        [
          [lead, "lead"],
          [helper, "helper"],
        ],
      );
      assert.deepEqual([booking.id, booking.role, ticket.assigned_tech_id], [crew[0]?.booking_id, "lead", lead]);
      const booked = await live(id);
      assert.deepEqual([booked.length, new Set(booked.map(({ at }) => at)).size], [2, 1]);
      assert.ok(/T1[0-3]:/.test(ticket.scheduled_start ?? ""), "both are on shift then");
    });

    test("is booked for nobody where they never meet, and the refusal says how many it takes", async () => {
      const { siteId, techs } = await zoneOf({ hours: ["06:00", "10:00"] }, { hours: ["14:00", "18:00"], skills: [] });
      const { id } = await ready(siteId);
      assert.deepEqual((await api.read("schedule.slots", { ticket: id })).slots, []);
      const { error } = await api.refuse("schedule.book", { ticket: id });
      assert.deepEqual([error.code, error["needed"], error["free"]], ["NO_FEASIBLE_SLOT", 2, 1]);
      assert.match(error.message, /takes 2 people at once, and 1 is free/);
      const rejected = Array.isArray(error["rejected"]) ? error["rejected"] : [];
      assert.deepEqual(
        techs.map((tech) => rejected.find(({ tech_id }) => tech_id === tech)?.reason),
        ["CREW_INCOMPLETE", "SKILL_MISSING"],
      );
      assert.deepEqual(await live(id), []);
      const { packet } = await api.read("tech.job_packet", { ticket: id, as: "tech" });
      assert.deepEqual(packet.crew, []);
    });

    test("takes three where its kind says so, each once", async () => {
      const { siteId, techs } = await zoneOf({}, {}, {}, {});
      const { id } = await ready(siteId, { incidentType: "HARDWARE_REPLACEMENT" });
      const { crew } = await api.run("schedule.book", { ticket: id });
      assert.deepEqual(
        crew.map(({ role }) => role),
        ["lead", "helper", "helper"],
      );
      assert.equal(new Set(crew.map(({ tech_id }) => tech_id)).size, 3);
      assert.ok(crew.every(({ tech_id }) => techs.some((one) => one === tech_id)));
    });

    test("of two who book the last helper one gets all, the other nothing", async () => {
      const { siteId } = await zoneOf({}, {}, {});
      const latest = api.clock.in(120);
      const tickets = await Promise.all([ready(siteId), ready(siteId), ready(siteId)]);
      const beside = await startTestApi({ profile, policy, beside: api });
      const replies = await Promise.all(
        tickets.map(({ id }, n) =>
          (n === 0 ? beside : api).call("schedule.book", { ticket: id, body: { duration_minutes: 90, latest } }),
        ),
      );
      assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 409, 409]);
      const booked = await Promise.all(tickets.map(({ id }) => live(id)));
      assert.deepEqual(booked.map(({ length }) => length).toSorted(), [0, 0, 2]);
    });

    test("is recommended, sent and promised only where two are free", async () => {
      const { siteId, techs } = await zoneOf({});
      const [lead = ""] = techs;
      const window = tomorrow();
      const { id } = await ready(siteId);
      await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
      if (profile === "strict") {
        const { error } = await api.refuse("schedule.confirm", { ticket: id, body: window });
        assert.deepEqual([error.code, error["needed"], error["free"]], ["NO_FEASIBLE_SLOT", 2, 1]);
        return;
      }
      const { warnings } = await api.run("schedule.confirm", { ticket: id, body: window });
      assert.deepEqual(
        warnings?.map(({ code }) => code),
        ["NOBODY_FREE"],
      );
      const { recommendations, rejected, crew } = await api.run("assignment.recommend", {
        ticket: id,
        body: { service_type: "DOOR_WONT_LATCH" },
      });
      assert.deepEqual([recommendations, crew], [[], { needed: 2, free: 1 }]);
      assert.equal(rejected.find(({ tech_id }) => tech_id === lead)?.reason, "CREW_INCOMPLETE");
      const { error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: lead } });
      assert.deepEqual([error.code, error["needed"], error["free"]], ["NO_FEASIBLE_SLOT", 2, 1]);
      assert.deepEqual(await live(id), []);
      // Whoever says why may send one alone, and the desk goes on saying that one is missing.
      const body = { override_type: "reassign_tech", tech_id: lead, ...why };
      const { ticket } = await api.run("assignment.override", { ticket: id, body });
      assert.equal(ticket.state, "DISPATCHED");
      assert.partialDeepStrictEqual(await attentionOf(id), { code: "NOBODY_FREE" });
      const late = await addTechnician(api.owner, { zone: `Z${zones}`, skills: [] });
      await api.run("assignment.crew", { ticket: id, body: { add: [late] } });
      assert.equal(await attentionOf(id), null);
    });

    test("is sent by a dispatcher with whoever is best beside the lead they name", async () => {
      const { siteId, techs } = await zoneOf({ quality: 10 }, { quality: 50 }, { quality: 90, skills: [] });
      const [lead = "", , best = ""] = techs;
      const { id } = await confirmed(siteId, tomorrow());
      await api.run("assignment.dispatch", { ticket: id, body: { tech_id: lead } });
      assert.deepEqual(
        (await live(id)).map(({ technician_id, role }) => [technician_id, role]),
        [
          [lead, "lead"],
          [best, "helper"],
        ],
      );
    });

    test("goes at once in an emergency, with whoever there is", async () => {
      const { siteId, techs } = await zoneOf({});
      const { id } = await ticketIn(api, "TRIAGED", { siteId, priority: "EMERGENCY" });
      const bypass = {
        tech_id: techs[0],
        dispatch_mode: "EMERGENCY_BYPASS",
        dispatch_rationale: "shop front open at night",
        dispatch_confirmation: true,
      };
      assert.equal((await api.run("assignment.dispatch", { ticket: id, body: bypass })).state, "DISPATCHED");
      assert.partialDeepStrictEqual(await attentionOf(id), { code: "NOBODY_FREE" });
    });

    test("is moved to a time at which both can, or not at all", async () => {
      const { siteId, techs } = await zoneOf({}, { hours: ["10:00", "14:00"], skills: [] });
      const { id } = await ready(siteId);
      await api.run("schedule.book", { ticket: id });
      const before = await live(id);
      const day = api.clock.in(2_880).slice(0, 10);
      const evening = { start: `${day}T18:00:00.000Z`, end: `${day}T19:00:00.000Z`, reason: "they are closed at noon" };
      const { error } = await api.refuse("schedule.move", { ticket: id, body: evening });
      assert.deepEqual([error.code, error["needed"], error["free"]], ["NO_FEASIBLE_SLOT", 2, 1]);
      assert.deepEqual(await live(id), before);
      const noon = { ...evening, start: `${day}T11:00:00.000Z`, end: `${day}T12:00:00.000Z` };
      const { crew } = await api.run("schedule.move", { ticket: id, body: noon });
      assert.deepEqual(
        crew.map(({ tech_id }) => tech_id),
        techs,
      );
    });

    test("breaks with another kind of work that takes fewer", async () => {
      const { siteId } = await zoneOf({}, {});
      const { id } = await ready(siteId);
      await api.run("schedule.book", { ticket: id });
      const body = { incident_type: "CLOSER_LEAKING_OR_SLAMMING" };
      const { error } = await api.refuse("ticket.update", { ticket: id, body });
      assert.deepEqual([error.code, error["fields"]], ["BOOKING_AT_STAKE", ["incident_type"]]);
      await api.run("ticket.update", { ticket: id, body: { ...body, replan: true } });
      assert.deepEqual(await live(id), []);
      assert.equal((await api.run("schedule.book", { ticket: id })).crew.length, 1);
    });
  });
}

describe("a worker", async () => {
  const policy = policyWithCrews("pilot", people);
  const api = await startTestApi({ policy });
  const worker = await startTestWorker(api, { policy });
  const scheduled = async (siteId: string, window: { start: string; end: string }) =>
    (await ticketIn(api, "SCHEDULED", { siteId, window })).id;
  const crewOf = async (ticket: string) => (await api.read("tech.job_packet", { ticket, as: "tech" })).packet.crew;
  const stateOf = async (ticket: string) => (await api.read("ticket.get", { ticket })).state;
  const attentionOf = async (api_: TestApi, ticket: string) =>
    (await api_.read("dispatcher.cockpit", { query: "limit=200" })).queue.find(({ ticket_id }) => ticket_id === ticket)
      ?.attention;

  test("books both and sends both", async () => {
    const siteId = await addSite(api.owner, { region: "W1" });
    await addTechnician(api.owner, { zone: "W1" });
    await addTechnician(api.owner, { zone: "W1", skills: [] });
    const window = { start: api.clock.in(2_880), end: api.clock.in(2_940) };
    const id = await scheduled(siteId, window);
    await worker.until("both are booked", async () => (await crewOf(id)).length === 2);
    assert.equal(await stateOf(id), "SCHEDULED");
    const before = (await crewOf(id)).map(({ tech_id, role }) => [tech_id, role]);
    api.clock.set(api.clock.in(2_800));
    await worker.until("they are sent", async () => (await stateOf(id)) === "DISPATCHED");
    assert.deepEqual(
      (await crewOf(id)).map(({ tech_id, role }) => [tech_id, role]),
      before,
    );
  });

  test("tells how many it takes and how many there are, and books nobody", async () => {
    const siteId = await addSite(api.owner, { region: "W2" });
    await addTechnician(api.owner, { zone: "W2" });
    const id = await scheduled(siteId, { start: api.clock.in(2_880), end: api.clock.in(2_940) });
    await worker.until("it is told", async () => (await attentionOf(api, id))?.code === "NOBODY_FREE");
    const attention = await attentionOf(api, id);
    assert.equal(attention?.detail, "The visit takes 2 people at once, and 1 is free at the promised time.");
    assert.deepEqual(await crewOf(id), []);
    // Whoever comes on the roster makes it whole.
    await api.run("roster.upsert", {
      body: { name: "Late Comer", zone: "W2", skills: [], service_types: ["DEFAULT"], abilities_on_record: undefined },
    });
    await worker.until("both are booked", async () => (await crewOf(id)).length === 2);
  });

  test("keeps the helpers of a visit whose lead was taken off", async () => {
    const siteId = await addSite(api.owner, { region: "W3" });
    const [first, helper] = [
      await addTechnician(api.owner, { zone: "W3", quality: 90 }),
      await addTechnician(api.owner, { zone: "W3", skills: [] }),
    ];
    const id = await scheduled(siteId, { start: api.clock.in(2_880), end: api.clock.in(2_940) });
    await worker.until("both are booked", async () => (await crewOf(id)).length === 2);
    const successor = await addTechnician(api.owner, { zone: "W3", quality: 20 });
    await api.run("assignment.unassign", { ticket: id, body: why });
    api.clock.set(api.clock.in(api.desk.policy.handsOffMinutes + 1));
    await worker.until("both are booked again", async () => (await crewOf(id)).length === 2);
    const crew = await crewOf(id);
    assert.deepEqual(
      crew.map(({ tech_id, role }) => [tech_id, role]),
      [
        [successor, "lead"],
        [helper, "helper"],
      ],
    );
    assert.notEqual(first, successor);
  });
});
