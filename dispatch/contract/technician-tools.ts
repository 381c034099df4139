// What a technician asks about their own work, beside the commands on each visit (visit-commands.ts).

import { defineCommands, defineQueries } from "./entry.ts";
import { idOf, optional, Type } from "./fields.ts";
import type { TechnicianId } from "./ids.ts";
import * as body from "./technician-responses.ts";

/** Days that one answer may have. */
const mostDays = 7;

export const technicianCommands = defineCommands({
  "tech.calendar_link": {
    path: "/roster/technicians/{technicianId}/calendar-link",
    roles: ["dispatcher"],
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 200,
    summary:
      "Make the secret address at which a calendar app reads a technician's visits, to be handed to that technician alone; the one " +
      "before ends. It is shown once. With withdraw the address ends and none is made.",
    next: ["tech.day", "roster.list"],
    input: Type.Object({
      withdraw: optional(Type.Boolean({ description: "True: end the address and make no other; absent: false" })),
    }),
    example: {},
    output: body.calendarLink,
  },
});

export const technicianQueries = defineQueries({
  "tech.day": {
    path: "/ux/technician/day",
    roles: ["tech", "dispatcher"],
    summary:
      "Read a technician's visits of today and tomorrow in order of time: address, access, contact, who goes along, and what is " +
      "missing. Technicians read their own. For all about one visit use tech.job_packet.",
    next: ["tech.job_packet", "tech.check_in", "tech.complete"],
    input: Type.Object({
      tech_id: optional(idOf<TechnicianId>("Whose days; a technician's own only; absent: the speaker's")),
      day: optional(
        Type.String({
          pattern: "^\\d{4}-\\d{2}-\\d{2}$",
          description: "The first day, on the technician's calendar; YYYY-MM-DD; absent: today",
        }),
      ),
      days: optional(
        Type.Integer({ minimum: 1, maximum: mostDays, description: `How many days, 1 to ${mostDays}; absent: 2` }),
      ),
    }),
    example: { days: 2 },
    output: body.techDay,
  },
});
