// What may be put right or added on a ticket that is there, whatever its work is at.

import { defineCommands } from "./entry.ts";
import { freeText, oneOf, optional, Type } from "./fields.ts";
import * as body from "./correction-responses.ts";
import { ticketStates } from "./states.ts";

export const correctionCommands = defineCommands({
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
    next: ["ticket.timeline"],
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
