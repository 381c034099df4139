// The kinds of calls that are asked for: each with what it is done to, how that is made, and how somebody else changes it. Data.

import type { Role } from "../../dispatch/contract/roles.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { lifecycle, pathOf, places } from "../bench/lifecycle.ts";

export type Sent = {
  readonly path: string;
  readonly body: JsonObject;
  /** Who may send it; a dispatcher unless said. */
  readonly role?: Role;
};

export type Kind = {
  readonly tool: string;
  readonly aggregate: "ticket" | "account" | "site";
  readonly call: (target: string) => Sent;
  /** The first makes the target, the others bring it to where the call may be done. */
  readonly making: readonly [Sent, ...((target: string) => Sent)[]];
  /** What changes it, as anybody may. */
  readonly change: (target: string) => Sent;
};

const [account_id, site_id] = [places.accountId, places.siteId];
const visit = { start: "2027-03-01T17:00:00.000Z", end: "2027-03-01T18:30:00.000Z" };
const ticket = { path: "/tickets", body: { account_id, site_id, summary: "A door of the chaos" } };
const ofTicket =
  (path: string, body: JsonObject) =>
  (target: string): Sent => ({ path: `/tickets/${target}/${path}`, body });
const ticketChanges = ofTicket("update", { summary: "They want us to come after all" });
const credits = (body: JsonObject) => (target: string) => ({
  ...ofTicket("billing/credit", body)(target),
  role: "finance" as const,
});
const gone = { reason: "they moved away" };

export const kinds: readonly [Kind, Kind, ...Kind[]] = [
  {
    tool: "ticket.cancel",
    aggregate: "ticket",
    call: ofTicket("cancel", { reason: "the customer fixed it" }),
    making: [ticket],
    change: ticketChanges,
  },
  {
    tool: "assignment.override",
    aggregate: "ticket",
    // One technician does them all at the same time, which only who sends past the recommendation may order.
    call: ofTicket("assignment/override", {
      override_type: "direct_dispatch_bypass",
      reason_code: "capacity",
      note: "nobody else is free",
      tech_id: places.techId,
    }),
    making: [
      ticket,
      ofTicket("triage", {
        priority: "ROUTINE",
        incident_type: "DOOR_WONT_LATCH",
        nte_cents: 50_000,
        ready_to_schedule: true,
      }),
      ofTicket("schedule/propose", { options: [visit] }),
      ofTicket("schedule/confirm", visit),
    ],
    change: ticketChanges,
  },
  {
    tool: "account.archive",
    aggregate: "account",
    call: (target) => ({ path: `/accounts/${target}/archive`, body: gone }),
    making: [{ path: "/accounts", body: { name: "A customer of the chaos" } }],
    change: (target) => ({ path: "/accounts", body: { account_id: target, notes: "They stay after all" } }),
  },
  {
    tool: "site.archive",
    aggregate: "site",
    call: (target) => ({ path: `/sites/${target}/archive`, body: gone }),
    making: [{ path: "/sites", body: { account_id, name: "A shop of the chaos", city: "Oakland", region: "CA" } }],
    change: (target) => ({ path: "/sites", body: { site_id: target, access_instructions: "The gate is at the back" } }),
  },
  {
    tool: "billing.credit",
    aggregate: "ticket",
    call: credits({ all: true, reason: "they were promised it for nothing" }),
    // From the call to the invoice.
    making: [
      ticket,
      ...lifecycle.slice(1).map(({ name, role, input }) => (target: string) => ({
        path: pathOf(name, target),
        body: { ...input },
        role,
      })),
    ],
    change: credits({ lines: [{ line: 1, amount_cents: 100 }], reason: "a dollar of it was too much" }),
  },
];

/** Deals them in turn to whoever asks for the next. */
export function dealer(): () => Kind {
  let turn = 0;
  return () => kinds[turn++ % kinds.length] ?? kinds[0];
}

/** The id of what an answer made; null where it names none. */
export function madeBy({ aggregate }: Kind, body: JsonObject): string | null {
  const inner = body[aggregate];
  const id = (isObject(inner) ? inner["id"] : undefined) ?? body["id"];
  return typeof id === "string" ? id : null;
}
