// The checker must accept a good plan and name the one rule that a spoilt plan breaks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan } from "../../dispatch/planner/check.ts";
import { rules, type Violation } from "../../dispatch/planner/rules.ts";
import { inputSha256 } from "../../dispatch/planner/input-hash.ts";
import type { Plan, Route, Stop } from "../../dispatch/planner/plan.ts";
import type { Problem } from "../../dispatch/planner/problem.ts";
import { goodPlan, goodProblem } from "./good-plan.ts";

type Rule = Violation["rule"];

const broken = (problem: Problem, plan: Plan): Rule[] => [
  ...new Set(checkPlan(problem, plan).violations.map(({ rule }) => rule)),
];

/** The good plan with another route for one technician. */
const withRoute = (index: number, change: (route: Route) => Route): Plan => ({
  ...goodPlan,
  routes: goodPlan.routes.map((route, i) => (i === index ? change(route) : route)),
});

const withStop = (route: number, stop: number, change: (stop: Stop) => Stop): Plan =>
  withRoute(route, (one) => ({ ...one, stops: one.stops.map((each, i) => (i === stop ? change(each) : each)) }));

/** The good plan on a changed problem, under that problem's hash. */
function onProblem(change: (problem: Problem) => void): [Problem, Plan] {
  const problem = structuredClone(goodProblem);
  change(problem);
  return [problem, { ...goodPlan, input_sha256: inputSha256(problem) }];
}

const onPlan = (plan: Plan): [Problem, Plan] => [goodProblem, plan];

const later =
  (by: number) =>
  (stop: Stop): Stop => ({ ...stop, start: stop.start + by, leave: stop.leave + by });

function setTechnician(problem: Problem, index: number, change: Partial<Problem["technicians"][number]>): void {
  const technician = problem.technicians[index];
  assert.ok(technician);
  Object.assign(technician, change);
}

function setVisit(problem: Problem, index: number, change: Partial<Problem["visits"][number]>): void {
  const visit = problem.visits[index];
  assert.ok(visit);
  Object.assign(visit, change);
}

/** Each rule, what is done to break it, and the rules that break with it because they follow from it. */
const spoilt: Record<Rule, { readonly of: readonly [Problem, Plan]; readonly with?: readonly Rule[] }> = {
  PLAN_OF_ANOTHER_PROBLEM: { of: onPlan({ ...goodPlan, input_sha256: "0".repeat(64) }) },
  UNKNOWN_TECHNICIAN: {
    of: onPlan(withRoute(1, (route) => ({ ...route, technician: "zoe" }))),
    with: ["WRONG_TERMS", "WRONG_COST"],
  },
  TECHNICIAN_TWICE: {
    of: onPlan({
      ...goodPlan,
      routes: [...goodPlan.routes, { technician: "ben", stops: [{ visit: "e", arrive: 150, start: 150, leave: 151 }] }],
      unserved: [],
    }),
    with: ["OUTSIDE_WINDOWS", "RETURNS_AFTER_SHIFT", "WRONG_TERMS", "WRONG_COST"],
  },
  EMPTY_ROUTE: { of: onPlan({ ...goodPlan, routes: [...goodPlan.routes, { technician: "eve", stops: [] }] }) },
  UNKNOWN_VISIT: { of: onPlan({ ...goodPlan, unserved: ["e", "x"] }) },
  VISIT_TWICE: { of: onPlan({ ...goodPlan, unserved: ["e", "e"] }) },
  VISIT_MISSING: { of: onPlan({ ...goodPlan, unserved: [] }), with: ["WRONG_TERMS", "WRONG_COST"] },
  UNSERVED_NOT_ALLOWED: {
    of: onProblem((problem) => Object.assign(problem, { unservedPenalty: null })),
    with: ["WRONG_TERMS", "WRONG_COST"],
  },
  DEPARTS_BEFORE_SHIFT: { of: onProblem((problem) => setTechnician(problem, 0, { shift: { from: 3, to: 100 } })) },
  RETURNS_AFTER_SHIFT: { of: onProblem((problem) => setTechnician(problem, 0, { shift: { from: 0, to: 80 } })) },
  WRONG_ARRIVAL: { of: onPlan(withStop(0, 1, (stop) => ({ ...stop, arrive: stop.arrive - 1 }))) },
  STARTS_BEFORE_ARRIVAL: {
    of: onPlan(withStop(1, 0, (stop) => ({ ...stop, arrive: 21 }))),
    with: ["WRONG_TERMS", "WRONG_COST"],
  },
  OUTSIDE_WINDOWS: {
    of: onProblem((problem) =>
      setVisit(problem, 1, {
        windows: [
          [0, 10],
          [28, 60],
        ],
      }),
    ),
  },
  WRONG_LEAVE: { of: onProblem((problem) => setVisit(problem, 2, { duration: 5 })) },
  WORKS_IN_BREAK: { of: onProblem((problem) => setTechnician(problem, 1, { breaks: [[25, 26]] })) },
  SKILL_MISSING: { of: onProblem((problem) => setVisit(problem, 1, { skills: ["glazing"] })) },
  TOOL_MISSING: { of: onProblem((problem) => setVisit(problem, 1, { tools: ["lift"] })) },
  PARTS_SHORT: { of: onProblem((problem) => setVisit(problem, 1, { parts: { hinge: 1 } })) },
  OVER_CAPACITY: { of: onProblem((problem) => setTechnician(problem, 0, { capacity: 5 })) },
  PINNED_TO_ANOTHER: { of: onProblem((problem) => setVisit(problem, 3, { pinned: { technician: "eve", start: 20 } })) },
  PINNED_START_MISSED: {
    of: onProblem((problem) => setVisit(problem, 3, { pinned: { technician: "ben", start: 19 } })),
  },
  CREW_APART: { of: onProblem((problem) => [0, 3].forEach((visit) => setVisit(problem, visit, { crew: "x" }))) },
  CREW_INCOMPLETE: { of: onProblem((problem) => [3, 4].forEach((visit) => setVisit(problem, visit, { crew: "x" }))) },
  NO_DEPOT: {
    of: onProblem((problem) => void delete problem.depot),
    with: ["TOOL_MISSING", "PARTS_SHORT", "WRONG_ARRIVAL", "WRONG_TERMS", "WRONG_COST"],
  },
  RESTOCK_PLACE: {
    of: onPlan(withRoute(0, (route) => ({ ...route, restock: { before: 4, arrive: 50, start: 50, leave: 52 } }))),
    with: ["TOOL_MISSING", "PARTS_SHORT", "WRONG_ARRIVAL", "WRONG_TERMS", "WRONG_COST"],
  },
  RESTOCK_OUTSIDE_WINDOW: { of: onProblem(({ depot }) => void (depot && (depot.window = [45, 49]))) },
  WRONG_TERMS: { of: onPlan({ ...goodPlan, terms: { ...goodPlan.terms, distance: goodPlan.terms.distance + 0.01 } }) },
  WRONG_COST: { of: onPlan({ ...goodPlan, cost: goodPlan.cost - 0.01 }) },
};

describe("the checker", () => {
  it("accepts a plan worked out by hand and comes to the same cost", () => {
    assert.deepEqual(checkPlan(goodProblem, goodPlan), {
      ok: true,
      violations: [],
      cost: checkPlan(goodProblem, goodPlan).cost,
      terms: goodPlan.terms,
    });
    assert.ok(Math.abs(checkPlan(goodProblem, goodPlan).cost - goodPlan.cost) < 1e-9);
  });

  for (const rule of rules) {
    const { of, with: following = [] } = spoilt[rule];
    it(`names ${rule}`, () => assert.deepEqual(broken(...of).sort(), [rule, ...following].sort()));
  }

  it("says where and with which figures", () => {
    const [first] = checkPlan(...spoilt.WORKS_IN_BREAK.of).violations;
    assert.equal(first?.path, "/routes/1/stops/0");
    assert.match(first?.detail ?? "", /from 20 for 6, with a break from 25 to 26/);
  });

  it("sees every time of every stop that is off by a thousandth", () => {
    for (const [i, route] of goodPlan.routes.entries()) {
      for (const j of route.stops.keys()) {
        for (const field of ["arrive", "start", "leave"] as const) {
          const plan = withStop(i, j, (stop) => ({ ...stop, [field]: stop[field] + 0.001 }));
          assert.notDeepEqual(broken(goodProblem, plan), [], `${field} of stop ${j} of route ${i}`);
        }
      }
    }
  });

  it("lets a technician wait at the visit, and counts that time", () => {
    const [problem, plan] = onProblem((one) => setVisit(one, 3, { pinned: { technician: "ben" } }));
    const waiting = {
      ...plan,
      routes: plan.routes.map((route, i) => (i === 1 ? { ...route, stops: route.stops.map(later(3)) } : route)),
    };
    assert.deepEqual(broken(problem, waiting), ["WRONG_TERMS", "WRONG_COST"]);
    assert.equal(checkPlan(problem, waiting).terms.duration, goodPlan.terms.duration + 3);
  });
});
