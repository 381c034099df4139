// Any day of a desk becomes a problem the planner takes; whatever plan it finds passes the planner's checker and the rule that
// slots and bookings go by; and nothing moves that may not.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Policy } from "../../dispatch/policy/policy.ts";
import {
  buildProblem,
  idOfPin,
  minuteOf,
  type BuiltProblem,
  type DayRows,
} from "../../dispatch/planning/build-problem.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { describePlan } from "../../dispatch/planning/describe-plan.ts";
import { settlePlan, UnsoundPlan } from "../../dispatch/planning/settle-plan.ts";
import { checkPlan } from "../../dispatch/planner/check.ts";
import type { Plan } from "../../dispatch/planner/plan.ts";
import { Problem } from "../../dispatch/planner/problem.ts";
import { solve } from "../../dispatch/planner/solve.ts";
import { problemFaults } from "../../dispatch/planner/validate.ts";
import { Value } from "typebox/value";
import { estimateTravelMinutes } from "../../dispatch/travel/estimate.ts";
import { placeOf } from "../../dispatch/workforce/calendar.ts";
import { crewSize } from "../../dispatch/workforce/site-demand.ts";
import { openHours } from "../../dispatch/workforce/open-hours.ts";
import { policyWithCrews } from "../support/crew-policy.ts";
import { anyCrewDay, anyDay, day } from "./random-day.ts";

const inShift = loadPolicy("pilot");
/** Of what waits, doors take two people and glass takes three; of what is booked, some has a helper beside. */
const crewed = policyWithCrews("pilot", { DOOR_WONT_LATCH: 2, FRAME_OR_GLASS_DAMAGE: 3 });
const beforeShift = { ...inShift, firstDrive: "before_shift" as const };
const anyPolicy = fc.constantFrom(inShift, beforeShift);
const anyCrewPolicy = fc.constantFrom(crewed, { ...crewed, firstDrive: "before_shift" as const });
const runs = { numRuns: 400 };

function planned(rows: DayRows, policy: Policy) {
  const built = buildProblem(rows, policy);
  const settled = settlePlan(built, solve(built.problem, { seed: 1, iterations: 60 }));
  return { built, settled, story: describePlan(built, settled) };
}

/** The driving of a plan, leg by leg, from the places themselves. */
function figuresByHand({ lanes, visits, helping }: BuiltProblem, { routes }: Plan): number {
  return routes.reduce((sum, { technician, stops }) => {
    const lane = lanes.get(technician) ?? assert.fail("a route of nobody's");
    const places = stops.map(({ visit }) => {
      const ticket = (visits.get(visit) ?? helping.get(visit))?.ticket;
      return ticket ? placeOf(ticket) : (lane.pins.find((pin) => idOfPin(pin, lane) === visit)?.place ?? null);
    });
    const way = [lane.from, ...places, lane.to];
    return way.slice(1).reduce((part, to, i) => part + (estimateTravelMinutes(way[i] ?? null, to) ?? 0), sum);
  }, 0);
}

describe("any day of a desk", () => {
  test("is a problem in the form the planner takes, without a contradiction", () => {
    fc.assert(
      fc.property(anyDay, anyPolicy, (rows, policy) => {
        const { problem } = buildProblem(rows, policy);
        assert.deepEqual(problemFaults(problem), []);
        assert.ok(Value.Check(Problem, problem));
      }),
      runs,
    );
  });

  test("gets plans of which each passes the checker and the rule for bookings, and keeps every pin", () => {
    let plans = 0;
    let moves = 0;
    fc.assert(
      fc.property(anyDay, anyPolicy, (rows, policy) => {
        const { built, settled, story } = planned(rows, policy);
        moves += story.moves.length;
        if (!settled.plan) return void assert.deepEqual(story.moves, []);
        plans++;
        assert.deepEqual(checkPlan(built.problem, settled.plan).violations, []);
        const served = new Map(
          settled.plan.routes.flatMap(({ technician, stops }) =>
            stops.map((stop) => [stop.visit, { technician, start: stop.start }] as const),
          ),
        );
        for (const { id, pinned } of built.problem.visits) if (pinned) assert.deepEqual(served.get(id), pinned);
      }),
      runs,
    );
    assert.ok(plans > 100 && moves > 200, `${plans} plans with ${moves} moves prove little`);
  });

  test("gets crews that come whole and begin together: as many as the work takes, each another person, and the lead able", () => {
    const found = { placed: 0, moved: 0, left: 0 };
    fc.assert(
      fc.property(anyCrewDay, anyCrewPolicy, (rows, policy) => {
        const { built, story, settled } = planned(rows, policy);
        assert.deepEqual(problemFaults(built.problem), []);
        if (settled.plan) assert.deepEqual(checkPlan(built.problem, settled.plan).violations, []);
        for (const { ticket_id, from, to } of story.moves) {
          const ticket = rows.tickets.find(({ id }) => id === ticket_id) ?? assert.fail("a ticket of nobody's");
          const begun = ticket.assigned_tech_id !== null || ticket.helpers > 0;
          const people = begun ? 1 + ticket.helpers : crewSize(ticket.incident_type, policy);
          const everybody = [to, ...(to.helpers ?? [])].map(({ tech_id }) => tech_id);
          assert.deepEqual([everybody.length, new Set(everybody).size], [people, people]);
          const lead = rows.roster.find(({ id }) => id === to.tech_id) ?? assert.fail("nobody leads");
          const type = policy.incidentTypes[ticket.incident_type ?? ""];
          if (from?.tech_id !== to.tech_id)
            for (const skill of type?.requiredSkills ?? []) assert.ok(lead.skills.includes(skill), skill);
          if (people > 1) found[from?.tech_id ? "moved" : "placed"] += 1;
          const starts = (settled.plan?.routes ?? []).flatMap(({ stops }) =>
            stops.filter(({ visit }) => visit === ticket_id || visit.startsWith(`${ticket_id} +`)),
          );
          assert.deepEqual([starts.length, new Set(starts.map(({ start }) => start)).size], [people, 1]);
        }
        for (const { ticket_id, detail } of story.unserved) {
          const ticket = rows.tickets.find(({ id }) => id === ticket_id);
          if (
            ticket?.assigned_tech_id === null &&
            crewSize(ticket.incident_type, policy) > 1 &&
            /people at once/.test(detail)
          )
            found.left += 1;
        }
      }),
      runs,
    );
    assert.ok(
      Object.values(found).every((count) => count > 0),
      `${JSON.stringify(found)} prove little`,
    );
  });

  test("has more room where the first drive lies before the shift, and tells the driving in full", () => {
    let early = 0;
    fc.assert(
      fc.property(anyDay, (rows) => {
        const { built, settled } = planned(rows, beforeShift);
        const { travel, technicians } = built.problem;
        if (!settled.plan || travel.kind !== "matrix") return;
        for (const { technician: id, stops } of settled.plan.routes) {
          const technician = technicians.find((one) => one.id === id) ?? assert.fail("a route of nobody's");
          const [first] = stops;
          const at = built.problem.visits.find((one) => one.id === first?.visit)?.at;
          if (!first || !at || !("node" in at) || !("node" in technician.start)) continue;
          const drive = travel.distance[technician.start.node]?.[at.node] ?? 0;
          if (first.start - technician.shift.from < drive) early += 1;
        }
        assert.equal(settled.plan.terms.distance, figuresByHand(built, settled.plan));
      }),
      runs,
    );
    assert.ok(early > 20, `only ${early} routes began with a drive before the shift`);
  });

  test("moves only what may move, and only so far", () => {
    let inPromise = 0;
    fc.assert(
      fc.property(anyDay, anyPolicy, (rows, policy) => {
        const { story } = planned(rows, policy);
        for (const { ticket_id, from, to, state, reason } of story.moves) {
          const ticket = rows.tickets.find(({ id }) => id === ticket_id) ?? assert.fail("a ticket of nobody's");
          assert.ok(!ticket.paused && ["READY_TO_SCHEDULE", "SCHEDULED"].includes(state) && reason.length > 0);
          const start = Date.parse(to.start);
          assert.ok(start >= rows.earliest && start < day.end);
          if (!from) continue;
          assert.equal(Date.parse(to.end) - start, Date.parse(from.end) - Date.parse(from.start));
          if (ticket.arrival_start !== null && ticket.arrival_end !== null) {
            assert.ok(ticket.arrival_start <= to.start && to.end <= ticket.arrival_end, "leaves what was promised");
            if (to.start !== from.start && !ticket.desk_chose_time) inPromise += 1;
            continue;
          }
          const moved = Math.abs(start - Date.parse(from.start)) / 60_000;
          assert.ok(
            moved <= (ticket.desk_chose_time ? rows.moveWithinMinutes : 0),
            `${ticket_id} moves by ${moved} min`,
          );
        }
      }),
      { numRuns: 1_600 },
    );
    assert.ok(inPromise > 0, "no confirmed visit moved inside what was promised");
  });

  test("gives nobody a time at which the site is closed, but in an emergency, and says what stays for that", () => {
    const found = { inHours: 0, emergencies: 0, stays: 0 };
    fc.assert(
      fc.property(anyDay, (rows) => {
        const { story } = planned(rows, inShift);
        found.stays += story.stays.find(({ reason }) => reason === "SITE_CLOSED")?.count ?? 0;
        for (const { ticket_id, to } of story.moves) {
          const ticket = rows.tickets.find(({ id }) => id === ticket_id) ?? assert.fail("a ticket of nobody's");
          const closed = openHours(ticket, inShift)?.closedWithin({
            start: Date.parse(to.start),
            end: Date.parse(to.end),
          });
          if (closed?.length === 0) found.inHours += 1;
          else if (closed) {
            assert.equal(ticket.priority, "EMERGENCY", `${ticket_id} at ${to.start}`);
            found.emergencies += 1;
          }
        }
      }),
      { numRuns: 800 },
    );
    assert.ok(
      Object.values(found).every((count) => count > 5),
      `${JSON.stringify(found)} prove little`,
    );
  });

  test("never costs more with a plan than as it stands, where it stands by the rules", () => {
    fc.assert(
      fc.property(anyDay, anyPolicy, (rows, policy) => {
        const { built, settled, story } = planned(rows, policy);
        if (!settled.plan || !checkPlan(built.problem, settled.before).ok) return;
        assert.ok((story.after?.cost ?? 0) < (story.before?.cost ?? 0));
        assert.ok((story.after?.unserved ?? 0) <= (story.before?.unserved ?? 0));
      }),
      runs,
    );
  });

  test("is counted in minutes since its midnight", () => {
    assert.equal(minuteOf(day)(Date.parse("2026-03-04T01:30:00Z")), 90);
  });
});

describe("a plan that breaks a rule", () => {
  test("is never settled on: the checker refuses whom the work is beyond", () => {
    let refused = 0;
    fc.assert(
      fc.property(anyDay, anyPolicy, (rows, policy) => {
        const built = buildProblem(rows, policy);
        const plan = solve(built.problem, { seed: 1, iterations: 20 });
        const id = plan.unserved.find((one) => built.visits.get(one)?.lane === null);
        const unable = built.problem.technicians.find(
          ({ skills = [] }) =>
            !built.problem.visits.find((one) => one.id === id)?.skills?.every((skill) => skills.includes(skill)),
        );
        const [from] = built.problem.visits.find((one) => one.id === id)?.windows ?? [];
        if (id === undefined || !unable || !from || plan.routes.some(({ technician }) => technician === unable.id))
          return;
        const start = from[0];
        const stop = { visit: id, arrive: start, start, leave: start + (built.visits.get(id)?.minutes ?? 0) };
        const wrong = {
          ...plan,
          routes: [...plan.routes, { technician: unable.id, stops: [stop] }],
          unserved: plan.unserved.filter((one) => one !== id),
        };
        try {
          assert.equal(settlePlan(built, wrong).plan, null);
        } catch (error) {
          assert.ok(error instanceof UnsoundPlan && error.violations.length > 0, String(error));
          refused++;
        }
      }),
      runs,
    );
    assert.ok(refused > 20, `only ${refused} plans were refused`);
  });
});
