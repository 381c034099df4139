// What may be asked of the planner: a better day as a proposal, and its application as one step.

import { defineCommands, defineQueries } from "./entry.ts";
import { idOf, line, note, nullable, oneOf, optional, Type } from "./fields.ts";
import type { TechnicianId } from "./ids.ts";
import * as body from "./plan-responses.ts";

const base = "/plans";
const desk = { roles: ["dispatcher"], aggregate: "desk", effect: "touches", from: [], to: [] } as const;
const none = () => Type.Object({});

/** How long a search may take, in seconds: at least and at most; usually where neither seconds nor iterations are given. */
export const searchSeconds = { least: 0.1, usual: 5, most: 30 } as const;

/** What nothing else can be planned without; the worker's own command takes the same. */
export const planScope = {
  day: Type.String({
    pattern: "^\\d{4}-\\d{2}-\\d{2}$",
    description: "The day to plan, YYYY-MM-DD; it may be today or lie up to a year ahead",
  }),
  time_zone: optional(
    line(60, { description: "IANA time zone in which that day begins and ends; absent: that of most shifts planned" }),
  ),
  zone: optional(
    nullable(line(100), "Only technicians and sites of this zone, in any letter case; absent or null: all zones"),
  ),
};

export const planCommands = defineCommands({
  "plan.optimize": {
    ...desk,
    path: `${base}/optimize`,
    status: 201,
    summary:
      "Search for a better day: who drives where and when. The answer is a proposal with before, after " +
      "and a reason for each visit that would move; nothing changes until plan.apply. For one ticket's " +
      "time use schedule.slots.",
    next: ["plan.apply", "plan.get", "plan.cancel"],
    input: Type.Object({
      ...planScope,
      tech_ids: optional(
        Type.Array(idOf<TechnicianId>(), {
          minItems: 1,
          maxItems: 100,
          uniqueItems: true,
          description: "Only these technicians' days; absent: everybody's on shift",
        }),
      ),
      seconds: optional(
        Type.Number({
          minimum: searchSeconds.least,
          maximum: searchSeconds.most,
          description:
            `Longest to search, in seconds, ${searchSeconds.least} to ${searchSeconds.most}; a small day is ` +
            `done sooner; absent: ${searchSeconds.usual}, or no limit of its own when iterations are given`,
        }),
      ),
      iterations: optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          description:
            "Most search steps; without seconds they count alone, and the same desk and seed give the same plan; absent: seconds count",
        }),
      ),
      seed: optional(
        Type.Integer({
          minimum: 0,
          maximum: 2_147_483_647,
          description: "Another seed may find another plan; absent: 1",
        }),
      ),
      move_within_minutes: optional(
        Type.Integer({
          minimum: 0,
          maximum: 1_440,
          description:
            "How far a time that the desk booked may move either way, in minutes; a time the customer confirmed never does; absent: 120",
        }),
      ),
    }),
    example: { day: "2026-11-23", zone: "CA", seconds: 5 },
    output: body.planned,
  },
  "plan.apply": {
    ...desk,
    path: `${base}/{planId}/apply`,
    status: 200,
    summary:
      "Carry out a proposal whole: every move at once, each with its own receipt, or none. Refused as " +
      "PLAN_STALE, with what changed, when a ticket or a technician it touches is no longer as it was.",
    next: ["plan.get", "dispatcher.cockpit", "ticket.get"],
    input: Type.Object({ note: optional(note("Why, kept in the audit; absent: none")) }),
    example: { note: "Agreed with the crew" },
    output: body.appliedPlan,
  },
  "plan.cancel": {
    ...desk,
    path: `${base}/{planId}/cancel`,
    status: 200,
    summary:
      "End a search that runs, so that the best plan so far becomes the proposal within moments; or " +
      "withdraw a proposal, so that nobody applies it. What was applied stays applied.",
    next: ["plan.get", "plan.optimize"],
    input: Type.Object({ note: optional(note("Why, kept in the audit; absent: none")) }),
    example: { note: "Ana is ill after all" },
    output: body.planned,
  },
});

export const planQueries = defineQueries({
  "plan.get": {
    path: `${base}/{planId}`,
    wrongIdCode: "PLAN_NOT_FOUND",
    roles: ["dispatcher"],
    summary:
      "Read one plan: how far its search is, what it would move and why, or what became of it. To find its id use plan.list.",
    next: ["plan.apply", "plan.cancel", "plan.optimize"],
    input: none(),
    example: {},
    output: body.planned,
  },
  "plan.list": {
    path: base,
    roles: ["dispatcher"],
    summary:
      "List plans, newest first, those the worker proposed overnight included. What a plan would move is in plan.get.",
    next: ["plan.get", "plan.apply"],
    input: Type.Object({
      status: optional(oneOf([...body.planStatuses], "Only plans of this status; absent: of any")),
      day: optional(
        Type.String({
          pattern: "^\\d{4}-\\d{2}-\\d{2}$",
          description: "Only plans of this day, YYYY-MM-DD; absent: of any",
        }),
      ),
      limit: optional(
        Type.Integer({ minimum: 1, maximum: 100, description: "At most this many plans, 1 to 100; absent: 20" }),
      ),
    }),
    example: { status: "PROPOSED", day: "2026-11-23" },
    output: body.plans,
  },
});
