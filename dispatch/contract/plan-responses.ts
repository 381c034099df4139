// The bodies the plan's commands and queries answer with, as schemas.

import { answeredId, localTime, nullable, priorities, state, Type, type Static } from "./fields.ts";
import { crew } from "./responses.ts";
import type { PlanId, ReceiptId, TechnicianId, TicketId } from "./ids.ts";

const time = () => Type.String({ format: "date-time" });
const text = () => Type.String();
const count = () => Type.Integer({ minimum: 0 });

export const planStatuses = ["RUNNING", "PROPOSED", "APPLIED", "WITHDRAWN", "EXPIRED", "FAILED"] as const;
export type PlanStatus = (typeof planStatuses)[number];

/** Why a visit stays exactly where it is, or without a time, whatever the plan would gain by moving it. */
export const stayReasons = [
  "UNDER_WAY",
  "HELD",
  "PAUSED",
  "STARTS_SOON",
  "TECHNICIAN_LEFT_OUT",
  "OUTSIDE_HOURS",
  "IN_PARTS",
  "OUT_OF_SCOPE",
  "CREW",
  "SITE_CLOSED",
] as const;
export type StayReason = (typeof stayReasons)[number];

/** How a day stands. Driving and overtime of the days that were planned; delays of the tickets the caller may see. */
const dayFigures = Type.Object({
  /** Visits with a time and a technician. */
  served: count(),
  /** Tickets that want a visit and have none. */
  unserved: count(),
  /** Visits that start after their response deadline, and tickets without a visit whose deadline passes on that day. */
  late: count(),
  travel_minutes: Type.Number(),
  overtime_minutes: Type.Number(),
  /** In the planner's terms: minutes of driving, and a penalty by priority for each ticket without a visit. */
  cost: Type.Number(),
});
export type DayFigures = Static<typeof dayFigures>;

/** On the clock of the visit's site; a plan that an earlier release made has none. */
const localSpan = { start_local: Type.Optional(localTime()), end_local: Type.Optional(localTime()) };

/** Who goes along with the lead, where a crew does the work. */
const helper = { tech_id: answeredId<TechnicianId>(), tech_name: text() };

const place = Type.Object({
  tech_id: nullable(answeredId<TechnicianId>()),
  tech_name: nullable(text()),
  start: time(),
  end: time(),
  helpers: Type.Optional(Type.Array(Type.Object(helper))),
  ...localSpan,
});

/** As people say it; plans from before it was kept have none. */
const number = () => Type.Optional(text());

const move = Type.Object({
  ticket_id: answeredId<TicketId>(),
  number: number(),
  summary: text(),
  priority: Type.Enum([...priorities]),
  state: state(),
  /** Null where the ticket had no time. */
  from: nullable(place),
  to: Type.Object({
    tech_id: answeredId<TechnicianId>(),
    tech_name: text(),
    start: time(),
    end: time(),
    travel_before_minutes: count(),
    helpers: Type.Optional(Type.Array(Type.Object({ ...helper, travel_before_minutes: count() }))),
    ...localSpan,
  }),
  /** The site's. */
  timezone: Type.Optional(text()),
  /** Driving that this visit costs less than where it was, all who go taken together; below zero when it costs more. */
  saves_minutes: Type.Number(),
  reason: text(),
});
export type PlanMove = Static<typeof move>;

/** What a model or an accountant needs to make the same plan again. */
const search = Type.Object({
  seed: Type.Integer(),
  seconds: nullable(Type.Number()),
  iterations: count(),
  /** Whether the budget was used up, or somebody or the time limit ended the search before. */
  stopped: Type.Enum(["budget", "cancelled"]),
  solver: text(),
  input_sha256: text(),
});

const summary = {
  id: answeredId<PlanId>(),
  status: Type.Enum([...planStatuses]),
  day: text(),
  time_zone: text(),
  zone: nullable(text()),
  /** Made by a worker for the coming day, and not asked for by anybody. */
  nightly: Type.Boolean(),
  requested_by: text(),
  created_at: time(),
  /** Null while the search runs. */
  expires_at: nullable(time()),
  /** Share of the budget that is spent, 0 to 1. */
  progress: Type.Number(),
};

export const plan = Type.Object({
  ...summary,
  tech_ids: nullable(Type.Array(answeredId<TechnicianId>())),
  move_within_minutes: count(),
  /** Of everything the plan was made from; it changes with any of it, but only what touches the moves makes a plan stale. */
  schedule_version: nullable(text()),
  search: nullable(search),
  before: nullable(dayFigures),
  after: nullable(dayFigures),
  /** Empty when nothing better was found. */
  moves: Type.Array(move),
  unserved: Type.Array(
    Type.Object({
      ticket_id: answeredId<TicketId>(),
      number: number(),
      priority: Type.Enum([...priorities]),
      detail: text(),
    }),
  ),
  /** How many visits stay, and why. */
  stays: Type.Array(Type.Object({ reason: Type.Enum([...stayReasons]), count: count(), detail: text() })),
  /** Whose day was not planned, and why. */
  left_out: Type.Array(
    Type.Object({ tech_id: answeredId<TechnicianId>(), tech_name: text(), reason: text(), detail: text() }),
  ),
  /** What the plan may move and what not, in sentences. */
  rules: Type.Array(text()),
});
export type PlanBody = Static<typeof plan>;

export const planned = Type.Object({ plan });

const appliedMove = Type.Object({
  ticket_id: answeredId<TicketId>(),
  number: text(),
  previous_state: state(),
  state: state(),
  tech_id: answeredId<TechnicianId>(),
  /** Of a crew: everybody, the lead first. */
  crew: Type.Optional(crew),
  scheduled_start: time(),
  scheduled_end: time(),
  receipt_id: answeredId<ReceiptId>(),
  scheduled_start_local: Type.Optional(localTime()),
  scheduled_end_local: Type.Optional(localTime()),
  timezone: Type.Optional(text()),
});
export const appliedPlan = Type.Object({ plan, moved: Type.Array(appliedMove) });

const planSummary = Type.Object({ ...summary, moved: count(), saves_minutes: Type.Number() });
export type PlanSummary = Static<typeof planSummary>;
export const plans = Type.Object({ plans: Type.Array(planSummary), generated_at: time() });
