// What the field-service contract says of each command and query, written down a second time, from the document and not
// from dispatch/contract, so that an entry copied wrongly there does not prove itself right.

import type { CommandName, QueryName } from "../../dispatch/contract/index.ts";

export const allRoles = ["dispatcher", "agent", "tech", "customer", "qa", "approver", "finance"] as const;
export type RoleName = (typeof allRoles)[number];

export const allStates = [
  "NEW",
  "NEEDS_INFO",
  "TRIAGED",
  "APPROVAL_REQUIRED",
  "READY_TO_SCHEDULE",
  "SCHEDULE_PROPOSED",
  "SCHEDULED",
  "PENDING_CUSTOMER_CONFIRMATION",
  "DISPATCHED",
  "ON_SITE",
  "IN_PROGRESS",
  "ON_HOLD",
  "COMPLETED_PENDING_VERIFICATION",
  "VERIFIED",
  "INVOICED",
  "CLOSED",
  "CANCELLED",
] as const;
export type StateName = (typeof allStates)[number];

export type CommandRow = {
  readonly tool: CommandName;
  readonly path: string;
  readonly roles: readonly RoleName[];
  /** Empty where there is no ticket yet, or none at all. */
  readonly from: readonly StateName[];
  /** Empty where the state stays as it is. */
  readonly to: readonly StateName[];
  readonly status: 200 | 201;
  /** The code of a wrong state, where it is not INVALID_STATE_TRANSITION. */
  readonly wrongState?: "SCHEDULE_HOLD_STATE_CONFLICT";
  /** The ticket itself stays as it is: only an audit row is written. */
  readonly auditOnly?: true;
};

const t = "/tickets/{ticketId}";
const technicians = "/roster/technicians";
const cancellable = [
  "NEW",
  "NEEDS_INFO",
  "TRIAGED",
  "APPROVAL_REQUIRED",
  "READY_TO_SCHEDULE",
  "SCHEDULE_PROPOSED",
  "SCHEDULED",
  "PENDING_CUSTOMER_CONFIRMATION",
  "DISPATCHED",
  "ON_SITE",
  "IN_PROGRESS",
  "ON_HOLD",
] as const;
const notFinal = [...cancellable, "COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"] as const;
const schedulable = ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const;
const visiting = ["DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD", "COMPLETED_PENDING_VERIFICATION"] as const;
const holdCode = "SCHEDULE_HOLD_STATE_CONFLICT";

export const commandTable: readonly CommandRow[] = [
  { tool: "ticket.create", path: "/tickets", roles: ["dispatcher", "agent"], from: [], to: ["NEW"], status: 201 },
  {
    tool: "ticket.blind_intake",
    path: "/tickets/intake",
    roles: ["dispatcher", "agent"],
    from: [],
    to: ["READY_TO_SCHEDULE", "TRIAGED"],
    status: 201,
  },
  {
    tool: "ticket.request_info",
    path: `${t}/request-info`,
    roles: ["dispatcher", "agent"],
    from: ["NEW", "TRIAGED"],
    to: ["NEEDS_INFO"],
    status: 200,
  },
  {
    tool: "ticket.triage",
    path: `${t}/triage`,
    roles: ["dispatcher", "agent"],
    from: ["NEW", "NEEDS_INFO", "TRIAGED"],
    to: ["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"],
    status: 200,
  },
  {
    tool: "ticket.cancel",
    path: `${t}/cancel`,
    roles: ["dispatcher", "approver"],
    from: cancellable,
    to: ["CANCELLED"],
    status: 200,
  },
  {
    tool: "ticket.close",
    path: `${t}/close`,
    roles: ["dispatcher", "finance"],
    from: ["INVOICED"],
    to: ["CLOSED"],
    status: 200,
  },
  {
    tool: "schedule.propose",
    path: `${t}/schedule/propose`,
    roles: ["dispatcher", "agent"],
    from: ["READY_TO_SCHEDULE"],
    to: ["SCHEDULE_PROPOSED"],
    status: 200,
  },
  {
    tool: "schedule.confirm",
    path: `${t}/schedule/confirm`,
    roles: ["dispatcher", "customer"],
    from: ["SCHEDULE_PROPOSED"],
    to: ["SCHEDULED"],
    status: 200,
  },
  {
    tool: "schedule.book",
    path: `${t}/schedule/book`,
    roles: ["dispatcher", "agent"],
    from: ["READY_TO_SCHEDULE"],
    to: ["SCHEDULED"],
    status: 200,
  },
  {
    tool: "schedule.reopen",
    path: `${t}/schedule/reopen`,
    roles: ["dispatcher"],
    from: ["SCHEDULE_PROPOSED", "SCHEDULED"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
  },
  {
    tool: "schedule.hold",
    path: `${t}/schedule/hold`,
    roles: ["dispatcher"],
    from: schedulable,
    to: ["PENDING_CUSTOMER_CONFIRMATION"],
    status: 201,
    wrongState: holdCode,
  },
  {
    tool: "schedule.release",
    path: `${t}/schedule/release`,
    roles: ["dispatcher"],
    from: ["PENDING_CUSTOMER_CONFIRMATION"],
    to: schedulable,
    status: 200,
    wrongState: holdCode,
  },
  {
    tool: "schedule.rollback",
    path: `${t}/schedule/rollback`,
    roles: ["dispatcher"],
    from: ["PENDING_CUSTOMER_CONFIRMATION"],
    to: schedulable,
    status: 200,
    wrongState: holdCode,
  },
  {
    tool: "assignment.recommend",
    path: `${t}/assignment/recommend`,
    roles: ["dispatcher", "agent"],
    from: schedulable,
    to: [],
    status: 201,
    auditOnly: true,
  },
  {
    tool: "assignment.dispatch",
    path: `${t}/assignment/dispatch`,
    roles: ["dispatcher"],
    from: ["SCHEDULED", "TRIAGED"],
    to: ["DISPATCHED"],
    status: 200,
  },
  {
    tool: "assignment.override",
    path: `${t}/assignment/override`,
    roles: ["dispatcher"],
    from: ["SCHEDULED", "DISPATCHED"],
    to: ["DISPATCHED"],
    status: 200,
  },
  {
    tool: "assignment.unassign",
    path: `${t}/assignment/unassign`,
    roles: ["dispatcher"],
    from: ["DISPATCHED"],
    to: ["SCHEDULED"],
    status: 200,
  },
  {
    tool: "tech.check_in",
    path: `${t}/tech/check-in`,
    roles: ["tech", "dispatcher"],
    from: ["DISPATCHED"],
    to: ["IN_PROGRESS"],
    status: 200,
  },
  {
    tool: "tech.hold",
    path: `${t}/tech/hold`,
    roles: ["tech", "dispatcher"],
    from: ["IN_PROGRESS"],
    to: ["ON_HOLD"],
    status: 200,
  },
  {
    tool: "tech.resume",
    path: `${t}/tech/resume`,
    roles: ["tech", "dispatcher"],
    from: ["ON_HOLD"],
    to: ["IN_PROGRESS"],
    status: 200,
  },
  {
    tool: "ticket.return_visit",
    path: `${t}/return-visit`,
    roles: ["dispatcher"],
    from: ["ON_HOLD"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
  },
  {
    tool: "tech.request_change",
    path: `${t}/tech/request-change`,
    roles: ["tech"],
    from: ["IN_PROGRESS"],
    to: ["APPROVAL_REQUIRED"],
    status: 200,
  },
  {
    tool: "approval.decide",
    path: `${t}/approval/decide`,
    roles: ["approver", "dispatcher"],
    from: ["APPROVAL_REQUIRED"],
    to: ["READY_TO_SCHEDULE", "IN_PROGRESS", "TRIAGED"],
    status: 200,
  },
  {
    tool: "closeout.request_upload",
    path: `${t}/evidence/uploads`,
    roles: ["dispatcher", "agent", "tech"],
    from: visiting,
    to: [],
    status: 201,
    auditOnly: true,
  },
  {
    tool: "closeout.add_evidence",
    path: `${t}/evidence`,
    roles: ["dispatcher", "agent", "tech"],
    from: notFinal,
    to: [],
    status: 201,
    auditOnly: true,
  },
  {
    tool: "closeout.candidate",
    path: `${t}/closeout/candidate`,
    roles: ["dispatcher", "agent", "tech"],
    from: ["IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
  },
  {
    tool: "tech.complete",
    path: `${t}/tech/complete`,
    roles: ["dispatcher", "tech"],
    from: ["IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
  },
  {
    tool: "qa.verify",
    path: `${t}/qa/verify`,
    roles: ["qa", "dispatcher"],
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["VERIFIED"],
    status: 200,
  },
  {
    tool: "qa.return_work",
    path: `${t}/qa/return-work`,
    roles: ["qa", "dispatcher"],
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["IN_PROGRESS"],
    status: 200,
  },
  {
    tool: "billing.generate_invoice",
    path: `${t}/billing/generate-invoice`,
    roles: ["finance"],
    from: ["VERIFIED"],
    to: ["INVOICED"],
    status: 200,
  },
  { tool: "ops.autonomy.pause", path: "/ops/autonomy/pause", roles: ["dispatcher"], from: [], to: [], status: 200 },
  {
    tool: "ops.autonomy.rollback",
    path: "/ops/autonomy/rollback",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
  },
  { tool: "roster.upsert", path: technicians, roles: ["dispatcher"], from: [], to: [], status: 200 },
  {
    tool: "roster.set_shifts",
    path: `${technicians}/{technicianId}/shifts`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
  },
  {
    tool: "roster.time_off",
    path: `${technicians}/{technicianId}/time-off`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
  },
  {
    tool: "roster.drain",
    path: `${technicians}/{technicianId}/drain`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
  },
  {
    tool: "roster.undrain",
    path: `${technicians}/{technicianId}/undrain`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
  },
  {
    tool: "roster.sign_off",
    path: `${technicians}/{technicianId}/sign-off`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
  },
  { tool: "plan.optimize", path: "/plans/optimize", roles: ["dispatcher"], from: [], to: [], status: 201 },
  { tool: "plan.apply", path: "/plans/{planId}/apply", roles: ["dispatcher"], from: [], to: [], status: 200 },
  { tool: "plan.cancel", path: "/plans/{planId}/cancel", roles: ["dispatcher"], from: [], to: [], status: 200 },
];

export type QueryRow = { readonly tool: QueryName; readonly path: string; readonly roles: readonly RoleName[] };

const readers = ["dispatcher", "agent", "customer", "tech", "qa", "approver", "finance"] as const;

export const queryTable: readonly QueryRow[] = [
  { tool: "ticket.get", path: t, roles: readers },
  { tool: "ticket.timeline", path: `${t}/timeline`, roles: readers },
  { tool: "ticket.search", path: "/tickets", roles: ["dispatcher", "agent", "qa", "approver", "finance"] },
  {
    tool: "closeout.list_evidence",
    path: `${t}/evidence`,
    roles: ["dispatcher", "agent", "tech", "qa", "approver", "finance"],
  },
  { tool: "approval.list", path: "/approvals", roles: ["dispatcher", "approver", "finance"] },
  { tool: "schedule.slots", path: `${t}/schedule/slots`, roles: ["dispatcher", "agent", "customer"] },
  { tool: "dispatcher.cockpit", path: "/ux/dispatcher/cockpit", roles: ["dispatcher"] },
  { tool: "tech.job_packet", path: "/ux/technician/job-packet/{ticketId}", roles: ["tech", "dispatcher"] },
  { tool: "directory.search", path: "/directory", roles: ["dispatcher", "agent"] },
  { tool: "roster.list", path: "/roster", roles: ["dispatcher"] },
  { tool: "plan.get", path: "/plans/{planId}", roles: ["dispatcher"] },
  { tool: "plan.list", path: "/plans", roles: ["dispatcher"] },
  { tool: "receipt.get", path: "/receipts/{receiptId}", roles: allRoles },
  { tool: "ops.autonomy.state", path: "/ops/autonomy/state", roles: ["dispatcher"] },
  { tool: "ops.autonomy.replay", path: "/ops/autonomy/replay/{ticketId}", roles: ["dispatcher"] },
];

/** The moves a ticket may make. */
export const moveTable: readonly (readonly [from: StateName | "(creation)", to: readonly StateName[]])[] = [
  ["(creation)", ["NEW", "TRIAGED", "READY_TO_SCHEDULE"]],
  ["NEW", ["NEEDS_INFO", "TRIAGED", "CANCELLED"]],
  ["NEEDS_INFO", ["TRIAGED", "CANCELLED"]],
  ["TRIAGED", ["NEEDS_INFO", "APPROVAL_REQUIRED", "READY_TO_SCHEDULE", "DISPATCHED", "CANCELLED"]],
  ["APPROVAL_REQUIRED", ["READY_TO_SCHEDULE", "TRIAGED", "IN_PROGRESS", "CANCELLED"]],
  ["READY_TO_SCHEDULE", ["SCHEDULE_PROPOSED", "PENDING_CUSTOMER_CONFIRMATION", "CANCELLED"]],
  ["SCHEDULE_PROPOSED", ["SCHEDULED", "READY_TO_SCHEDULE", "PENDING_CUSTOMER_CONFIRMATION", "CANCELLED"]],
  ["SCHEDULED", ["DISPATCHED", "READY_TO_SCHEDULE", "PENDING_CUSTOMER_CONFIRMATION", "CANCELLED"]],
  ["PENDING_CUSTOMER_CONFIRMATION", ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED", "CANCELLED"]],
  ["DISPATCHED", ["ON_SITE", "SCHEDULED", "CANCELLED"]],
  ["ON_SITE", ["IN_PROGRESS", "CANCELLED"]],
  ["IN_PROGRESS", ["ON_HOLD", "COMPLETED_PENDING_VERIFICATION", "APPROVAL_REQUIRED", "CANCELLED"]],
  ["ON_HOLD", ["READY_TO_SCHEDULE", "IN_PROGRESS", "CANCELLED"]],
  ["COMPLETED_PENDING_VERIFICATION", ["VERIFIED", "IN_PROGRESS"]],
  ["VERIFIED", ["INVOICED"]],
  ["INVOICED", ["CLOSED"]],
  ["CLOSED", []],
  ["CANCELLED", []],
];
