// The SLA's clocks as a dispatcher sees them in the cockpit: who waits, who is late, what is done, and in which order.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { completion, ticketIn } from "../support/ticket-builder.ts";
import { acme, addTechnician } from "../support/directory.ts";

/** In minutes. The events of a ticket are a millisecond apart at least, so of whole hours a minute less is left. */
const hour = 60;

type Cockpit = Awaited<ReturnType<typeof readPage>>;
type Row = Cockpit["queue"][number];

const readPage = (api: TestApi, query: string) => api.read("dispatcher.cockpit", { query: `actions=none&${query}` });

async function rowOf(api: TestApi, id: string): Promise<Row> {
  const { queue } = await readPage(api, "limit=500");
  return queue.find(({ ticket_id }) => ticket_id === id) ?? assert.fail(`${id} is not in the queue`);
}
const clockOf = ({ sla_status, sla_timer_remaining_minutes, sla_delay_attribution }: Row) => [
  sla_status,
  sla_timer_remaining_minutes,
  sla_delay_attribution,
];

/** An emergency whose work began on time, with half an hour of its hour gone. */
async function atWork(api: TestApi) {
  const techId = await addTechnician(api.owner, { zone: "CA" });
  const window = { start: api.clock.in(0), end: api.clock.in(hour) };
  const built = await ticketIn(api, "IN_PROGRESS", { priority: "EMERGENCY", window, techId });
  api.clock.advance(30);
  return built.id;
}

describe("a clock that is stopped", async () => {
  const api = await startTestApi();

  for (const reason_code of ["customer", "access"])
    test(`by a hold for ${reason_code} stands until the work goes on`, async () => {
      const ticket = await atWork(api);
      await api.run("tech.hold", { as: "tech", ticket, body: { reason_code } });
      api.clock.advance(5 * hour);
      const held = await rowOf(api, ticket);
      assert.deepEqual(clockOf(held), ["healthy", 30, "customer"]);
      assert.equal(held.sla_deadline_at, api.clock.in(30));
      await api.run("tech.resume", { as: "tech", ticket });
      assert.deepEqual(clockOf(await rowOf(api, ticket)), ["warning", 30, "provider"]);
      api.clock.advance(31);
      assert.deepEqual(clockOf(await rowOf(api, ticket)), ["breach", -1, "provider"]);
    });

  test("by nothing when the work waits for parts", async () => {
    const ticket = await atWork(api);
    await api.run("tech.hold", { as: "tech", ticket, body: { reason_code: "parts" } });
    api.clock.advance(31);
    assert.deepEqual(clockOf(await rowOf(api, ticket)), ["breach", -1, "provider"]);
  });

  test("after it ran out stays late by as much", async () => {
    const ticket = await atWork(api);
    api.clock.advance(50);
    await api.run("tech.hold", { as: "tech", ticket, body: { reason_code: "customer" } });
    api.clock.advance(2 * hour);
    assert.deepEqual(clockOf(await rowOf(api, ticket)), ["breach", -20, "customer"]);
  });

  test("by a request for approval stands until it is decided", async () => {
    const ticket = await atWork(api);
    const body = { approval_type: "NTE_INCREASE", reason: "the closer is broken too", amount_delta_cents: 100 };
    const { approval } = await api.run("tech.request_change", { as: "tech", ticket, body });
    api.clock.advance(5 * hour);
    assert.deepEqual(clockOf(await rowOf(api, ticket)), ["healthy", 30, "customer"]);
    const decision = { approval_id: approval.id, decision: "APPROVED" };
    await api.run("approval.decide", { as: "approver", ticket, body: decision });
    assert.deepEqual(clockOf(await rowOf(api, ticket)), ["warning", 30, "provider"]);
  });

  test("by a question to the caller stands, and so does the time to arrive in", async () => {
    const { id: ticket } = await ticketIn(api, "NEEDS_INFO");
    api.clock.advance(48 * hour);
    const asked = await rowOf(api, ticket);
    assert.deepEqual(clockOf(asked), ["healthy", 24 * hour - 1, "unknown"]);
    assert.equal(asked.response_breached, false);
    await api.run("ticket.triage", { ticket, body: { priority: "URGENT", incident_type: "DOOR_WONT_LATCH" } });
    const triaged = await rowOf(api, ticket);
    assert.deepEqual([...clockOf(triaged), triaged.response_breached], ["healthy", 4 * hour - 1, "unknown", false]);
    api.clock.advance(4 * hour + 1);
    assert.equal((await rowOf(api, ticket)).response_breached, true);
  });

  test("by completion is not late any more, and runs again when QA sends the work back", async () => {
    const techId = await addTechnician(api.owner, { zone: "CA" });
    const window = { start: api.clock.in(0), end: api.clock.in(hour) };
    const { id: ticket } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION", {
      priority: "EMERGENCY",
      window,
      techId,
    });
    api.clock.advance(30 * hour);
    assert.equal((await rowOf(api, ticket)).sla_status, "healthy");
    await api.run("qa.return_work", { as: "qa", ticket, body: { reasons: ["the door still drags"] } });
    const back = await rowOf(api, ticket);
    assert.deepEqual([back.sla_status, back.sla_timer_remaining_minutes], ["healthy", hour - 1]);
    api.clock.advance(hour);
    assert.equal((await rowOf(api, ticket)).sla_status, "breach");
    await api.run("tech.complete", { as: "tech", ticket, body: completion });
    assert.equal((await rowOf(api, ticket)).sla_status, "healthy", "work that was done late is done");
  });
});

describe("a visit", async () => {
  const api = await startTestApi();

  for (const state of ["SCHEDULED", "DISPATCHED"] as const)
    test(`that is ${state} is late from its start until somebody arrives`, async () => {
      const techId = await addTechnician(api.owner, { zone: "CA" });
      const window = { start: api.clock.in(60), end: api.clock.in(120) };
      const { id: ticket } = await ticketIn(api, state, { window, techId });
      api.clock.advance(60);
      const onTime = await rowOf(api, ticket);
      // In time, but near, and nobody is to go.
      const near = state === "SCHEDULED" ? "NOT_SENT" : undefined;
      assert.deepEqual([onTime.sla_status, onTime.attention?.code], ["healthy", near]);
      api.clock.advance(10);
      const late = await rowOf(api, ticket);
      assert.deepEqual(
        [late.sla_status, late.sla_timer_remaining, late.sla_deadline_at, late.attention?.since],
        ["breach", "-00:10", window.start, window.start],
      );
      assert.equal(late.attention?.code, state === "SCHEDULED" ? "NOT_SENT" : "LATE_ARRIVAL");
      if (state === "SCHEDULED") await api.run("assignment.dispatch", { ticket, body: { tech_id: techId } });
      await api.run("tech.check_in", { as: "tech", ticket, body: { timestamp: api.clock.in(-5) } });
      const there = await rowOf(api, ticket);
      assert.deepEqual([there.sla_status, there.attention, there.response_breached], ["healthy", null, false]);
      api.clock.advance(60);
      assert.equal((await rowOf(api, ticket)).attention?.code, "OVERRUN");
      api.clock.advance(48 * hour);
      assert.equal((await rowOf(api, ticket)).response_breached, false, "who arrived in time did so for good");
    });
});

describe("the queue of live, waiting, late and done work", async () => {
  const api = await startTestApi();
  const inWork = async (state: "IN_PROGRESS" | "ON_HOLD" | "DISPATCHED", minutes: number) => {
    const techId = await addTechnician(api.owner, { zone: "CA" });
    const window = { start: api.clock.in(minutes), end: api.clock.in(minutes + 30) };
    return (await ticketIn(api, state, { priority: "EMERGENCY", window, techId })).id;
  };
  for (let round = 0; round < 3; round++) {
    for (const state of [
      "NEW",
      "TRIAGED",
      "NEEDS_INFO",
      "APPROVAL_REQUIRED",
      "READY_TO_SCHEDULE",
      "SCHEDULED",
    ] as const)
      await ticketIn(api, state, { priority: round === 0 ? "EMERGENCY" : "URGENT" });
    for (const state of ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED", "CLOSED", "CANCELLED"] as const)
      await ticketIn(api, state, { priority: "EMERGENCY" });
    for (const minutes of [-90, -30, 15]) {
      await inWork("IN_PROGRESS", minutes);
      await inWork("DISPATCHED", minutes);
      const held = await inWork("ON_HOLD", minutes);
      await api.run("tech.resume", { as: "tech", ticket: held });
      await api.run("tech.hold", { as: "tech", ticket: held, body: { reason_code: "customer" } });
    }
    api.clock.advance(20);
  }
  const { queue } = await readPage(api, "limit=500");
  const done = ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"];
  const ids = (rows: readonly { ticket_id: string }[]) => rows.map(({ ticket_id }) => ticket_id);

  const pagesOf = async (limit: number, filter = "") => {
    const rows: Row[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Cockpit = await readPage(api, `limit=${limit}${filter}${cursor && `&cursor=${cursor}`}`);
      rows.push(...page.queue);
      assert.ok(rows.length <= queue.length, "the pages do not end");
      cursor = page.next_cursor;
    }
    return rows;
  };

  test("has what is done behind all that is live, and neither what waits for money alone nor what is over", () => {
    const firstDone = queue.findIndex(({ state }) => done.includes(state));
    const states = queue.slice(firstDone).map(({ state }) => state);
    assert.deepEqual(states, Array(3).fill("COMPLETED_PENDING_VERIFICATION"));
    assert.ok(queue.every(({ state, sla_status }) => !done.includes(state) || sla_status === "healthy"));
  });

  test("has live work by status, then by the time left", () => {
    const live = queue.filter(({ state }) => !done.includes(state));
    const rank = { breach: 0, warning: 1, healthy: 2 };
    // What stands has as much as the first that is in time, or more.
    const left = ({ sla_status: status, sla_timer_remaining_minutes: minutes }: Row) =>
      status === "healthy" ? Math.max(minutes, 46) : minutes;
    for (const [at, row] of live.slice(1).entries()) {
      const before = live[at] ?? assert.fail();
      const order = rank[before.sla_status] - rank[row.sla_status] || left(before) - left(row);
      assert.ok(order <= 0, `${JSON.stringify(before)} stands before ${JSON.stringify(row)}`);
    }
    for (const status of ["breach", "warning", "healthy"])
      assert.ok(live.filter(({ sla_status }) => sla_status === status).length > 2, status);
    assert.ok(
      live.some(
        ({ sla_status, sla_timer_remaining_minutes }) => sla_status === "healthy" && sla_timer_remaining_minutes < 46,
      ),
    );
  });

  for (const limit of [1, 4, 7])
    test(`is the same in pages of ${limit}, also of an account's`, async () => {
      assert.deepEqual(ids(await pagesOf(limit)), ids(queue));
      assert.deepEqual(ids(await pagesOf(limit, `&account_id=${acme.id}`)), ids(queue));
    });

  for (const asked of ["breach", "warning", "healthy", "breach,warning", "warning,healthy", "breach,healthy"])
    test(`shows for ${asked} the rows that say so, and the search agrees`, async () => {
      const wanted = queue.filter(({ sla_status }) => asked.split(",").includes(sla_status));
      assert.deepEqual(ids(await pagesOf(5, `&sla_status=${asked}`)), ids(wanted));
      const { tickets } = await api.read("ticket.search", { query: `limit=200&sla_status=${asked}` });
      const left = new Set(["VERIFIED", "INVOICED", "CLOSED", "CANCELLED"]);
      const open = tickets.filter(({ state }) => !left.has(state));
      assert.deepEqual(new Set(open.map(({ id }) => id)), new Set(ids(wanted)));
      assert.equal(tickets.length > open.length, asked.includes("healthy"), "what is over is not late");
    });
});
