// A plan is carried out on the desk it was made for, or not at all: what touches it makes it stale and is named, what does not
// touch it does not; of two who apply it at once, one does.

import { aggregates } from "../../dispatch/aggregates.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { objectsIn, refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import {
  at,
  bookedAt,
  crossedDay,
  day,
  emptyRoster,
  siteAt,
  vanAt,
  west,
  type CrossedDay,
} from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";

async function proposal(t: {
  after(fn: () => Promise<void>): void;
}): Promise<CrossedDay & { readonly api: TestApi; readonly plan: string }> {
  const api = await startTestApi({ t });
  const town = await crossedDay(api);
  const { plan } = await api.run("plan.optimize", { body: { day, iterations: 500 } });
  assert.equal(plan.moves.length, 2);
  return { ...town, api, plan: plan.id };
}

type Case = {
  readonly name: string;
  readonly happens: (town: CrossedDay & { readonly api: TestApi }) => Promise<unknown>;
  /** Each change as kind and words; none where the plan stays good. */
  readonly told: (town: CrossedDay) => readonly (readonly [id: string, what: string])[];
};

const timeOff = { add: [{ start: at("13:00"), end: at("14:00") }] };

const cases: readonly Case[] = [
  {
    name: "a site has other hours",
    happens: ({ api, westSite }) =>
      api.owner.query(`UPDATE sites SET hours = $2 WHERE id = $1`, [
        westSite,
        JSON.stringify([{ weekdays: [3], start_time: "13:00", end_time: "16:00" }]),
      ]),
    told: ({ westTicket }) => [[westTicket, "site_hours"]],
  },
  {
    name: "a ticket was booked anew",
    happens: async ({ api, westTicket, westVan }) => {
      await api.run("schedule.reopen", { ticket: westTicket, body: { reason: "the customer called" } });
      await api.run("schedule.book", {
        ticket: westTicket,
        body: { tech_id: westVan, earliest: at("14:00"), latest: at("16:00") },
      });
    },
    told: ({ westTicket, westVan }) => [
      [westTicket, "time technician"],
      [westVan, ""],
    ],
  },
  {
    name: "a ticket was sent",
    happens: ({ api, westTicket, eastVan }) =>
      api.run("assignment.dispatch", { ticket: westTicket, body: { tech_id: eastVan } }),
    told: ({ westTicket }) => [[westTicket, "state"]],
  },
  {
    name: "a ticket was paused",
    happens: ({ api, westTicket }) =>
      api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: westTicket } }),
    told: ({ westTicket }) => [[westTicket, "paused"]],
  },
  {
    name: "everything was paused",
    happens: ({ api }) => api.run("ops.autonomy.pause", { body: { scope_type: "GLOBAL" } }),
    told: ({ westTicket, eastTicket }) => [
      [westTicket, "paused"],
      [eastTicket, "paused"],
    ],
  },
  {
    name: "a technician was drained",
    happens: ({ api, westVan }) => api.run("roster.drain", { technician: westVan, body: { reason: "a flat tyre" } }),
    told: ({ westVan }) => [[westVan, "standing"]],
  },
  {
    name: "a technician fell ill",
    happens: ({ api, westVan }) => api.run("roster.sign_off", { technician: westVan, body: { reason: "ill" } }),
    told: ({ westVan, eastTicket }) => [
      [eastTicket, "technician"],
      [westVan, "standing"],
    ],
  },
  {
    name: "a technician's hours changed",
    happens: ({ api, eastVan }) => api.run("roster.time_off", { technician: eastVan, body: timeOff }),
    told: ({ eastVan }) => [[eastVan, "hours"]],
  },
  {
    name: "a technician cannot do as much any more",
    happens: ({ api, eastVan }) => api.run("roster.upsert", { body: { tech_id: eastVan, skills: ["glazing"] } }),
    told: ({ eastVan }) => [[eastVan, "abilities"]],
  },
  {
    name: "somebody else was booked into a route",
    happens: ({ api, westVan, westSite }) => bookedAt(api, westSite, westVan, "14:00"),
    told: ({ westVan }) => [[westVan, "bookings"]],
  },
  {
    name: "the time has come",
    happens: async ({ api }) => {
      api.clock.set(at("10:01"));
      await api.owner.query("UPDATE plans SET expires_at = $1", [at("11:00")]);
    },
    told: ({ westTicket, eastTicket }) => [
      [westTicket, "time_passed"],
      [eastTicket, "time_passed"],
    ],
  },
  {
    name: "nothing that it touches: other tickets, other people, another day's work of the same van",
    happens: async ({ api, westVan, westTicket, westSite }) => {
      await ticketIn(api, "READY_TO_SCHEDULE", { siteId: await siteAt(api, west) });
      await api.run("roster.drain", { technician: await addTechnician(api.owner), body: { reason: "holiday" } });
      await vanAt(api, "Newcomer", west);
      await api.run("roster.upsert", { body: { tech_id: westVan, room: "#west" } });
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: westSite });
      await api.run("schedule.book", {
        ticket: id,
        body: { tech_id: westVan, earliest: "2026-03-06T10:00:00Z", latest: "2026-03-06T12:00:00Z" },
      });
      await api.run("ops.autonomy.pause", { body: { scope_type: "INCIDENT", incident_type: "FRAME_OR_GLASS_DAMAGE" } });
      await api.run("assignment.recommend", { ticket: westTicket, body: { service_type: "DEFAULT" } });
    },
    told: () => [],
  },
];

describe("a plan whose desk has changed", () => {
  for (const { name, happens, told } of cases) {
    test(name, async (t) => {
      const { api, plan, ...town } = await proposal(t);
      await happens({ api, ...town });
      const expected = told(town);
      if (expected.length === 0) return void assert.equal((await api.run("plan.apply", { plan })).moved.length, 2);
      const before = await tracesLeft(api.owner);
      const { status, error } = await api.refuse("plan.apply", { plan });
      assert.deepEqual([status, error.code, error["plan_id"]], [409, "PLAN_STALE", plan]);
      const changes = new Map(
        objectsIn(error["changes"]).map((one) => [
          String(one["ticket_id"] ?? one["tech_id"]),
          Array(one["what"]).flat().join(" "),
        ]),
      );
      for (const [id, what] of expected)
        if (what !== "") assert.equal(changes.get(id), what, JSON.stringify(error["changes"]));
      assert.deepEqual(await tracesLeft(api.owner), before, "it is carried out whole or not at all");
    });
  }

  test("by a booking that no look has seen is refused by the calendar itself, and then named", async (t) => {
    const api = await startTestApi({ t });
    await emptyRoster(api);
    const [van, site] = [await vanAt(api, "Only Van", west), await siteAt(api, west)];
    await ticketIn(api, "READY_TO_SCHEDULE", { siteId: site });
    const { plan } = await api.run("plan.optimize", { body: { day, iterations: 100 } });
    const { to } = plan.moves[0] ?? assert.fail("nothing is placed");
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: site });
    // Another transaction takes the place, and commits only once the plan's own booking waits for it.
    const rival = await api.owner.connect();
    try {
      await rival.query("BEGIN");
      await rival.query(
        `INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, created_at, updated_at)
         VALUES (gen_random_uuid(), $1, $2, tstzrange($3, $4), 'firm', true, now(), now())`,
        [van, id, to.start, to.end],
      );
      const reply = api.call("plan.apply", { plan: plan.id });
      await eventually("the plan's booking waits", async () => {
        const { rows } = await api.owner.query(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        return rows.length > 0;
      });
      await rival.query("COMMIT");
      const { error } = refusalOf(await reply);
      assert.equal(error.code, "PLAN_STALE");
      assert.deepEqual(objectsIn(error["changes"]), [{ kind: "technician", tech_id: van, what: ["bookings"] }]);
    } finally {
      rival.release();
    }
  });
});

describe("a plan is carried out once", () => {
  test("of two who apply it at once", async (t) => {
    const { api, plan } = await proposal(t);
    const beside = await startTestApi({ t, beside: api });
    const replies = await Promise.all([
      api.call("plan.apply", { plan }),
      beside.call("plan.apply", { plan, actor: "other" }),
    ]);
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 409]);
    const { error } = refusalOf(replies.find(({ status }) => status === 409) ?? assert.fail());
    assert.deepEqual([error.code, error["plan_status"]], ["PLAN_NOT_OPEN", "APPLIED"]);
    const { rows } = await api.owner.query(
      "SELECT count(*)::int AS n FROM audit_events WHERE tool_name = 'plan.apply' AND ticket_id IS NOT NULL",
    );
    assert.deepEqual(rows, [{ n: 2 }]);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
  });

  test("and a repetition with the same key has the same answer", async (t) => {
    const { api, plan } = await proposal(t);
    const key = crypto.randomUUID();
    const [first, again] = [await api.call("plan.apply", { plan, key }), await api.call("plan.apply", { plan, key })];
    assert.deepEqual([first.status, again.text, again.headers["idempotency-replayed"]], [200, first.text, "true"]);
  });

  test("not past its hour, not when withdrawn", async (t) => {
    const { api, plan } = await proposal(t);
    const { plan: other } = await api.run("plan.optimize", { body: { day, iterations: 500 } });
    assert.equal((await api.run("plan.cancel", { plan: other.id })).plan.status, "WITHDRAWN");
    assert.equal((await api.refuse("plan.apply", { plan: other.id })).error["plan_status"], "WITHDRAWN");
    assert.equal((await api.refuse("plan.cancel", { plan: other.id })).error.code, "PLAN_NOT_OPEN");
    api.clock.advance(61);
    const { error } = await api.refuse("plan.apply", { plan });
    assert.deepEqual([error.code, error["plan_status"]], ["PLAN_NOT_OPEN", "EXPIRED"]);
    assert.equal((await api.read("plan.get", { plan })).plan.status, "EXPIRED");
    assert.deepEqual(
      (await api.read("plan.list", { query: "status=EXPIRED" })).plans.map(({ id }) => id),
      [plan],
    );
  });
});
