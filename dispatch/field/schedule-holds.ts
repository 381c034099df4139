// Holds as rows: the state and window a ticket had before its customer was asked to confirm.

import type { TicketId } from "../contract/ids.ts";
import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import { addedPart, amendedPart, type PartChange, type PartTable } from "../kernel/parts.ts";
import { isTicketState, type TicketState } from "../contract/states.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";

export type HoldRow = {
  readonly id: string;
  readonly snapshot_id: string;
  readonly prior_state: string;
  readonly prior_start: string | null;
  readonly prior_end: string | null;
  readonly confirm_from: string;
  readonly confirm_until: string;
};

const insertStored = insertRow("hold_insert", "schedule_holds", [
  "id",
  "snapshot_id",
  "ticket_id",
  "hold_state",
  "hold_reason",
  "prior_state",
  "prior_start",
  "prior_end",
  "confirm_from",
  "confirm_until",
  "created_at",
]);

export const selectActiveHold = statement<HoldRow>(
  "hold_select_active",
  `SELECT id, snapshot_id, prior_state, prior_start, prior_end, confirm_from, confirm_until
   FROM schedule_holds WHERE ticket_id = $1 AND hold_state = 'ACTIVE'`,
);

type HoldPart = Omit<HoldRow, "id"> & {
  readonly id: string;
  readonly part_of: string;
  readonly hold_state: string;
  readonly hold_reason: string;
  readonly created_at: string;
  readonly ended_at: string | null;
};

const selectOfTickets = statement<HoldPart>(
  "holds_of_tickets",
  `SELECT id, ticket_id AS part_of, snapshot_id, hold_state, hold_reason, prior_state, prior_start, prior_end, confirm_from,
          confirm_until, created_at, ended_at
   FROM schedule_holds WHERE ticket_id = ANY ($1)`,
);

export const holdParts: PartTable = {
  name: "schedule_holds",
  select: selectOfTickets,
  fixed: {
    1: [
      "id",
      "part_of",
      "snapshot_id",
      "hold_reason",
      "prior_state",
      "prior_start",
      "prior_end",
      "confirm_from",
      "confirm_until",
      "created_at",
    ],
  },
  changing: ["hold_state", "ended_at"],
  amended: (row, by) => (row["hold_state"] === "ACTIVE" ? by : null),
};

type NewHold = Omit<HoldPart, "part_of" | "ended_at"> & { readonly ticket_id: TicketId };

export const insertHold = (hold: NewHold): PartChange =>
  addedPart(holdParts, { ...hold, part_of: hold.ticket_id }, (tx) => [insertStored(tx, hold)]);

const end = statement(
  "hold_end",
  `UPDATE schedule_holds SET hold_state = $2, ended_at = $3 WHERE ticket_id = $1 AND hold_state = 'ACTIVE'`,
);

/** Ends a ticket's active hold. */
export const endHold = (ticketId: TicketId, hold_state: string, ended_at: string): PartChange =>
  amendedPart(holdParts, { hold_state, ended_at }, (tx) => [tx.row(end, [ticketId, hold_state, ended_at])]);

export const confirmationWindow = (hold: HoldRow) => ({ start: hold.confirm_from, end: hold.confirm_until });

/**
 * What a hold that ends gives back to its ticket.
 * @throws Refusal CUSTOMER_CONFIRMATION_STALE after the window's end, HOLD_SNAPSHOT_MISSING when the kept state is none
 */
export function restoredBy(
  hold: HoldRow,
  clockTime: string,
): { state: TicketState; change: Pick<TicketRow, "scheduled_start" | "scheduled_end"> } {
  if (Date.parse(clockTime) > Date.parse(hold.confirm_until)) {
    throw new Refusal("CUSTOMER_CONFIRMATION_STALE", {
      snapshot_id: hold.snapshot_id,
      hold_id: hold.id,
      confirmation_window: confirmationWindow(hold),
    });
  }
  if (!isTicketState(hold.prior_state)) {
    throw new Refusal("HOLD_SNAPSHOT_MISSING", {
      snapshot_id: hold.snapshot_id,
      hold_id: hold.id,
      confirmation_log: hold.id,
    });
  }
  return { state: hold.prior_state, change: { scheduled_start: hold.prior_start, scheduled_end: hold.prior_end } };
}
