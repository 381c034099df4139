// Driving times of a travel service in what the desk decides: slots, bookings, recommendations and dispatches use them, say
// so, and never wait for them with a lock in hand; while the service is away everything goes on with estimates.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { metricsWith } from "../support/metrics.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";
import { drives, osrm, type Osrm } from "../travel/osrm-stand-in.ts";

const window = { start: "2026-03-03T09:00:00.000Z", end: "2026-03-03T12:00:00.000Z" };
const span = { earliest: window.start, latest: window.end };
const query = new URLSearchParams({ ...span, tech_id: ana, limit: "1" }).toString();

/** Ana works mornings and lives some three kilometres from the site in Oakland. */
async function deskOf(t: { after(fn: () => Promise<void>): void }, env: Record<string, string>) {
  const api = await startTestApi({ t, env });
  await api.owner.query("UPDATE technicians SET home_lat = 37.83, home_lon = -122.27");
  await api.owner.query("UPDATE technician_shifts SET starts = '09:00', ends = '12:00' WHERE technician_id = $1", [
    ana,
  ]);
  return api;
}

const minutesAll = (minutes: number) => drives(() => minutes * 60);

/** Answers when nobody holds the ticket, or any transaction open, and remembers what it saw. */
function watching(api: Promise<TestApi>, answer: Osrm["answer"]) {
  const seen: { idle: number; free: boolean }[] = [];
  const watch: Osrm["answer"] = async (question, response) => {
    const { owner } = await api;
    const { rows } = await owner.query<{ idle: number }>(
      "SELECT count(*)::int AS idle FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    );
    const free = await owner.query("SELECT id FROM tickets FOR UPDATE NOWAIT").then(
      () => true,
      () => false,
    );
    seen.push({ idle: rows[0]?.idle ?? -1, free });
    answer(question, response);
  };
  return { seen, watch };
}

const payloadOf = async (api: TestApi, ticket: string, receiptId: string) => {
  const { events } = await api.read("ticket.timeline", { ticket });
  return Object(events.find(({ id }) => id === receiptId)?.payload);
};

describe("with a travel service", async () => {
  const started = Promise.withResolvers<TestApi>();
  const { seen, watch } = watching(started.promise, minutesAll(20));
  const service = await osrm({ after }, watch);
  const desk = await deskOf({ after }, { DISPATCH_TRAVEL_URL: service.url, DISPATCH_TRAVEL_TIMEOUT_MS: "30000" });
  started.resolve(desk);
  const asked = async <T>(work: () => Promise<T>): Promise<{ result: T; questions: number }> => {
    const before = service.questions.length;
    const result = await work();
    return { result, questions: service.questions.length - before };
  };

  test("schedule.book asks it before it takes the ticket, and books by its times", async () => {
    const { id } = await ticketIn(desk, "READY_TO_SCHEDULE");
    const { result, questions } = await asked(() =>
      desk.run("schedule.book", { ticket: id, body: { ...span, tech_id: ana, strategy: "earliest" } }),
    );
    const { booking, considered, receipt } = result;
    assert.equal(questions, 1);
    assert.deepEqual(
      [booking.start, booking.travel_before_minutes, booking.travel_source],
      ["2026-03-03T09:30:00.000Z", 20, "service"],
    );
    assert.deepEqual([considered.slots[0]?.travel_after_minutes, considered.slots[0]?.travel_source], [20, "service"]);
    assert.equal((await payloadOf(desk, id, receipt.receipt_id))["travel_source"], "service");
    await desk.run("schedule.reopen", { ticket: id, body: { reason: "only a test" } });
  });

  test("schedule.slots offers by its times, and asks nothing twice", async () => {
    const { id } = await ticketIn(desk, "READY_TO_SCHEDULE");
    const { result, questions } = await asked(() => desk.read("schedule.slots", { ticket: id, query }));
    assert.deepEqual(
      result.slots.map((slot) => [slot.start, slot.travel_before_minutes, slot.travel_source]),
      [["2026-03-03T09:30:00.000Z", 20, "service"]],
    );
    assert.equal(questions, 0);
  });

  test("assignment.recommend and assignment.dispatch judge by it whether somebody is too far away", async () => {
    const carla = await addTechnician(desk.owner, { name: "Carla", hours: ["09:00", "12:00"] });
    await desk.owner.query("UPDATE technicians SET home_lat = 37.801, home_lon = -122.27 WHERE id = $1", [carla]);
    const visit = { start: "2026-03-04T09:15:00.000Z", end: "2026-03-04T11:40:00.000Z" };
    const { id } = await ticketIn(desk, "SCHEDULED", { window: visit });
    const ranking = await asked(() =>
      desk.run("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT" } }),
    );
    assert.equal(ranking.questions, 1);
    assert.equal(
      ranking.result.rejected.find(({ tech_id }) => tech_id === carla)?.reason,
      "TOO_FAR",
      "round the corner, but twenty minutes by its roads",
    );
    assert.deepEqual([ranking.result.recommendations[0]?.tech_id, ranking.result.travel_source], [ben, "service"]);

    await desk.owner.query("UPDATE technicians SET home_lat = 37.802 WHERE id = $1", [ben]);
    const sent = await asked(() => desk.run("assignment.dispatch", { ticket: id, body: { tech_id: ben } }));
    assert.equal(sent.questions, 1);
    assert.equal((await payloadOf(desk, id, sent.result.receipt.receipt_id))["travel_source"], "service");
    const { rows } = await desk.owner.query("SELECT travel_before_minutes FROM bookings WHERE ticket_id = $1", [id]);
    assert.deepEqual(rows, [{ travel_before_minutes: 20 }]);
  });

  test("a command that is refused, or repeated, asks nothing", async () => {
    const { id } = await ticketIn(desk, "NEW");
    await desk.owner.query("UPDATE technicians SET home_lat = 37.803 WHERE id = $1", [ben]);
    const refused = await asked(() => desk.refuse("schedule.book", { ticket: id, body: span }));
    assert.deepEqual([refused.result.error.code, refused.questions], ["INVALID_STATE_TRANSITION", 0]);
    const next = await ticketIn(desk, "READY_TO_SCHEDULE");
    const call = { ticket: next.id, key: "5e0c7c2c-0000-4000-8000-000000000001", body: { ...span, tech_id: ben } };
    assert.equal((await asked(() => desk.run("schedule.book", call))).questions, 1);
    desk.clock.advance(25 * 60);
    assert.equal((await asked(() => desk.run("schedule.book", call))).questions, 0);
    desk.clock.advance(-25 * 60);
  });

  test("nobody ever waited for it with a lock or a transaction in hand", () => {
    assert.ok(seen.length >= 4, String(seen.length));
    assert.deepEqual(
      seen,
      seen.map(() => ({ idle: 0, free: true })),
    );
  });

  test("the metrics show that it answers", async () => {
    await metricsWith(desk, /^dispatch_travel_service\{what="up"\} 1$/m);
  });

  test("a worker asks it as well, and sends by its times", async (t) => {
    const { id } = await ticketIn(desk, "SCHEDULED", {
      window: { start: "2026-03-06T10:00:00.000Z", end: "2026-03-06T11:00:00.000Z" },
    });
    const worker = await startTestWorker(desk, {
      t,
      env: { DISPATCH_TRAVEL_URL: service.url, DISPATCH_TRAVEL_TIMEOUT_MS: "30000" },
    });
    const { questions } = await asked(() => worker.wake());
    assert.ok(questions >= 1);
    const { rows } = await desk.owner.query(
      "SELECT travel_before_minutes FROM bookings WHERE ticket_id = $1 AND state = 'firm'",
      [id],
    );
    assert.deepEqual(rows, [{ travel_before_minutes: 20 }]);
  });
});

for (const [what, answer] of Object.entries<Osrm["answer"]>({
  "is away": (_question, response) => response.destroy(),
  "answers garbage": (_question, response) => response.writeHead(200).end("<html>"),
  "answers too late": () => undefined,
  "knows no way": drives(() => null),
})) {
  test(`while the travel service ${what} everything goes on with estimates, and says so`, async (t) => {
    const service = await osrm(t, answer);
    const api = await deskOf(t, { DISPATCH_TRAVEL_URL: service.url, DISPATCH_TRAVEL_TIMEOUT_MS: "200" });
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const {
      slots: [slot],
    } = await api.read("schedule.slots", { ticket: id, query });
    assert.deepEqual(
      [slot?.start, slot?.travel_before_minutes, slot?.travel_source],
      ["2026-03-03T09:15:00.000Z", 8, "estimate"],
    );
    const { booking } = await api.run("schedule.book", { ticket: id, body: { ...span, tech_id: ana } });
    assert.deepEqual([booking.travel_before_minutes, booking.travel_source], [8, "estimate"]);
    const scheduled = await ticketIn(api, "SCHEDULED", {
      window: { start: "2026-03-05T10:00:00.000Z", end: "2026-03-05T11:00:00.000Z" },
    });
    const ranking = await api.run("assignment.recommend", { ticket: scheduled.id, body: { service_type: "DEFAULT" } });
    assert.deepEqual([ranking.recommendations.length, ranking.travel_source], [2, "estimate"]);
    const asked = service.questions.length;
    assert.ok(asked >= 1);
    if (what !== "knows no way") assert.equal(asked, 1, "nobody waits for it twice");
  });
}

test("without a travel service every time is an estimate", async (t) => {
  const api = await deskOf(t, {});
  const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
  const {
    slots: [slot],
  } = await api.read("schedule.slots", { ticket: id, query });
  assert.deepEqual([slot?.travel_before_minutes, slot?.travel_source], [8, "estimate"]);
  const { text } = await api.send("GET", "/metrics", { accept: "text/plain" });
  assert.doesNotMatch(text, /dispatch_travel_service\{what="up"\}/);
});
