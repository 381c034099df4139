// What may be put right or added on a ticket that is there, whatever its work is at, and what follows from it.

import { defineCommands } from "./entry.ts";
import {
  cents,
  expectedVersion,
  followUpKinds,
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
import type { AccountId, SiteId } from "./ids.ts";
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
    said: ["change the phone number to 510 555 0199", "it is urgent after all"],
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
      expected_version: expectedVersion(),
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
    said: ["note that the gate code is 4711"],
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
  "ticket.follow_up": {
    path: "/tickets/{ticketId}/follow-up",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "changes",
    from: ["INVOICED", "CLOSED"],
    to: [],
    opens: ["NEW"],
    status: 201,
    summary:
      "Open a NEW ticket that follows from work that is invoiced or closed, when the same fault is back or more is to be done " +
      "there. Both name each other; warranty work is priced and charged nothing.",
    said: ["it leaks again, same door", "the fault is back"],
    next: ["ticket.triage", "ticket.get"],
    input: Type.Object({
      kind: oneOf(
        [...followUpKinds],
        "warranty, our work failed and is put right for nothing; callback, they called again about it; further_work, what " +
          "else is to be done there",
      ),
      reason: optional(
        line(500, { description: "Why it is needed, as the invoice of warranty work shows it; absent: none" }),
      ),
      summary: optional(line(500, { description: "The problem in one line; absent: that of the ticket it follows" })),
      description: optional(freeText(10_000, { description: "The problem in the customer's words; absent: none" })),
      priority: optional(priority("; absent: ROUTINE")),
      incident_type: optional(incidentType("; absent: as it was")),
      nte_cents: optional(cents("Not-to-exceed limit agreed with the customer, in cents; absent: 0")),
      account_id: optional(idOf<AccountId>("Another account that pays; absent: that of the ticket it follows")),
      site_id: optional(idOf<SiteId>("Another site of the account; absent: that of the ticket it follows")),
      contact_id: optional(
        nullable(
          uuid(),
          "Whom to ask for: a contact of the account, at its site or any; null: none; absent: as before there",
        ),
      ),
      asset_id: optional(
        nullable(uuid(), "The door or unit, one of the site; null: none named; absent: as before there"),
      ),
    }),
    example: {
      kind: "warranty",
      summary: "The closer leaks again",
      reason: "Seal failed within a month",
      priority: "URGENT",
    },
    output: body.ticket,
  },
});
