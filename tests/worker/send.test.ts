// Reserve, then send: a confirmed visit has its technician at once and is sent when its time comes, whoever booked it; and what
// a dispatcher takes back stays back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadRoster, readingAt } from "../../dispatch/workforce/calendar.ts";
import { sendTime, sentAhead } from "../../dispatch/workforce/send-time.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const stateOf = async (api: TestApi, ticket: string) => {
  const { state, assigned_tech_id } = await api.read("ticket.get", { ticket });
  return { state, assigned_tech_id };
};
const because = { reason_code: "customer_request", note: "the customer does not want them on site" };
const minutesBefore = (time: string, minutes: number) => new Date(Date.parse(time) - minutes * 60_000).toISOString();

async function waits(api: TestApi, ticket: string) {
  const { rows } = await api.owner.query<{ until: string; reason: string | null }>(
    `SELECT to_char(assign_after, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS until, assign_reason AS reason FROM tickets WHERE id = $1`,
    [ticket],
  );
  return rows[0];
}

/** Ana and Ben are on shift around the clock; this one begins at eight. */
const withHours = (api: TestApi) => addTechnician(api.owner, { hours: ["08:00", "16:00"] });

describe("a confirmed visit", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);

  test("is booked at once and sent twelve hours before it starts", async () => {
    const { id, window } = await ticketIn(api, "SCHEDULED");
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "SCHEDULED", assigned_tech_id: ana });
    const { rows } = await api.owner.query("SELECT state, technician_id FROM bookings WHERE ticket_id = $1", [id]);
    assert.deepEqual(rows, [{ state: "firm", technician_id: ana }]);
    const due = minutesBefore(window.start, 720);
    assert.deepEqual(await waits(api, id), { until: due, reason: null });
    api.clock.set(minutesBefore(due, 1));
    await worker.wake();
    assert.equal((await stateOf(api, id)).state, "SCHEDULED");
    api.clock.set(due);
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "DISPATCHED", assigned_tech_id: ana });
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.deepEqual(
      events.slice(-3).map(({ tool_name, before_state, after_state }) => [tool_name, before_state, after_state]),
      [
        ["assignment.recommend", "SCHEDULED", "SCHEDULED"],
        ["assignment.reserve", "SCHEDULED", "SCHEDULED"],
        ["assignment.dispatch", "SCHEDULED", "DISPATCHED"],
      ],
    );
  });

  test("that a person booked is sent by the worker too", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { ticket } = await api.run("schedule.book", {
      ticket: id,
      body: { tech_id: ben, earliest: api.clock.in(3_000), latest: api.clock.in(4_000) },
    });
    await worker.wake();
    assert.equal((await stateOf(api, id)).state, "SCHEDULED");
    api.clock.set(minutesBefore(ticket.scheduled_start ?? "", 720));
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "DISPATCHED", assigned_tech_id: ben });
  });

  test("is sent as soon as the technician's shift begins, where that is earlier", async () => {
    const early = await withHours(api);
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const day = api.clock.in(3 * 1_440).slice(0, 10);
    const body = { tech_id: early, earliest: `${day}T14:00:00Z`, latest: `${day}T16:00:00Z`, strategy: "earliest" };
    await api.run("schedule.book", { ticket: id, body });
    await worker.wake();
    assert.equal((await waits(api, id))?.until, `${day}T02:00:00.000Z`, "twelve hours before is earlier");
    // A night of sixteen hours, whose last visit begins fourteen hours into it.
    const nightly = await addTechnician(api.owner, { hours: ["18:00", "10:00"] });
    const late = await ticketIn(api, "READY_TO_SCHEDULE");
    const morning = {
      tech_id: nightly,
      earliest: `${day}T08:00:00Z`,
      latest: `${day}T10:00:00Z`,
      strategy: "earliest",
    };
    await api.run("schedule.book", { ticket: late.id, body: morning });
    await worker.wake();
    const evening = new Date(Date.parse(`${day}T18:00:00Z`) - 86_400_000).toISOString();
    assert.equal((await waits(api, late.id))?.until, evening);
    const [entry] = await loadRoster(
      api.desk.db,
      { ticketId: id, techId: early },
      readingAt(api.desk.policy, api.clock.iso),
    );
    const visit = { start: Date.parse(`${day}T14:00:00Z`), end: Date.parse(`${day}T15:30:00Z`) };
    const at = sendTime(visit, entry ?? null, 60);
    assert.equal(new Date(at).toISOString(), `${day}T08:00:00.000Z`);
    const [inShift, before] = (["in_shift", "before_shift"] as const).map((firstDrive) =>
      sendTime(
        { ...visit, start: Date.parse(`${day}T08:00:00Z`) },
        entry ?? null,
        sentAhead({ dispatchAheadMinutes: 10, firstDrive }, 45),
      ),
    );
    assert.deepEqual(
      [inShift, before].map((one) => new Date(one ?? 0).toISOString()),
      [`${day}T07:50:00.000Z`, `${day}T07:15:00.000Z`],
      "who sets out from home before the shift hears of it before that",
    );
  });

  test("whose scope is paused is sent as soon as the pause ends", async () => {
    const window = { start: api.clock.in(2_000), end: api.clock.in(2_060) };
    const { id } = await ticketIn(api, "SCHEDULED", { window });
    await worker.wake();
    await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: id } });
    api.clock.advance(1_300);
    await worker.wake();
    assert.deepEqual(
      [(await stateOf(api, id)).state, (await waits(api, id))?.reason],
      ["SCHEDULED", "AUTONOMY_DISABLED"],
    );
    await api.run("ops.autonomy.rollback", { body: { scope_type: "TICKET", ticket_id: id } });
    await worker.wake();
    await worker.until("it is sent", async () => (await stateOf(api, id)).state === "DISPATCHED");
  });

  test("that is over is left to a dispatcher, with a technician or without", async () => {
    const window = { start: api.clock.in(2_000), end: api.clock.in(2_060) };
    const [reserved, open] = [await ticketIn(api, "SCHEDULED", { window }), await ticketIn(api, "READY_TO_SCHEDULE")];
    await worker.wake();
    await api.run("ops.autonomy.pause", { body: { scope_type: "GLOBAL" } });
    await api.run("schedule.propose", { ticket: open.id, body: { options: [window] } });
    await api.run("schedule.confirm", { ticket: open.id, body: window });
    api.clock.advance(2_060);
    await api.run("ops.autonomy.rollback", { body: { scope_type: "GLOBAL" } });
    await worker.wake();
    for (const { id } of [reserved, open]) {
      assert.equal((await stateOf(api, id)).state, "SCHEDULED");
      await worker.until("it is told", async () => (await waits(api, id))?.reason === "WINDOW_IN_PAST");
    }
  });
});

test("what is booked stays when its technician is drained, and takes no other time", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const techId = await addTechnician(api.owner);
  const window = { start: api.clock.in(2_000), end: api.clock.in(2_090) };
  const { id } = await ticketIn(api, "SCHEDULED", { window, booked: true, techId });
  await api.run("roster.drain", { technician: techId, body: { reason: "leaves on Friday" } });
  const moved = { start: api.clock.in(2_100), end: api.clock.in(2_160), reason: "later" };
  const { error } = await api.refuse("schedule.move", { ticket: id, body: { ...moved, tech_id: techId } });
  assert.partialDeepStrictEqual(error, { code: "TECH_UNAVAILABLE", reason: "DRAINED" });
  const { scheduled_start } = await api.read("ticket.get", { ticket: id });
  api.clock.set(minutesBefore(scheduled_start ?? "", 720));
  await worker.until("they are sent", async () => {
    return (await stateOf(api, id)).state === "DISPATCHED";
  });
  assert.deepEqual(await stateOf(api, id), { state: "DISPATCHED", assigned_tech_id: techId });
});

test("a reserved visit that cannot be sent is told of, hours before it is missed", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const window = { start: api.clock.in(2_000), end: api.clock.in(2_060) };
  const { id } = await ticketIn(api, "SCHEDULED", { window });
  await worker.wake();
  const { assigned_tech_id: techId } = await stateOf(api, id);
  await api.owner.query(
    "INSERT INTO technician_time_off (id, technician_id, span, reason) VALUES (gen_random_uuid(), $1, tstzrange($2, $3), 'ill')",
    [techId, window.start, window.end],
  );
  api.clock.set(minutesBefore(window.start, 719));
  await worker.until("it is told", async () => {
    const { events } = await api.read("ticket.timeline", { ticket: id });
    return events.some(
      ({ tool_name, payload }) => tool_name === "attention.begin" && Object(payload)["code"] === "NOT_SENT",
    );
  });
  assert.deepEqual(await stateOf(api, id), { state: "SCHEDULED", assigned_tech_id: techId });
  await worker.wake();
  const { events } = await api.read("ticket.timeline", { ticket: id });
  assert.equal(events.filter(({ tool_name }) => tool_name === "attention.begin").length, 1);
});

describe("what a dispatcher takes back", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);

  test("from a booked technician goes to another, and to nobody for ten minutes", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    await worker.wake();
    const { not_technicians } = await api.run("assignment.unassign", { ticket: id, body: because });
    const at = api.clock.iso;
    assert.deepEqual(
      not_technicians.map(({ tech_id, reason_code, note }) => ({ tech_id, reason_code, note })),
      [{ tech_id: ana, ...because }],
    );
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "SCHEDULED", assigned_tech_id: null });
    const aside = await waits(api, id);
    assert.equal(aside?.reason, "HANDS_OFF");
    assert.ok(aside.until >= new Date(Date.parse(at) + 600_000).toISOString());
    api.clock.advance(11);
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "SCHEDULED", assigned_tech_id: ben });
  });

  test("waits no longer where the dispatcher then settles another time", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    await worker.wake();
    await api.run("assignment.unassign", { ticket: id, body: because });
    await api.run("schedule.reopen", { ticket: id, body: { reason: "another day" } });
    const window = freeWindow(api);
    await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
    await api.run("schedule.confirm", { ticket: id, body: window });
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "SCHEDULED", assigned_tech_id: ben });
  });

  test("is refused to the same person by recommend, book and dispatch, and not by an override", async () => {
    const { id } = await ticketIn(api, "DISPATCHED");
    await api.run("assignment.unassign", { ticket: id, body: because });
    const { recommendations, rejected } = await api.run("assignment.recommend", {
      ticket: id,
      body: { service_type: "DOOR_WONT_LATCH" },
    });
    assert.ok(!recommendations.some(({ tech_id }) => tech_id === ana));
    assert.equal(rejected.find(({ tech_id }) => tech_id === ana)?.reason, "EXCLUDED");
    const refused = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: ana } });
    assert.deepEqual([refused.error.code, refused.error["reason"]], ["TECH_UNAVAILABLE", "EXCLUDED"]);
    const insists = {
      override_type: "reassign_tech",
      reason_code: "other",
      note: "the customer thought again",
      tech_id: ana,
    };
    const { ticket } = await api.run("assignment.override", { ticket: id, body: insists });
    assert.deepEqual([ticket.state, ticket.assigned_tech_id, ticket.not_technicians], ["DISPATCHED", ana, []]);
  });

  test("by putting another in their place is not given back to the first", async () => {
    const { id } = await ticketIn(api, "DISPATCHED");
    const replaces = { override_type: "reassign_tech", ...because, tech_id: ben };
    const { ticket } = await api.run("assignment.override", { ticket: id, body: replaces });
    assert.deepEqual(
      ticket.not_technicians.map(({ tech_id }) => tech_id),
      [ana],
    );
    assert.equal(
      (await api.refuse("assignment.dispatch", { ticket: (await reopened(api, id)).id, body: { tech_id: ana } })).error
        .code,
      "TECH_UNAVAILABLE",
    );
  });

  test("with nobody assigned is refused: there is nobody to take off", async () => {
    await api.run("ops.autonomy.pause", { body: {} });
    const { id } = await ticketIn(api, "SCHEDULED");
    const refused = await api.refuse("assignment.unassign", { ticket: id, body: because });
    assert.equal(refused.error.code, "INVALID_STATE_TRANSITION");
  });
});

/** The ticket with nobody on it again, by taking the second one off as well. */
async function reopened(api: TestApi, id: string) {
  return await api.run("assignment.unassign", { ticket: id, body: because });
}
