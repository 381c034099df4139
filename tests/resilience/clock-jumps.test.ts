// Clocks are set back and forward while the API runs, as also happens to a ticket that two machines work on. History
// keeps its true order, deadlines stay where they are, and nobody is refused who should not be.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { objectsIn, startTestApi, type TestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { reportOn } from "./audit-report.ts";
import { get, post } from "./callers.ts";
import { chance } from "../../lab/bench/chance.ts";
import { layOutField } from "./field.ts";
import { lifeNames, lives, type LifeName } from "./lives.ts";

const hour = 60;
const dayLong = 24 * hour;
const seed = 77;

/** seq, time and id must all tell the same order. */
function assertOneOrder(events: readonly { seq: number; created_at: string; id: string }[]): void {
  const bySeq = events.toSorted((one, other) => one.seq - other.seq);
  assert.deepEqual(events, bySeq);
  for (const [i, event] of events.entries()) {
    const before = events[i - 1];
    assert.ok(
      before === undefined || before.created_at < event.created_at,
      `${before?.created_at} is not before ${event.created_at}`,
    );
  }
}

/** The ids of the evidence that a timeline tells of, in its order. */
const evidenceIn = (events: readonly { tool_name: string; payload: unknown }[]): unknown[] =>
  events.flatMap(({ tool_name, payload }) =>
    tool_name === "closeout.add_evidence" && isObject(payload) ? [payload["evidence_id"]] : [],
  );

/** Leads a ticket through a life; the clock jumps before each command. Resolves to the tools used and the ticket. */
async function leadWithJumps(
  api: TestApi,
  life: LifeName,
  next: () => number,
): Promise<{ ticket: string; tools: string[] }> {
  const field = await layOutField(api.databaseUrl);
  const tools: string[] = [];
  let ticket = "";
  await lives[life](
    async (command) => {
      api.clock.advance([-hour, -hour, 0, dayLong, 1][Math.floor(5 * next())] ?? 0);
      const reply = await post(api, command, randomUUID());
      assert.ok(reply.status < 300, `${command.path}: ${reply.text}`);
      assert.ok(reply.body.receipt);
      ticket = reply.body.receipt.ticket_id ?? ticket;
      if (reply.body.receipt.ticket_id !== null) tools.push(reply.body.receipt.tool_name);
      for (const path of ["/ux/dispatcher/cockpit", "/tickets", "/ops/alerts", "/ops/autonomy/state", "/health"]) {
        assert.equal((await get(api, path)).status, 200, path);
      }
      return reply.body;
    },
    { field, techId: field.techIds[0] ?? "", day: 0, name: life },
  );
  return { ticket, tools };
}

describe("a clock that jumps", async () => {
  const api = await startTestApi();
  // The lives' visits lie some days after today, and nobody plans a year ahead.
  api.clock.advance(Math.round((Date.now() - api.clock.now().getTime()) / 60_000));

  for (const life of lifeNames) {
    test(`leaves a ticket's history in its true order: ${life}`, async () => {
      const next = chance(seed + lifeNames.indexOf(life));
      const { ticket, tools } = await leadWithJumps(api, life, next);
      const { events } = await api.read("ticket.timeline", { ticket });
      assertOneOrder(events);
      assert.deepEqual(
        events.map(({ tool_name }) => tool_name),
        tools,
      );
      const { evidence } = await api.read("closeout.list_evidence", { ticket });
      assert.deepEqual(
        evidence.map(({ id }) => id),
        evidenceIn(events),
      );
    });
  }

  test("leaves the history of pauses in its true order", async () => {
    const { id: ticket } = await ticketIn(api, "NEW");
    const actions: string[] = [];
    for (const [i, jump] of [0, -hour, 0, dayLong, -2 * dayLong, 0].entries()) {
      api.clock.advance(jump);
      const tool = i % 2 === 0 ? "ops.autonomy.pause" : "ops.autonomy.rollback";
      const { action } = await api.run(tool, { body: { scope_type: "TICKET", ticket_id: ticket } });
      actions.push(action);
    }
    const { history, decision } = await api.read("ops.autonomy.replay", { ticket });
    assert.deepEqual(
      objectsIn(history).map(({ action }) => action),
      actions.toReversed(),
    );
    assert.equal(decision?.is_paused, false);
  });

  test("does not move deadlines: a ticket is late by the clock of the moment and by nothing else", async () => {
    const { id: ticket } = await ticketIn(api, "TRIAGED", { priority: "URGENT" });
    const { created_at } = await api.read("ticket.get", { ticket });
    const due = new Date(Date.parse(created_at) + 4 * hour * 60_000).toISOString();
    const row = async () => {
      const { queue } = await api.read("dispatcher.cockpit", { query: `ticket_id=${ticket}&account_id=${acme.id}` });
      const found = queue.find(({ ticket_id }) => ticket_id === ticket);
      assert.ok(found);
      assert.deepEqual([found.sla_deadline_at, found.response_deadline_at], [due, due]);
      return `${found.sla_timer_remaining} ${found.sla_status} ${found.response_breached}`;
    };
    const shown = [];
    for (const jump of [0, -hour, dayLong, hour - dayLong]) {
      api.clock.advance(jump);
      shown.push(await row());
    }
    assert.deepEqual(shown, [
      "04:00 healthy false",
      "05:00 healthy false",
      "-19:00 breach true",
      "04:00 healthy false",
    ]);
  });

  test("ends a hold when the clock says so, and not because it was once wrong", async () => {
    const { id: ticket } = await ticketIn(api, "SCHEDULED");
    const body = {
      hold_reason: "CUSTOMER_PENDING",
      confirmation_window: { start: api.clock.iso, end: api.clock.in(2 * hour) },
    };
    const early = await api.run("schedule.hold", { ticket, body });
    api.clock.advance(-hour);
    await api.run("schedule.release", { ticket, body: { customer_confirmation_log: early.hold_id } });
    api.clock.advance(hour);

    const late = await api.run("schedule.hold", { ticket, body });
    api.clock.advance(dayLong);
    const refused = await api.refuse("schedule.release", { ticket, body: { customer_confirmation_log: late.hold_id } });
    assert.equal(refused.error.code, "CUSTOMER_CONFIRMATION_STALE");
    await api.run("closeout.add_evidence", { ticket, body: { kind: "NOTE", uri: "s3://elsewhere/a-day-ahead.txt" } });
    api.clock.advance(-dayLong);
    await api.run("schedule.release", { ticket, body: { customer_confirmation_log: late.hold_id } });
    assertOneOrder((await api.read("ticket.timeline", { ticket })).events);
  });

  test("and every chain holds", async () => assert.deepEqual((await reportOn(api.databaseUrl)).faults, []));
});

describe("two processes in the same millisecond", async () => {
  const api = await startTestApi();
  const beside = await startTestApi({ beside: api });

  test("write one history in one order", async () => {
    const { id: ticket } = await ticketIn(api, "IN_PROGRESS");
    const pieces = Array.from({ length: 40 }, (_, n) => ({ kind: "PHOTO", uri: `s3://elsewhere/${n}.jpg` }));
    // The test's clock stands still, so the order of the events is the order in which they got the ticket.
    await Promise.all(
      pieces.map((body, n) => (n % 2 === 0 ? api : beside).run("closeout.add_evidence", { ticket, body })),
    );
    const { events } = await api.read("ticket.timeline", { ticket });
    assertOneOrder(events);
    const { evidence } = await api.read("closeout.list_evidence", { ticket });
    assert.equal(evidence.length, pieces.length);
    assert.deepEqual(
      evidence.map(({ id }) => id),
      evidenceIn(events),
    );
  });
});
