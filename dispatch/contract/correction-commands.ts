// What may be put right or added on a ticket that is there, whatever its work is at.

import { defineCommands } from "./entry.ts";
import {
  cents,
  freeText,
  idOf,
  incidentType,
  line,
  nullable,
  oneOf,
  optional,
  priority,
  Type,
  uuid,
} from "./fields.ts";
import * as body from "./correction-responses.ts";
import type { SiteId } from "./ids.ts";
import { ticketStates } from "./states.ts";

const openStates = ticketStates.slice(0, ticketStates.indexOf("CLOSED"));

export const correctionCommands = defineCommands({
  "ticket.update": {
    path: "/tickets/{ticketId}/update",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "changes",
    from: openStates,
    to: [],
    status: 200,
    summary:
      "Put right what a ticket says, in any open state: its words, customer, contact, asset, priority, incident type, limit or " +
      "site. Only the fields given change; what would break a booking is refused unless replan is true.",
    next: ["ticket.get", "schedule.slots"],
    input: Type.Object({
      summary: optional(line(500, { description: "The problem in one line; absent: as it was" })),
      description: optional(
        nullable(freeText(10_000), "The problem in the customer's words; null: none; absent: as it was"),
      ),
      customer_name: optional(nullable(line(200), "Who called; null: nobody known; absent: as it was")),
      customer_phone: optional(
        nullable(line(60), "The caller's phone, of which the 7 to 16 digits are kept; null: none; absent: as it was"),
      ),
      customer_email: optional(nullable(line(254), "The caller's e-mail; null: none; absent: as it was")),
      contact_id: optional(
        nullable(
          uuid(),
          "Whom to ask for: a contact of the account, at its site or any; null: none; absent: as it was",
        ),
      ),
      asset_id: optional(nullable(uuid(), "The door or unit, one of the site; null: none named; absent: as it was")),
      priority: optional(priority("; absent: as it was")),
      incident_type: optional(incidentType("; absent: as it was")),
      nte_cents: optional(
        cents("Limit in cents, before completion; higher only while triage may still set it; absent: as it was"),
      ),
      site_id: optional(idOf<SiteId>("Another site of the account, before anybody is dispatched; absent: as it was")),
      replan: optional(
        Type.Boolean({
          description:
            "True: where the change breaks what is booked or offered, give that back and wait for a time again; absent: false",
        }),
      ),
    }),
    example: { summary: "Front door drags and does not latch", priority: "URGENT" },
    output: body.ticket,
  },
  "ticket.add_note": {
    path: "/tickets/{ticketId}/notes",
    roles: ["dispatcher", "agent", "tech", "qa", "finance"],
    aggregate: "ticket",
    effect: "touches",
    from: [...ticketStates],
    to: [],
    status: 200,
    summary:
      "Add a note to a ticket's timeline, for colleagues or for the customer as well. It sends nobody a message and changes " +
      "nothing else; what is added can be neither changed nor taken back.",
    next: ["ticket.timeline", "ticket.update"],
    input: Type.Object({
      text: freeText(4_000, { minLength: 1, description: "The note, 1 to 4,000 characters" }),
      visibility: optional(
        oneOf(
          ["internal", "customer"],
          "Who reads it in the timeline: internal, everybody but the customer; customer, the customer too; absent: internal",
        ),
      ),
    }),
    example: { text: "Gate code is 4711, ask for Rosa at the desk", visibility: "internal" },
    output: body.note,
  },
});
