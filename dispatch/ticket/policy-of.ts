// Which rules a ticket is judged by: those of the version it opened with. The one place where a ticket's rules are asked for.

import type { Desk } from "../kernel/desk.ts";
import type { Policy } from "../policy/policy.ts";
import type { TicketRow } from "./ticket-row.ts";

/**
 * The rules of a ticket, with the desk's of today for all that is no ticket's. In a command or query a version that is not in memory
 * is read, and the command decides again; elsewhere `desk.policies.held` reads it first.
 * @throws PolicyNotHeld, PolicyUnreadable
 */
export const policyOf = ({ policies }: Pick<Desk, "policies">, ticket: Pick<TicketRow, "policy_version">): Policy =>
  policies.of(ticket.policy_version);

/** As policyOf, for one of many: a ticket whose own rules cannot be read is judged by those in force, and hides none of the others. */
export const policyOfOneOfMany = (
  { policies }: Pick<Desk, "policies">,
  ticket: Pick<TicketRow, "policy_version">,
): Policy => policies.ofOneOfMany(ticket.policy_version);
