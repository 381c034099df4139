// What a command says is promised to the customer: the desk's to give, and it holds the visit.

import type { Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { invalidField } from "../kernel/refusal.ts";
import { keepsPromise } from "../ticket/arrive-by.ts";
import type { TicketRow, Window } from "../ticket/ticket-row.ts";
import { requireArrivalWindow } from "./visit-window.ts";
import { utcWindow } from "./windows.ts";
import { policyOf } from "../ticket/policy-of.ts";

type Call = {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly ticket: TicketRow;
  readonly input: { readonly arrival_window?: Window };
  readonly clockTime: string;
};

/**
 * The promise that is given with this time of the visit; null where none is.
 * @param visit null while its time is still to be found
 * @throws Refusal INVALID_REQUEST
 */
export function arrivalFor({ desk, actor, ticket, input, clockTime }: Call, visit: Window | null): Window | null {
  if (!input.arrival_window) return null;
  if (actor.role === "customer") throw invalidField("arrival_window", "role", "is the desk's to promise; leave it out");
  const arrival = utcWindow(input.arrival_window);
  requireArrivalWindow({ policy: policyOf(desk, ticket), ticket, clockTime }, arrival, visit);
  return arrival;
}

/**
 * As arrivalFor, of a visit that moves: without a new promise the one there is stands, and must hold the new time.
 * @throws Refusal INVALID_REQUEST
 */
export function arrivalKept(call: Call, visit: Window): Window | null {
  const given = arrivalFor(call, visit);
  const { arrival_start: start, arrival_end: end } = call.ticket;
  if (given || start === null || end === null) return given;
  if (keepsPromise({ ...call.ticket, scheduled_start: visit.start, scheduled_end: visit.end })) return { start, end };
  const wayOut =
    call.actor.role === "customer"
      ? "ask for a time inside it, or call the desk"
      : "give the new one, or a time inside it";
  throw invalidField(
    "arrival_window",
    "promise",
    `of ${start} to ${end} was promised, and does not hold the new time; ${wayOut}`,
  );
}
