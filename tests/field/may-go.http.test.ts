// May this technician go? Whoever asks, and whatever is left out of the question, the answer is the same.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, type TechnicianRow } from "../support/directory.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";

const rationale = { dispatch_rationale: "the shop front stands open", dispatch_confirmation: true };
const bypass = { dispatch_mode: "EMERGENCY_BYPASS", ...rationale };
const why = { reason_code: "other", note: "she learnt it at her last firm" };
const latch = "DOOR_WONT_LATCH";

const dispatched = async (api: TestApi, ticket: string, body: object) => {
  const { status, text } = await api.call("assignment.dispatch", { ticket, body });
  const { error = {} } = Object(JSON.parse(text));
  return { status, code: error.code, error };
};

for (const profile of profiles) {
  describe(`in ${profile} who may not go`, async () => {
    const api = await startTestApi({ profile });
    const unable: readonly (readonly [string, TechnicianRow, string, object])[] = [
      ["lacks a skill", { skills: [] }, "SKILL_MISSING", { missing_skills: ["door_hardware"], missing_tools: [] }],
      ["does other work", { serviceTypes: ["GLASS"] }, "SKILL_MISSING", { missing_skills: [], service_type: latch }],
    ];
    for (const [what, row, reason, details] of unable)
      test(`since they ${what} is refused everywhere, unless overridden`, async () => {
        const tech_id = await addTechnician(api.owner, row);
        const { id } = await ticketIn(api, "SCHEDULED");
        const body = { service_type: latch, recommendation_limit: 20 };
        const { rejected, snapshot_id } = await api.run("assignment.recommend", { ticket: id, body });
        assert.equal(rejected.find((one) => one.tech_id === tech_id)?.reason, reason);
        const { id: triaged } = await ticketIn(api, "TRIAGED", { priority: "EMERGENCY" });
        for (const [ticket, mode] of [
          [id, {}],
          [id, { dispatch_mode: "WORKER_AUTO" }],
          [triaged, { ...rationale, dispatch_mode: "STANDARD" }],
          [triaged, bypass],
        ] as const) {
          const { error } = await api.refuse("assignment.dispatch", { ticket, body: { tech_id, ...mode } });
          const about = { code: "ASSIGNMENT_CAPABILITY_MISMATCH", incident_type: latch, ...details };
          assert.partialDeepStrictEqual(error, { ...about, tech_id, recommendation_snapshot_id: null });
        }
        const first = await dispatched(api, id, { tech_id, recommendation_snapshot_id: snapshot_id });
        assert.equal(first.code, "ASSIGNMENT_RECOMMENDATION_MISMATCH", "nor is it the one who was recommended");
        const overridden = { override_type: "reassign_tech", tech_id, ...why };
        const { ticket } = await api.run("assignment.override", { ticket: id, body: overridden });
        assert.equal(ticket.assigned_tech_id, tech_id);
      });

    test("since they work in another zone is refused, but goes to an emergency", async () => {
      const tech_id = await addTechnician(api.owner, { zone: "NV" });
      const { id } = await ticketIn(api, "SCHEDULED");
      const { error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id } });
      assert.partialDeepStrictEqual(error, { code: "ASSIGNMENT_ZONE_MISMATCH", ticket_region: "CA", tech_id });
      const { id: triaged } = await ticketIn(api, "TRIAGED", { priority: "EMERGENCY" });
      const standard = await dispatched(api, triaged, { tech_id, ...rationale, dispatch_mode: "STANDARD" });
      assert.equal(standard.code, "ASSIGNMENT_ZONE_MISMATCH");
      assert.equal((await dispatched(api, triaged, { tech_id, ...bypass })).status, 200);
      const overridden = { override_type: "direct_dispatch_bypass", tech_id, ...why };
      assert.equal((await api.call("assignment.override", { ticket: id, body: overridden })).status, 200);
    });

    const rule = profile === "pilot" ? "who is new may do anything" : "who is new may do nothing that asks for a skill";
    test(`until something is said of their skills, ${rule}; none is none`, async () => {
      const body = { name: "New", zone: "CA" };
      const { technician } = await api.run("roster.upsert", { body });
      assert.deepEqual([technician.skills, technician.abilities_on_record], [[], false]);
      const asked = async (tech_id: string) => {
        const { id } = await ticketIn(api, "TRIAGED", { priority: "EMERGENCY" });
        const { status, code } = await dispatched(api, id, { tech_id, ...bypass });
        return status === 200 ? "sent" : code;
      };
      const mismatch = "ASSIGNMENT_CAPABILITY_MISMATCH";
      assert.equal(await asked(technician.id), profile === "pilot" ? "sent" : mismatch);
      for (const told of [{ skills: [] }, { skills: ["glazing"] }]) {
        const { technician: known } = await api.run("roster.upsert", { body: { tech_id: technician.id, ...told } });
        assert.equal(known.abilities_on_record, true);
        assert.equal(await asked(technician.id), mismatch);
      }
      const { technician: other } = await api.run("roster.upsert", { body: { ...body, skills: ["door_hardware"] } });
      assert.equal(await asked(other.id), "sent");
    });

    test("is nobody who was recommended", async () => {
      const { id } = await ticketIn(api, "SCHEDULED");
      const body = { service_type: latch, recommendation_limit: 20 };
      const { recommendations } = await api.run("assignment.recommend", { ticket: id, body });
      assert.ok(recommendations.length > 1);
      for (const { tech_id } of recommendations) {
        assert.equal((await dispatched(api, id, { tech_id })).status, 200);
        await api.run("assignment.unassign", { ticket: id, body: { reason_code: "other", note: "only tried it" } });
      }
    });
  });

  describe(`in ${profile} an emergency`, async () => {
    const api = await startTestApi({ profile });
    for (const state of ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const)
      test(`goes at once from ${state}, with a reason alone`, async () => {
        const tech_id = await addTechnician(api.owner, { zone: "NV", hours: ["03:00", "04:00"] });
        const { id } = await ticketIn(api, state, { priority: "EMERGENCY" });
        const { dispatch_rationale: _, ...unexplained } = bypass;
        const { id: routine } = await ticketIn(api, state);
        for (const [ticket, body, missing] of [
          [id, unexplained, "dispatch_rationale"],
          [routine, bypass, "priority"],
        ] as const) {
          const { code, error } = await dispatched(api, ticket, { tech_id, ...body });
          // What is scheduled is sent as ever, and not past the zone.
          if (state === "SCHEDULED") assert.equal(code, "ASSIGNMENT_ZONE_MISMATCH");
          else assert.deepEqual([code, error.missing_fields], ["ASSIGNMENT_BYPASS_DENIED", [missing]]);
        }
        const { code } = await dispatched(api, id, { tech_id, ...rationale });
        assert.equal(code, state === "SCHEDULED" ? "ASSIGNMENT_ZONE_MISMATCH" : "INVALID_STATE_TRANSITION");
        const { receipt } = await api.run("assignment.dispatch", { ticket: id, body: { tech_id, ...bypass } });
        assert.deepEqual([receipt.before_state, receipt.after_state], [state, "DISPATCHED"]);
        const { rows } = await api.owner.query("SELECT lower(span) AS start FROM bookings WHERE ticket_id = $1", [id]);
        assert.deepEqual(rows, [{ start: new Date(api.clock.iso) }]);
      });

    test("is past hours, time off and bookings, and makes the technician busy", async () => {
      const tech_id = await addTechnician(api.owner);
      const window = { start: api.clock.iso, end: api.clock.in(60) };
      await ticketIn(api, "DISPATCHED", { techId: tech_id, window });
      const { id } = await ticketIn(api, "TRIAGED", { priority: "EMERGENCY" });
      await api.run("assignment.dispatch", { ticket: id, body: { tech_id, ...bypass } });
      const { id: next } = await ticketIn(api, "READY_TO_SCHEDULE");
      const query = `tech_id=${tech_id}&duration_minutes=15&latest=${api.clock.in(90)}`;
      const { slots, rejected } = await api.read("schedule.slots", { ticket: next, query });
      assert.deepEqual([slots, rejected.map(({ reason }) => reason)], [[], ["BOOKED"]]);
    });
  });
}

describe("a technician on site", async () => {
  const api = await startTestApi({ profile: "pilot" });
  /** A technician with this work under way, and a further ticket whose time is now. */
  const onSite = async (from: number, to: number, row: TechnicianRow = {}) => {
    const techId = await addTechnician(api.owner, row);
    const window = { start: api.clock.in(from), end: api.clock.in(to) };
    const { id } = await ticketIn(api, "IN_PROGRESS", { techId, window });
    return { techId, id };
  };
  const slotsOf = async (techId: string, latest: number) => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const query = `tech_id=${techId}&duration_minutes=15&latest=${api.clock.in(latest)}`;
    return { id, ...(await api.read("schedule.slots", { ticket: id, query })) };
  };
  const reasonsFor = async (techId: string) => {
    const { id, rejected } = await slotsOf(techId, 45);
    const wish = { tech_id: techId, duration_minutes: 15, latest: api.clock.in(45) };
    const { error } = await api.refuse("schedule.book", { ticket: id, body: wish });
    const { id: now } = await ticketIn(api, "SCHEDULED", { window: { start: api.clock.in(5), end: api.clock.in(45) } });
    const ranking = await api.run("assignment.recommend", {
      ticket: now,
      body: { service_type: latch, recommendation_limit: 20 },
    });
    const sent = await dispatched(api, now, { tech_id: techId });
    return {
      slots: rejected.map(({ reason }) => reason),
      book: error.code,
      recommend: ranking.rejected.find(({ tech_id }) => tech_id === techId)?.reason,
      dispatch: [sent.code, sent.error.reason],
    };
  };
  const busy = { slots: ["BUSY"], book: "NO_FEASIBLE_SLOT", recommend: "BUSY", dispatch: ["TECH_UNAVAILABLE", "BUSY"] };

  for (const [what, from, to, row] of [
    ["whose work runs over", -100, -10, {}],
    ["whose work has run over for two days", -3_000, -2_900, {}],
    ["whose work began early", 60, 120, {}],
    ["whose planned end is ahead", -10, 60, {}],
    ["whose hours nobody knows, and whose work runs over", -100, -10, { hours: null }],
  ] as const)
    test(`${what} is busy for everybody who asks`, async () => {
      const { techId } = await onSite(from, to, row);
      assert.deepEqual(await reasonsFor(techId), busy);
    });

  test("who waits at the door for an approver is busy, until they are free", async () => {
    const { techId, id } = await onSite(-100, -10);
    const ask = { approval_type: "NTE_INCREASE", amount_delta_cents: 100, reason: "a second hinge" };
    const { approval } = await api.run("tech.request_change", { as: "tech", ticket: id, body: ask });
    assert.deepEqual(await reasonsFor(techId), busy);
    const done = await ticketIn(api, "VERIFIED", {
      techId: await addTechnician(api.owner),
      window: { start: api.clock.in(-100), end: api.clock.in(-10) },
    });
    await api.run("billing.request_limit", {
      as: "finance",
      ticket: done.id,
      body: { amount_delta_cents: 100, reason: "the part was dearer" },
    });
    assert.ok((await slotsOf(done.techId, 45)).slots.length > 0, "finance waits, nobody at a door");
    await api.run("approval.decide", { ticket: id, body: { approval_id: approval.id, decision: "APPROVED" } });
    assert.deepEqual(await reasonsFor(techId), busy);
  });

  test("is free again when the work is done, on another day, and beside work that QA sent back", async () => {
    const { techId, id } = await onSite(-100, -10);
    assert.ok((await slotsOf(techId, 2_880)).slots.length > 0, "another day");
    await api.run("tech.hold", { ticket: id, body: { reason_code: "parts" } });
    assert.ok((await slotsOf(techId, 45)).slots.length > 0, "on hold");
    await api.run("tech.resume", { ticket: id });
    assert.deepEqual((await slotsOf(techId, 45)).slots, []);
    const done = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION", {
      techId: await addTechnician(api.owner),
      window: { start: api.clock.in(-100), end: api.clock.in(-10) },
    });
    await api.run("qa.return_work", { ticket: done.id, body: { reasons: ["a photo is missing"] } });
    assert.ok((await slotsOf(done.techId, 45)).slots.length > 0, "QA asks for a photo");
  });

  test("may be sent on by who says why", async () => {
    const { techId } = await onSite(-100, -10);
    const { id } = await ticketIn(api, "SCHEDULED", { window: { start: api.clock.in(30), end: api.clock.in(60) } });
    const body = { override_type: "reassign_tech", tech_id: techId, ...why, note: "he calls to say he is done soon" };
    assert.equal((await api.run("assignment.override", { ticket: id, body })).ticket.assigned_tech_id, techId);
  });
});

describe("no more jobs at once than a technician may have", async () => {
  const api = await startTestApi();
  const person = (maxConcurrent: number, hours: TechnicianRow["hours"] = null) =>
    addTechnician(api.owner, { maxConcurrent, hours });

  test("holds for emergencies, by night and by day", async () => {
    for (const hours of [null, ["00:00", "00:00"]] as const) {
      const tech_id = await person(2, hours);
      const send = async (state: "TRIAGED" | "READY_TO_SCHEDULE") =>
        dispatched(api, (await ticketIn(api, state, { priority: "EMERGENCY" })).id, { tech_id, ...bypass });
      assert.deepEqual([(await send("TRIAGED")).status, (await send("READY_TO_SCHEDULE")).status], [200, 200]);
      const { code, error } = await send("TRIAGED");
      assert.deepEqual([code, error.max_concurrent], ["ASSIGNMENT_LIMIT", 2]);
    }
  });

  test("holds for those who ask at the same moment", async () => {
    const tech_id = await person(2);
    const tickets = await Promise.all(
      Array.from({ length: 6 }, () => ticketIn(api, "TRIAGED", { priority: "EMERGENCY" })),
    );
    const answers = await Promise.all(tickets.map(({ id }) => dispatched(api, id, { tech_id, ...bypass })));
    const codes = answers.map(({ status, code }) => (status === 200 ? "sent" : code)).toSorted();
    assert.deepEqual(codes, [...Array.from({ length: 4 }, () => "ASSIGNMENT_LIMIT"), "sent", "sent"]);
  });

  test("holds for whose hours nobody knows, at the same time only", async () => {
    const tech_id = await person(1);
    const window = freeWindow(api);
    await ticketIn(api, "DISPATCHED", { techId: tech_id, window });
    const { id } = await ticketIn(api, "SCHEDULED", { window });
    assert.equal((await dispatched(api, id, { tech_id })).code, "ASSIGNMENT_LIMIT");
    const body = { service_type: latch, recommendation_limit: 20 };
    const { rejected } = await api.run("assignment.recommend", { ticket: id, body });
    assert.equal(rejected.find((one) => one.tech_id === tech_id)?.reason, "AT_LIMIT");
    const wish = { tech_id, earliest: window.start, latest: window.end, duration_minutes: 60 };
    const { id: open } = await ticketIn(api, "READY_TO_SCHEDULE");
    assert.equal((await api.refuse("schedule.book", { ticket: open, body: wish })).error.code, "NO_FEASIBLE_SLOT");
    const { id: later } = await ticketIn(api, "SCHEDULED");
    assert.equal((await dispatched(api, later, { tech_id })).status, 200, "at another time");
    const overridden = { override_type: "reassign_tech", tech_id, ...why };
    assert.equal((await api.call("assignment.override", { ticket: id, body: overridden })).status, 200);
  });
});

describe("a window that has begun", async () => {
  const api = await startTestApi({ profile: "strict" });
  const begun = () => ticketIn(api, "READY_TO_SCHEDULE").then(({ id }) => id);
  const shift = async (from: number, to: number) =>
    addTechnician(api.owner, { hours: [api.clock.in(from).slice(11, 16), api.clock.in(to).slice(11, 16)] });

  test("is taken by whoever is on duty for what is left of it", async () => {
    const [cameOn, goesOff, comesLater] = [await shift(-10, 300), await shift(-300, 60), await shift(10, 300)];
    const window = { start: api.clock.in(5), end: api.clock.in(125) };
    const ticket = await begun();
    await api.run("schedule.propose", { ticket, body: { options: [window] } });
    await api.run("schedule.confirm", { ticket, body: window });
    api.clock.advance(30);
    const body = { service_type: latch, recommendation_limit: 20 };
    const { rejected } = await api.run("assignment.recommend", { ticket, body });
    const reasonOf = (tech: string) => rejected.find(({ tech_id }) => tech_id === tech)?.reason;
    assert.deepEqual([cameOn, comesLater, goesOff].map(reasonOf), [undefined, undefined, "OFF_SHIFT"]);
    assert.equal((await dispatched(api, ticket, { tech_id: goesOff })).error.reason, "OFF_SHIFT");
    await api.run("assignment.dispatch", { ticket, body: { tech_id: comesLater } });
    const { rows } = await api.owner.query("SELECT lower(span) AS start FROM bookings WHERE ticket_id = $1", [ticket]);
    assert.deepEqual(rows, [{ start: new Date(api.clock.iso) }], "nothing is taken of what has passed");
  });

  test("is judged whole before it begins", async () => {
    const comesLater = await shift(60, 300);
    const { id } = await ticketIn(api, "SCHEDULED", { window: { start: api.clock.in(30), end: api.clock.in(120) } });
    assert.equal((await dispatched(api, id, { tech_id: comesLater })).error.reason, "OFF_SHIFT");
    assert.equal((await dispatched(api, id, { tech_id: ana })).status, 200);
  });
});
