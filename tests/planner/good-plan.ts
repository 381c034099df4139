// One problem with every feature and a plan for it, worked out by hand, that keeps every rule: what the checker's tests spoil.
// Legs are whole numbers; the van of Ana calls at the depot between her second and third stop.

import { inputSha256 } from "../../dispatch/planner/input-hash.ts";
import type { Plan } from "../../dispatch/planner/plan.ts";
import type { Problem } from "../../dispatch/planner/problem.ts";

export const goodProblem: Problem = {
  schema: "dispatch.schedule.problem/1",
  name: "every feature",
  objective: "cost",
  weights: { distance: 2, duration: 1, technician: 10 },
  unservedPenalty: 50,
  travel: { kind: "euclidean", speed: 1 },
  technicians: [
    {
      id: "ana",
      start: { x: 0, y: 0 },
      end: { x: 10, y: 0 },
      shift: { from: 0, to: 100 },
      breaks: [[30, 40]],
      skills: ["doors"],
      tools: ["drill"],
      parts: { hinge: 1 },
      capacity: 6,
    },
    { id: "ben", start: { x: 50, y: 0 }, shift: { from: 0, to: 60 }, skills: ["doors"] },
    { id: "eve", start: { x: 90, y: 0 }, shift: { from: 0, to: 60 } },
  ],
  visits: [
    {
      id: "a",
      at: { x: 10, y: 0 },
      duration: 5,
      windows: [[12, 20]],
      skills: ["doors"],
      tools: ["drill"],
      parts: { hinge: 1 },
      demand: 2,
    },
    {
      id: "b",
      at: { x: 20, y: 0 },
      duration: 3,
      windows: [
        [0, 10],
        [27, 60],
      ],
      demand: 2,
    },
    { id: "c", at: { x: 20, y: 10 }, duration: 4, windows: [[0, 90]], tools: ["lift"], parts: { hinge: 3 }, demand: 2 },
    { id: "d", at: { x: 53, y: 4 }, duration: 6, windows: [[0, 40]], pinned: { technician: "ben", start: 20 } },
    { id: "e", at: { x: 200, y: 0 }, duration: 1, windows: [[0, 10]], priority: 3 },
  ],
  depot: { at: { x: 30, y: 0 }, duration: 2, window: [45, 60], restock: { tools: "all", parts: "unlimited" } },
};

/** Ana drives 10 to a, 10 to b, 10 to the depot through her break, then to c and home. */
const toC = Math.hypot(10, 10);
const home = Math.hypot(10, 10);
const anaBack = 50 + toC + 4 + home;

export const goodPlan: Plan = {
  schema: "dispatch.schedule.plan/1",
  routes: [
    {
      technician: "ana",
      stops: [
        { visit: "a", arrive: 12, start: 12, leave: 17 },
        { visit: "b", arrive: 27, start: 27, leave: 30 },
        { visit: "c", arrive: 52 + toC, start: 52 + toC, leave: 56 + toC },
      ],
      restock: { before: 2, arrive: 50, start: 50, leave: 52 },
    },
    { technician: "ben", stops: [{ visit: "d", arrive: 20, start: 20, leave: 26 }] },
  ],
  unserved: ["e"],
  cost: 2 * (30 + toC + home + 10) + (anaBack + 2 - 2 + 16) + 20 + 150,
  terms: { distance: 40 + toC + home, duration: anaBack + 16, technicians: 2, unserved: 150 },
  seed: 1,
  budget: { iterations: 0 },
  input_sha256: inputSha256(goodProblem),
  solver: "by hand",
};
