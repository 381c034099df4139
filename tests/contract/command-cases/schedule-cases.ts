// The commands that find a ticket its time; see case.ts.

import type { scheduleCommands } from "../../../dispatch/contract/schedule-commands.ts";
import { freeWindow } from "../../support/ticket-builder.ts";
import { schedulable } from "../roles-and-states.ts";
import { one, type CasesFor, type Obeyed } from "./case.ts";
import { backwards, t, uuid, window } from "./samples.ts";

const holdCode = "SCHEDULE_HOLD_STATE_CONFLICT";
const empty = { start: window.start, end: window.start };
/** Whoever was sent is called back first. */
const calledBack = (from: string) => (from === "DISPATCHED" ? (["SCHEDULED"] as const) : []);
const ending = (field: string) => (): Obeyed[] =>
  schedulable.map((heldIn) => ({
    way: `held in ${heldIn}`,
    plan: { heldIn },
    body: (_api, { holdId }) => ({ [field]: holdId }),
    path: [heldIn],
  }));

export const scheduleCases = {
  "schedule.propose": {
    path: `${t}/schedule/propose`,
    roles: ["dispatcher", "agent"],
    from: ["READY_TO_SCHEDULE"],
    to: ["SCHEDULE_PROPOSED"],
    status: 200,
    obeyed: one((api) => ({ options: [freeWindow(api), freeWindow(api)] }), "SCHEDULE_PROPOSED"),
    fields: {
      good: [
        { options: [window] },
        { options: [window, { start: "2026-05-02T10:00:00+02:00", end: "2026-05-02T10:00:00Z" }] },
      ],
      bad: [
        [{ options: undefined }, "options"],
        [{ options: [] }, "options"],
        [{ options: window }, "options"],
        [{ options: [window, backwards] }, "options"],
        [{ options: [empty] }, "options"],
        [{ options: [{ start: window.start }] }, "options"],
        [{ options: [{ ...window, end: "2026-05-01T12:00:00" }] }, "options"],
      ],
    },
  },
  "schedule.confirm": {
    path: `${t}/schedule/confirm`,
    roles: ["dispatcher", "customer"],
    from: ["SCHEDULE_PROPOSED"],
    to: ["SCHEDULED"],
    status: 200,
    obeyed: one((_api, { window: proposed }) => proposed, "SCHEDULED"),
    fields: {
      good: [
        window,
        { ...window, arrival_window: window },
        { start: "2026-05-01t10:00:00z", end: "2026-05-01 12:00Z" },
      ],
      bad: [
        [{ start: undefined }, "start"],
        [{ end: undefined }, "end"],
        [backwards, ""],
        [empty, ""],
        [{ ...window, arrival_window: backwards }, "arrival_window"],
        [{ start: "2026-02-30T10:00:00Z" }, "start"],
        [{ start: "2025-02-29T10:00:00Z" }, "start"],
        [{ start: "2026-13-01T10:00:00Z" }, "start"],
        [{ start: "2026-05-01T25:00:00Z" }, "start"],
        [{ start: "2026-05-01T10:60:00Z" }, "start"],
        [{ start: "2026-05-01T10:00:00+99:00" }, "start"],
        [{ start: "10000-05-01T10:00:00Z" }, "start"],
        [{ start: "0001-05-01T10:00:00Z" }, "start"],
        [{ start: "May 1, 2026 10:00 UTC" }, "start"],
        [{ start: 1_777_629_600_000 }, "start"],
      ],
    },
  },
  "schedule.book": {
    path: `${t}/schedule/book`,
    roles: ["dispatcher", "agent"],
    from: ["READY_TO_SCHEDULE"],
    to: ["SCHEDULED"],
    status: 200,
    obeyed: one(() => ({ strategy: "earliest" }), "SCHEDULE_PROPOSED", "SCHEDULED"),
    fields: {
      good: [
        {},
        { arrival_window: window },
        { earliest: window.start, latest: window.end, duration_minutes: 5, tech_id: uuid, strategy: "least_travel" },
      ],
      bad: [
        [{ earliest: "now" }, "earliest"],
        [{ latest: 5 }, "latest"],
        [{ duration_minutes: 4 }, "duration_minutes"],
        [{ duration_minutes: 1_441 }, "duration_minutes"],
        [{ tech_id: "ana" }, "tech_id"],
        [{ strategy: "BEST" }, "strategy"],
        [{ arrival_window: "morning" }, "arrival_window"],
      ],
    },
  },
  "schedule.move": {
    path: `${t}/schedule/move`,
    roles: ["dispatcher", "customer"],
    from: ["SCHEDULED", "DISPATCHED"],
    to: ["SCHEDULED"],
    status: 200,
    obeyed: (from) => [
      {
        // Once somebody is sent, the customer speaks to the desk.
        ...(from === "DISPATCHED" && { roles: ["dispatcher"] as const }),
        body: (api) => ({ ...freeWindow(api), reason: "the customer asks for another day" }),
        path: [...calledBack(from)],
      },
    ],
    fields: {
      good: [
        { ...window, reason: "x" },
        { ...window, reason: "x", tech_id: uuid, arrival_window: window, expected_version: 7 },
      ],
      bad: [
        [{ start: undefined }, "start"],
        [{ end: undefined }, "end"],
        [{ ...backwards, reason: "x" }, ""],
        [{ reason: undefined }, "reason"],
        [{ reason: " " }, "reason"],
        [{ arrival_window: { start: window.start } }, "arrival_window/end"],
        [{ tech_id: "ana" }, "tech_id"],
      ],
    },
  },
  "schedule.reopen": {
    path: `${t}/schedule/reopen`,
    roles: ["dispatcher"],
    from: ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED", "DISPATCHED"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
    obeyed: (from) => [
      {
        body: () => ({ reason: "customer is away then" }),
        path: from === "READY_TO_SCHEDULE" ? [] : [...calledBack(from), "READY_TO_SCHEDULE"],
      },
    ],
    fields: {
      good: [{ reason: "x" }],
      bad: [
        [{ reason: undefined }, "reason"],
        [{ reason: " " }, "reason"],
      ],
    },
  },
  "schedule.hold": {
    path: `${t}/schedule/hold`,
    roles: ["dispatcher"],
    from: [...schedulable, "DISPATCHED"],
    to: ["PENDING_CUSTOMER_CONFIRMATION"],
    status: 201,
    wrongState: holdCode,
    obeyed: (from) => [
      {
        body: (api) => ({
          hold_reason: "customer_pending",
          confirmation_window: { start: api.clock.iso, end: api.clock.in(60) },
        }),
        path: [...calledBack(from), "PENDING_CUSTOMER_CONFIRMATION"],
      },
    ],
    fields: {
      good: [
        { hold_reason: "CUSTOMER_PENDING", confirmation_window: window },
        { hold_reason: "customer_Unreachable", confirmation_window: window },
        { hold_reason: "customer_confirmation_stale", confirmation_window: window },
      ],
      bad: [
        [{ hold_reason: undefined }, "hold_reason"],
        [{ hold_reason: "LATER" }, "hold_reason"],
        [{ confirmation_window: undefined }, "confirmation_window"],
        [{ confirmation_window: backwards }, "confirmation_window"],
        [{ confirmation_window: { start: window.start } }, "confirmation_window"],
      ],
    },
  },
  "schedule.release": {
    path: `${t}/schedule/release`,
    roles: ["dispatcher"],
    from: ["PENDING_CUSTOMER_CONFIRMATION"],
    to: schedulable,
    status: 200,
    wrongState: holdCode,
    obeyed: ending("customer_confirmation_log"),
    fields: {
      good: [{ customer_confirmation_log: "x" }, { customer_confirmation_id: uuid }],
      bad: [
        [{ customer_confirmation_log: undefined }, "customer_confirmation"],
        [{ customer_confirmation_log: " " }, "customer_confirmation_log"],
        [{ customer_confirmation_log: 7 }, "customer_confirmation_log"],
      ],
    },
  },
  "schedule.rollback": {
    path: `${t}/schedule/rollback`,
    roles: ["dispatcher"],
    from: ["PENDING_CUSTOMER_CONFIRMATION"],
    to: schedulable,
    status: 200,
    wrongState: holdCode,
    obeyed: ending("confirmation_id"),
    fields: {
      good: [{ confirmation_id: uuid }, { confirmation_id: uuid, reason: "x" }],
      bad: [
        [{ confirmation_id: undefined }, "confirmation_id"],
        [{ reason: 7 }, "reason"],
      ],
    },
  },
} satisfies CasesFor<keyof typeof scheduleCommands>;
