// The ticket's states and the edges between them, as data. The database holds the same edges as rows
// (machine_edges) and refuses every other move; a test keeps both equal.

export const ticketStates = [
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

export type TicketState = (typeof ticketStates)[number];

/** The from-state of a ticket's first transition: it did not exist before. */
export const creation = "@new";
export type FromState = TicketState | typeof creation;

/** States in which work can still be called off; from COMPLETED_PENDING_VERIFICATION on, it was done. */
export const cancellableStates = ticketStates.slice(0, ticketStates.indexOf("COMPLETED_PENDING_VERIFICATION"));

/** States in which nothing about a ticket changes any more. */
export const finalStates = ["CLOSED", "CANCELLED"] as const satisfies readonly TicketState[];

const moves: Record<FromState, readonly TicketState[]> = {
  [creation]: ["NEW", "TRIAGED", "READY_TO_SCHEDULE"],
  NEW: ["NEEDS_INFO", "TRIAGED"],
  NEEDS_INFO: ["TRIAGED"],
  TRIAGED: ["NEEDS_INFO", "APPROVAL_REQUIRED", "READY_TO_SCHEDULE", "DISPATCHED"],
  APPROVAL_REQUIRED: ["READY_TO_SCHEDULE", "TRIAGED", "IN_PROGRESS", "VERIFIED"],
  READY_TO_SCHEDULE: ["SCHEDULE_PROPOSED", "PENDING_CUSTOMER_CONFIRMATION", "DISPATCHED"],
  SCHEDULE_PROPOSED: ["SCHEDULED", "READY_TO_SCHEDULE", "PENDING_CUSTOMER_CONFIRMATION", "DISPATCHED"],
  SCHEDULED: ["DISPATCHED", "READY_TO_SCHEDULE", "PENDING_CUSTOMER_CONFIRMATION"],
  PENDING_CUSTOMER_CONFIRMATION: ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"],
  DISPATCHED: ["ON_SITE", "SCHEDULED", "COMPLETED_PENDING_VERIFICATION"],
  ON_SITE: ["IN_PROGRESS"],
  IN_PROGRESS: ["ON_HOLD", "COMPLETED_PENDING_VERIFICATION", "APPROVAL_REQUIRED"],
  ON_HOLD: ["READY_TO_SCHEDULE", "IN_PROGRESS"],
  COMPLETED_PENDING_VERIFICATION: ["VERIFIED", "IN_PROGRESS"],
  VERIFIED: ["INVOICED", "IN_PROGRESS", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"],
  INVOICED: ["CLOSED", "VERIFIED"],
  CLOSED: [],
  CANCELLED: [],
};

const cancellable: ReadonlySet<FromState> = new Set(cancellableStates);

/** Every move a ticket may make: from-state (or the creation sentinel) to the states it may become. */
export const ticketEdges: ReadonlyMap<FromState, readonly TicketState[]> = new Map(
  ([creation, ...ticketStates] as const).map((from) => [
    from,
    cancellable.has(from) ? [...moves[from], "CANCELLED" as const] : moves[from],
  ]),
);

/** How operators group the states when they speak of the queue. */
export const operatorPhases = {
  new: ["NEW", "NEEDS_INFO"],
  triaged: ["TRIAGED", "APPROVAL_REQUIRED"],
  schedulable: ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "PENDING_CUSTOMER_CONFIRMATION"],
  scheduled: ["SCHEDULED"],
  dispatched: ["DISPATCHED"],
  onsite: ["ON_SITE", "IN_PROGRESS", "ON_HOLD"],
  closeout_pending: ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"],
  closed: ["CLOSED"],
  cancelled: ["CANCELLED"],
} as const satisfies Record<string, readonly TicketState[]>;

/** Tells whether a text is the name of a ticket state. */
export function isTicketState(text: string): text is TicketState {
  return (ticketStates as readonly string[]).includes(text);
}
