// assignment.crew: who goes along with a lead. Each helper has their own time taken and comes themselves; whatever becomes of the
// visit becomes of all of them, and a crew that somebody left is told of.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import type { TicketState } from "../../dispatch/contract/states.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, type TechnicianRow } from "../support/directory.ts";
import { addVerified } from "../support/evidence.ts";
import { addAllEvidence, completion, freeWindow, ticketIn } from "../support/ticket-builder.ts";

const reason = "The door weighs 90 kg";
const why = { reason_code: "capacity", note: "another job takes longer" } as const;

type Booked = { technician_id: string; role: string; state: string };

const bookingsOf = async (api: TestApi, ticket: string): Promise<Booked[]> =>
  (
    await api.owner.query<Booked>(
      "SELECT technician_id, role, state FROM bookings WHERE ticket_id = $1 ORDER BY role DESC, created_at, id",
      [ticket],
    )
  ).rows;
const live = async (api: TestApi, ticket: string) =>
  (await bookingsOf(api, ticket)).filter(({ state }) => state === "firm").map((one) => [one.technician_id, one.role]);
const attentionOf = async (api: TestApi, ticket: string) => {
  const { queue } = await api.read("dispatcher.cockpit", { query: "limit=200" });
  return queue.find(({ ticket_id }) => ticket_id === ticket)?.attention ?? null;
};

describe("a crew", async () => {
  const api = await startTestApi({ profile: "strict" });
  const someone = (row: TechnicianRow = {}) => addTechnician(api.owner, row);
  /** A visit with a lead of its own and so many helpers. */
  const crewed = async (state: TicketState, helpers = 1) => {
    const techId = await someone();
    const near = { start: api.clock.in(10), end: api.clock.in(70) };
    const { id, window } = await ticketIn(api, state, {
      techId,
      ...(state === "SCHEDULED" && { booked: true }),
      ...(state === "IN_PROGRESS" && { window: near }),
    });
    const add = await Promise.all(Array.from({ length: helpers }, () => someone()));
    const { crew } = await api.run("assignment.crew", { ticket: id, body: { add, reason } });
    return { id, techId, helpers: add, window, crew };
  };
  const slotsOf = async (tech: string, within = 45) => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const query = `tech_id=${tech}&duration_minutes=15&latest=${api.clock.in(within)}`;
    return (await api.read("schedule.slots", { ticket: id, query })).slots.length;
  };

  for (const state of ["SCHEDULED", "DISPATCHED", "IN_PROGRESS"] as const)
    test(`is named ${state}: each is booked, in the packet and in the history, and nothing else changes`, async () => {
      const { id, techId, helpers, crew } = await crewed(state, 2);
      const [one, two] = helpers;
      const after = await api.read("ticket.get", { ticket: id });
      assert.deepEqual([after.state, after.assigned_tech_id], [state, techId]);
      assert.deepEqual(
        crew.map(({ tech_id, role }) => [tech_id, role]).toSorted(),
        [
          [techId, "lead"],
          [one, "helper"],
          [two, "helper"],
        ].toSorted(),
      );
      assert.deepEqual((await live(api, id)).toSorted(), crew.map((m) => [m.tech_id, m.role]).toSorted());
      const { packet } = await api.read("tech.job_packet", { ticket: id, as: "tech" });
      assert.deepEqual(
        packet.crew.map(({ booking_id }) => booking_id),
        crew.map(({ booking_id }) => booking_id),
      );
      const { events } = await api.read("ticket.timeline", { ticket: id });
      assert.partialDeepStrictEqual(events.at(-1)?.payload, { added: helpers, removed: [], reason, people: 3 });
      assert.equal(await attentionOf(api, id), null);
    });

  test("is found by each of its people, in the queue and in searches, also when the work is done", async () => {
    const { id, helpers, techId } = await crewed("IN_PROGRESS", 2);
    const [one = "", two = ""] = helpers;
    await api.run("assignment.crew", { ticket: id, body: { remove: [two] } });
    const booked = await crewed("SCHEDULED");
    const [none = ""] = booked.helpers;
    await api.run("assignment.crew", { ticket: booked.id, body: { remove: [none] } });
    const found = async (who: string) => {
      const { queue } = await api.read("dispatcher.cockpit", { query: `assigned_tech_id=${who}` });
      const { tickets } = await api.read("ticket.search", { query: `assigned_tech_id=${who}&priority=ROUTINE` });
      return [queue.map(({ ticket_id }) => ticket_id), tickets.map((ticket) => ticket.id)];
    };
    for (const who of [techId, one, two]) assert.deepEqual(await found(who), [[id], [id]]);
    assert.deepEqual(await found(none), [[], []], "who was taken off before it began has no part in it");
    const checkOut = { timestamp: api.clock.iso, tech_id: one, check_out: true };
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso, tech_id: one } });
    await api.run("tech.check_in", { ticket: id, body: checkOut });
    assert.deepEqual(await found(one), [[id], [id]]);
  });

  test("takes the time of each, and who is removed is free again", async () => {
    const { id, helpers, techId } = await crewed("IN_PROGRESS", 2);
    const [one = "", two = ""] = helpers;
    assert.deepEqual([await slotsOf(one), await slotsOf(two)], [0, 0]);
    const { crew, helpers_missing } = await api.run("assignment.crew", { ticket: id, body: { remove: [one] } });
    assert.deepEqual([crew.map(({ tech_id }) => tech_id), helpers_missing], [[techId, two], 0]);
    assert.ok((await slotsOf(one)) > 0);
    const { technicians } = await api.read("roster.list", { query: "limit=500" });
    const loadOf = (id: string) => technicians.find((tech) => tech.id === id)?.open_tickets;
    assert.deepEqual([loadOf(techId), loadOf(one), loadOf(two)], [1, 0, 1]);
  });

  let writtenHere = "";
  test("is at work until it checks out, however long that takes", async () => {
    const { id, helpers } = await crewed("IN_PROGRESS");
    const [helper = ""] = helpers;
    writtenHere = id;
    await api.owner.query("UPDATE tickets SET scheduled_start = $2, scheduled_end = $3 WHERE id = $1", [
      id,
      api.clock.in(-2_900),
      api.clock.in(-2_800),
    ]);
    await api.owner.query("UPDATE bookings SET span = tstzrange($2, $3) WHERE ticket_id = $1", [
      id,
      api.clock.in(-2_900),
      api.clock.in(-2_800),
    ]);
    assert.equal(await slotsOf(helper), 0);
    const order = { ticket: (await ticketIn(api, "SCHEDULED")).id, body: { tech_id: helper, ...why } };
    const at = { start: api.clock.in(1), end: api.clock.in(40) };
    await api.run("schedule.move", {
      ticket: order.ticket,
      body: { ...at, tech_id: await someone(), reason: "sooner" },
    });
    const { error } = await api.refuse("assignment.dispatch", { ticket: order.ticket, body: { tech_id: helper } });
    assert.deepEqual([error.code, error["reason"]], ["TECH_UNAVAILABLE", "BUSY"]);
  });

  test("comes one by one: the first begins the visit, the others join it, and none comes twice", async () => {
    const { id, techId, helpers } = await crewed("DISPATCHED", 2);
    const [one = "", two = ""] = helpers;
    const call = (tech: string) => ({
      ticket: id,
      as: "tech",
      headers: { "x-tech-id": tech },
      body: { timestamp: api.clock.iso },
    });
    assert.equal((await api.run("tech.check_in", call(one))).state, "IN_PROGRESS");
    const { receipt, ...joined } = await api.run("tech.check_in", call(techId));
    assert.deepEqual([receipt.before_state, joined.state], ["IN_PROGRESS", "IN_PROGRESS"]);
    for (const again of [one, techId]) {
      const { error } = await api.refuse("tech.check_in", call(again));
      assert.equal(error.code, "INVALID_STATE_TRANSITION");
    }
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso, tech_id: two } });
    const { packet } = await api.read("tech.job_packet", { ticket: id, as: "tech" });
    assert.deepEqual(
      packet.crew.map(({ checked_in_at }) => checked_in_at !== null),
      [true, true, true],
    );
    const stranger = await api.refuse("tech.check_in", call(await someone()));
    assert.equal(stranger.error.code, "NOT_ASSIGNED_TECH");
    const named = { ticket: id, body: { timestamp: api.clock.iso, tech_id: await someone() } };
    const { error } = await api.refuse("tech.check_in", named);
    assert.partialDeepStrictEqual(error, { code: "INVALID_REQUEST", validation_errors: [{ path: "tech_id" }] });
    const other = { ...call(one), body: { timestamp: api.clock.iso, tech_id: two } };
    assert.equal((await api.refuse("tech.check_in", other)).error.code, "INVALID_REQUEST");
  });

  test("checks out one by one as well, with what each did; the lead ends the visit", async () => {
    const { id, techId, helpers } = await crewed("DISPATCHED");
    const [helper = ""] = helpers;
    const out = { timestamp: api.clock.iso, check_out: true, work: { labor_minutes: 50 } };
    const early = await api.refuse("tech.check_in", { ticket: id, body: { ...out, tech_id: helper } });
    assert.equal(early.error.code, "INVALID_STATE_TRANSITION");
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso } });
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso, tech_id: helper } });
    const asLead = await api.refuse("tech.check_in", { ticket: id, body: { ...out, tech_id: techId } });
    assert.partialDeepStrictEqual(asLead.error, {
      code: "INVALID_REQUEST",
      validation_errors: [{ path: "check_out" }],
    });
    const noWork = await api.refuse("tech.check_in", {
      ticket: id,
      body: { timestamp: api.clock.iso, tech_id: helper, work: { labor_minutes: 5 } },
    });
    assert.partialDeepStrictEqual(noWork.error, { code: "INVALID_REQUEST", validation_errors: [{ path: "work" }] });
    await api.run("tech.check_in", { ticket: id, body: { ...out, tech_id: helper } });
    assert.deepEqual(await live(api, id), [[techId, "lead"]]);
    assert.ok((await slotsOf(helper)) > 0);
    assert.equal(await attentionOf(api, id), null, "whoever is done is not missing");
    await addAllEvidence(api, id);
    const work = { labor_minutes: 70, travel_minutes: 0, parts: [] };
    await api.run("tech.complete", { ticket: id, as: "tech", body: { ...completion, work } });
    await api.run("qa.verify", { ticket: id, as: "qa", body: { timestamp: api.clock.iso, result: "PASS" } });
    const { invoice } = await api.run("billing.generate_invoice", { ticket: id, as: "finance" });
    const labor = invoice.lines.filter(({ kind }) => kind === "labor");
    assert.deepEqual(
      labor.map(({ visit, quantity }) => [visit, quantity]),
      [[1, 2]],
      "one visit, with the labour of both",
    );
  });

  test("may add to the work and not end it, each of those who only help", async () => {
    const { id, helpers, techId } = await crewed("IN_PROGRESS");
    const as = (tech: string) => ({ ticket: id, as: "tech", headers: { "x-tech-id": tech } });
    const [helper = ""] = helpers;
    await api.run("ticket.add_note", { ...as(helper), body: { text: "the frame is bent" } });
    const evidence = { kind: "PHOTO", uri: "https://photos.example/frame.jpg", checksum: "a".repeat(64) };
    await api.run("closeout.add_evidence", { ...as(helper), body: evidence });
    const stop = { body: { reason_code: "parts" } };
    const { error } = await api.refuse("tech.hold", { ...as(helper), ...stop });
    assert.deepEqual([error.code, error["assigned_tech_id"]], ["NOT_ASSIGNED_TECH", techId]);
    const stranger = { ...as(await someone()), body: { text: "hello" } };
    assert.equal((await api.refuse("ticket.add_note", stranger)).error.code, "NOT_ASSIGNED_TECH");
    await api.run("tech.hold", { ...as(techId), ...stop });
    assert.deepEqual((await live(api, id)).length, 2, "who waits is still of the crew");
  });

  test("moves whole, and stays whole where one of them cannot", async () => {
    const { id, techId, helpers } = await crewed("DISPATCHED");
    const [helper = ""] = helpers;
    const window = freeWindow(api);
    const moved = await api.run("schedule.move", { ticket: id, body: { ...window, reason } });
    assert.deepEqual(
      moved.crew.map(({ tech_id, role }) => [tech_id, role]),
      [
        [techId, "lead"],
        [helper, "helper"],
      ],
    );
    assert.deepEqual(await live(api, id), [
      [techId, "lead"],
      [helper, "helper"],
    ]);
    const { rows } = await api.owner.query(
      "SELECT DISTINCT lower(span) AS start FROM bookings WHERE ticket_id = $1 AND state = 'firm'",
      [id],
    );
    assert.deepEqual(rows, [{ start: new Date(window.start) }]);
    const taken = freeWindow(api);
    await ticketIn(api, "DISPATCHED", { techId: helper, window: taken });
    const again = await api.run("schedule.move", { ticket: id, body: { ...taken, reason } });
    assert.equal(again.crew.length, 2, "somebody else goes along");
    assert.ok(!again.crew.some(({ tech_id }) => tech_id === helper));
  });

  for (const [tool, body, states] of [
    ["schedule.reopen", { reason }, "released"],
    ["ticket.cancel", { reason }, "released"],
    ["closeout.no_work", { reason_code: "not_needed", note: "it latches" }, "done"],
  ] as const)
    test(`ends whole with ${tool}`, async () => {
      const { id } = await crewed("DISPATCHED", 2);
      if (tool === "closeout.no_work")
        for (const { key } of api.desk.policies.live.noWorkTemplates["NOT_NEEDED"]?.requiredEvidence ?? [])
          await addVerified(api, { ticket: id, as: "dispatcher" }, key);
      await api.run(tool, { ticket: id, body });
      assert.deepEqual(
        (await bookingsOf(api, id)).map(({ state }) => state),
        [states, states, states],
      );
    });

  test("keeps its helpers where only the lead goes", async () => {
    const sent = await crewed("DISPATCHED");
    const [helper = ""] = sent.helpers;
    await api.run("assignment.unassign", { ticket: sent.id, body: why });
    assert.deepEqual(await live(api, sent.id), [[helper, "helper"]]);
    const successor = await someone();
    await api.run("assignment.dispatch", { ticket: sent.id, body: { tech_id: successor } });
    assert.deepEqual(await live(api, sent.id), [
      [successor, "lead"],
      [helper, "helper"],
    ]);
    const working = await crewed("IN_PROGRESS");
    const heir = await someone();
    await api.run("assignment.transfer", { ticket: working.id, body: { tech_id: heir, reason: "his shift is over" } });
    assert.deepEqual(await live(api, working.id), [
      [heir, "lead"],
      [working.helpers[0], "helper"],
    ]);
    assert.equal(await attentionOf(api, working.id), null);
  });

  test("is one short where a helper takes the lead", async () => {
    const { id, helpers, techId } = await crewed("IN_PROGRESS");
    const [tech_id = ""] = helpers;
    await api.run("assignment.transfer", { ticket: id, body: { tech_id, reason: "the lead fell ill" } });
    assert.deepEqual(await live(api, id), [[tech_id, "lead"]]);
    assert.partialDeepStrictEqual(await attentionOf(api, id), { code: "NOBODY_FREE" });
    assert.ok((await slotsOf(techId)) > 0);
    const { helpers_missing } = await api.run("assignment.crew", { ticket: id, body: { people: 1, reason: "enough" } });
    assert.deepEqual([helpers_missing, await attentionOf(api, id)], [0, null]);
  });

  const leave = {
    "is taken off the roster": (tech_id: string) => api.run("roster.upsert", { body: { tech_id, active: false } }),
    "signs off": (technician: string) => api.run("roster.sign_off", { technician, body: { reason: "fell ill" } }),
  };
  for (const leaves of ["is taken off the roster", "signs off"] as const)
    for (const state of ["SCHEDULED", "DISPATCHED", "IN_PROGRESS"] as const)
      test(`is told of when a helper ${leaves} ${state}, until somebody else is named`, async () => {
        const { id, techId, helpers } = await crewed(state, 2);
        const [gone = "", left = ""] = helpers;
        const { requeued = [] } = await leave[leaves](gone);
        assert.partialDeepStrictEqual(requeued, [{ ticket_id: id, previous_state: state, state }]);
        const after = await api.read("ticket.get", { ticket: id });
        assert.deepEqual([after.state, after.assigned_tech_id], [state, techId]);
        assert.deepEqual(await live(api, id), [
          [techId, "lead"],
          [left, "helper"],
        ]);
        assert.partialDeepStrictEqual(await attentionOf(api, id), {
          code: "NOBODY_FREE",
          detail: "The crew is short of 1 helper; assignment.crew names who goes along.",
        });
        const { helpers_missing } = await api.run("assignment.crew", { ticket: id, body: { add: [await someone()] } });
        assert.deepEqual([helpers_missing, await attentionOf(api, id)], [0, null]);
      });

  test("keeps whoever was booked before they were drained", async () => {
    const { id, helpers, techId } = await crewed("SCHEDULED");
    await api.run("roster.drain", { technician: helpers[0] ?? "", body: { reason: "leaves in May" } });
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    assert.deepEqual(await live(api, id), [
      [techId, "lead"],
      [helpers[0], "helper"],
    ]);
  });

  test("is told of still when the rest is sent, and made whole by it where somebody is free", async () => {
    const { id, helpers, techId, window } = await crewed("SCHEDULED");
    await api.run("roster.sign_off", { technician: helpers[0] ?? "", body: { reason: "fell ill" } });
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    const crew = await live(api, id);
    assert.equal(crew.length, 2);
    assert.equal(await attentionOf(api, id), null);
    assert.ok(window.start > api.clock.iso);
  });

  test("is nobody who may not go, has it already, or is not there; and never more than four", async () => {
    const { id, helpers, techId } = await crewed("SCHEDULED");
    const [helper = ""] = helpers;
    const busy = await crewed("IN_PROGRESS");
    const { window } = await crewed("SCHEDULED");
    const booked = await someone();
    await ticketIn(api, "SCHEDULED", { techId: booked, booked: true, window });
    const rows: readonly (readonly [object, string, string])[] = [
      [{ add: [techId] }, "INVALID_REQUEST", "add/0"],
      [{ add: [helper] }, "INVALID_REQUEST", "add/0"],
      [{ add: [booked, booked] }, "INVALID_REQUEST", "add/1"],
      [{ add: [booked], remove: [booked] }, "INVALID_REQUEST", "add/0"],
      [{ remove: [booked] }, "INVALID_REQUEST", "remove/0"],
      [{ remove: [techId] }, "INVALID_REQUEST", "remove/0"],
      [{ remove: [helper, helper] }, "INVALID_REQUEST", "remove/1"],
      [{ people: 1 }, "INVALID_REQUEST", "people"],
      [{}, "INVALID_REQUEST", ""],
      [{ add: await Promise.all([someone(), someone(), someone()]) }, "INVALID_REQUEST", "add"],
      [{ add: [crypto.randomUUID()] }, "ASSIGNMENT_NOT_FOUND", ""],
      [{ add: [await someone({ active: false })] }, "TECH_UNAVAILABLE", "INACTIVE"],
      [{ add: [await someone({ drained: true })] }, "TECH_UNAVAILABLE", "DRAINED"],
      [{ add: [await someone({ hours: ["01:00", "01:05"] })] }, "TECH_UNAVAILABLE", "OFF_SHIFT"],
      [{ add: [await someone({ serviceTypes: ["AUTO_OPERATOR_FAULT"] })] }, "ASSIGNMENT_CAPABILITY_MISMATCH", ""],
      [{ add: [await someone({ zone: "NV" })] }, "ASSIGNMENT_ZONE_MISMATCH", ""],
    ];
    for (const [body, code, at] of rows) {
      const { error } = await api.refuse("assignment.crew", { ticket: id, body });
      const [first] = Array.isArray(error["validation_errors"]) ? error["validation_errors"] : [];
      assert.deepEqual([error.code, first?.path ?? error["reason"] ?? ""], [code, at], JSON.stringify(body));
    }
    assert.equal((await live(api, id)).length, 2);
    const now = await crewed("IN_PROGRESS");
    const taken = await api.refuse("assignment.crew", { ticket: now.id, body: { add: busy.helpers } });
    assert.deepEqual([taken.error.code, taken.error["reason"]], ["TECH_UNAVAILABLE", "BUSY"]);
    const own = await api.refuse("assignment.crew", {
      ticket: (await ticketIn(api, "SCHEDULED", { techId: await someone(), booked: true, window })).id,
      body: { add: [booked] },
    });
    assert.deepEqual([own.error.code, own.error["reason"]], ["TECH_UNAVAILABLE", "BOOKED"]);
    // Hands without the lead's skills are welcome.
    const hands = await api.run("assignment.crew", { ticket: id, body: { add: [await someone({ skills: [] })] } });
    assert.equal(hands.crew.length, 3);
    const early = await api.refuse("assignment.crew", {
      ticket: (await ticketIn(api, "READY_TO_SCHEDULE")).id,
      body: { add: [ana] },
    });
    assert.equal(early.error.code, "INVALID_STATE_TRANSITION");
  });

  test("has a helper who helps one at a time, however many ask at once", async () => {
    const window = freeWindow(api);
    const helper = await someone();
    const visits = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const techId = await someone();
        return ticketIn(api, "SCHEDULED", { techId, booked: true, window });
      }),
    );
    const replies = await Promise.all(
      visits.map(({ id }) => api.call("assignment.crew", { ticket: id, body: { add: [helper] } })),
    );
    assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 409, 409, 409]);
  });

  test("left an audit trail that holds", async () => {
    const { faults } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(
      faults.filter(({ chain }) => chain !== writtenHere),
      [],
    );
  });
});
