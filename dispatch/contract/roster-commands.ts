// What may be asked of the roster: who there is, when they work, and who takes no new work.

import { defineCommands, defineQueries } from "./entry.ts";
import { idOf, line, note, nullable, oneOf, optional, slugPattern, Type, uuid, window } from "./fields.ts";
import type { ProviderId, TechnicianId } from "./ids.ts";
import * as body from "./roster-responses.ts";
import * as sample from "./sample-values.ts";

const name = (what: string) => line(100, { description: what });
const names = (what: string, maxItems = 50) =>
  Type.Array(line(100), { maxItems, uniqueItems: true, description: what });
const clock = (what: string) =>
  Type.String({ pattern: "^\\d{2}:\\d{2}$", description: `${what}; HH:MM on the wall clock of time_zone` });
const date = (what: string) => Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", description: `${what}; YYYY-MM-DD` });
const reason = (what: string) => note(what, 1);

const shift = () =>
  Type.Object({
    weekdays: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
      minItems: 1,
      maxItems: 7,
      uniqueItems: true,
      description: "Days on which the shift starts: 1 is Monday, 7 Sunday",
    }),
    start_time: clock("When it starts"),
    end_time: clock("When it ends, at or before start_time on the next day"),
    time_zone: line(60, { description: "IANA time zone of these times, e.g. America/Los_Angeles" }),
    breaks: optional(
      Type.Array(
        Type.Object({
          start: clock("When the break starts"),
          end: clock("When it ends"),
          minutes: optional(
            Type.Integer({
              minimum: 1,
              maximum: 1440,
              description: "With it the break is so long, at any time from start to end; absent: all of that time",
            }),
          ),
        }),
        { maxItems: 10, description: "Breaks within the shift; absent: none" },
      ),
    ),
    valid_from: optional(
      nullable(date("First day on which it may start"), "First day in force, YYYY-MM-DD; absent or null: no bound"),
    ),
    valid_to: optional(
      nullable(date("Last day on which it may start"), "Last day in force, YYYY-MM-DD; absent or null: no bound"),
    ),
    on_call: optional(Type.Boolean({ description: "True when only emergencies may fall into it; absent: false" })),
  });

const base = "/roster/technicians";
const desk = { roles: ["dispatcher"], aggregate: "desk", effect: "touches", from: [], to: [], status: 200 } as const;

export const rosterCommands = defineCommands({
  "roster.upsert": {
    ...desk,
    path: base,
    summary:
      "Add a technician to the roster, or change the fields given of one who is there; with active false their visits " +
      "go back to the queue. Hours are set by roster.set_shifts; to stop new work for a while use roster.drain.",
    next: ["roster.set_shifts", "roster.list"],
    input: Type.Object(
      {
        tech_id: optional(
          idOf<TechnicianId>("The technician to change, or the id a new one is to have; absent: a new one"),
        ),
        name: optional(name("Full name; required for a new technician; absent: unchanged")),
        slug: optional(
          Type.String({
            pattern: slugPattern,
            "x-case": "lower",
            description: "What desk tasks call them by, for good; absent: unchanged, made of the name when new",
          }),
        ),
        active: optional(
          Type.Boolean({
            description:
              "False when the technician no longer works here: what they have not begun goes back; absent: unchanged, true when new",
          }),
        ),
        provider_id: optional(
          nullable(idOf<ProviderId>(), "The firm the technician belongs to; null: none; absent: unchanged"),
        ),
        home: optional(
          nullable(
            Type.Object({
              lat: Type.Number({ minimum: -90, maximum: 90, description: "Latitude in degrees, north positive" }),
              lon: Type.Number({ minimum: -180, maximum: 180, description: "Longitude in degrees, east positive" }),
            }),
            "Where shifts start and end; null: unknown; absent: unchanged",
          ),
        ),
        zone: optional(
          nullable(
            name("Zone"),
            "The first of the technician's zones, in the place of that before; null: none at all; absent: unchanged",
          ),
        ),
        zones: optional(
          Type.Array(name("Zone"), {
            maxItems: 20,
            uniqueItems: true,
            description:
              "All zones the technician works in, as sites name their zone or region, the usual one first; absent: unchanged",
          }),
        ),
        service_types: optional(
          Type.Array(line(100), {
            minItems: 1,
            maxItems: 50,
            uniqueItems: true,
            description: "Services, DEFAULT for all; absent: unchanged, DEFAULT when new",
          }),
        ),
        skills: optional(
          names(
            "Skills held, e.g. door_hardware; absent: unchanged, and for somebody new without tools either not on record",
          ),
        ),
        tools: optional(
          names(
            "Tools carried, e.g. multimeter; absent: unchanged, and for somebody new without skills either not on record",
          ),
        ),
        quality: optional(
          Type.Integer({
            minimum: 0,
            maximum: 100,
            description: "How good the work is, 0 to 100; absent: unchanged, 50 when new",
          }),
        ),
        base_load: optional(
          Type.Integer({
            minimum: 0,
            maximum: 1_000,
            description: "Work that Dispatch does not know of, in tickets; absent: unchanged, 0 when new",
          }),
        ),
        max_concurrent: optional(
          Type.Integer({
            minimum: 1,
            maximum: 50,
            description: "Jobs at the same time, sent to or on site; absent: unchanged, 3 when new",
          }),
        ),
        room: optional(
          nullable(name("Room"), "Chat room in which the technician is reached; null: none; absent: unchanged"),
        ),
      },
      { anyOf: [{ required: ["name"] }, { required: ["tech_id"] }] },
    ),
    example: {
      name: "Ana Alvarez",
      zones: ["CA", "NV"],
      home: { lat: 37.8044, lon: -122.2712 },
      skills: ["door_hardware"],
      quality: 80,
    },
    output: body.upserted,
  },
  "roster.set_shifts": {
    ...desk,
    path: `${base}/{technicianId}/shifts`,
    summary:
      "Replace a technician's whole weekly pattern of shifts; what is not named is gone. Bookings stay, " +
      "and those outside the new hours are named. For days away use roster.time_off.",
    next: ["roster.time_off", "roster.list", "schedule.slots"],
    input: Type.Object({
      shifts: Type.Array(shift(), { maxItems: 50, description: "All shifts; empty: no hours are on record any more" }),
    }),
    example: {
      shifts: [
        {
          weekdays: [1, 2, 3, 4, 5],
          start_time: "08:00",
          end_time: "16:00",
          time_zone: "America/Los_Angeles",
          breaks: [{ start: "12:00", end: "12:30" }],
        },
      ],
    },
    output: body.changedCalendar,
  },
  "roster.time_off": {
    ...desk,
    path: `${base}/{technicianId}/time-off`,
    summary:
      "Add or remove a technician's time off. Bookings in it stay, and are named. For somebody who is " +
      "ill now use roster.sign_off, which gives the work back.",
    next: ["roster.list", "assignment.override", "schedule.slots"],
    input: Type.Object(
      {
        add: optional(
          Type.Array(window("A stretch of time away"), {
            minItems: 1,
            maxItems: 50,
            description: "Times away to add; absent: none",
          }),
        ),
        remove: optional(
          Type.Array(uuid(), {
            minItems: 1,
            maxItems: 50,
            uniqueItems: true,
            description: "Ids of time off to remove, from roster.list; absent: none",
          }),
        ),
        reason: optional(note("Why, kept with the time off that is added; absent: none")),
      },
      { anyOf: [{ required: ["add"] }, { required: ["remove"] }] },
    ),
    example: { add: [{ start: sample.time.dayStart, end: sample.time.dayEnd }], reason: "Training" },
    output: body.changedCalendar,
  },
  "roster.drain": {
    ...desk,
    path: `${base}/{technicianId}/drain`,
    summary:
      "Give a technician no new work until roster.undrain; what is booked stays. To give the booked work back as well use roster.sign_off.",
    next: ["roster.undrain", "roster.list"],
    input: Type.Object({ reason: reason("Why, for whoever wonders later") }),
    example: { reason: "The van is in the workshop" },
    output: body.changedTechnician,
  },
  "roster.undrain": {
    ...desk,
    path: `${base}/{technicianId}/undrain`,
    summary:
      "Let a technician who was drained or signed off take new work again. Work that was given back " +
      "does not return by itself: assignment.recommend ranks them again.",
    next: ["roster.list", "assignment.recommend"],
    input: Type.Object({ reason: optional(note("Why; absent: none")) }),
    example: { reason: "The van is back" },
    output: body.changedTechnician,
  },
  "roster.sign_off": {
    ...desk,
    path: `${base}/{technicianId}/sign-off`,
    summary:
      "Sign a technician off sick: no new work until roster.undrain, and work not begun goes back to " +
      "the queue, each ticket with its own audit row. Work under way stays and is named.",
    next: ["dispatcher.cockpit", "assignment.recommend", "roster.undrain"],
    input: Type.Object({ reason: reason("Why, in a few words") }),
    example: { reason: "Called in sick" },
    output: body.signedOff,
  },
});

export const rosterQueries = defineQueries({
  "roster.list": {
    path: "/roster",
    roles: ["dispatcher"],
    summary:
      "Read the roster by name: zones, skills, shifts, coming time off, who takes no new work. To find " +
      "one technician's id by name use directory.search; for free times use schedule.slots.",
    next: ["roster.set_shifts", "roster.time_off", "roster.drain", "roster.sign_off"],
    input: Type.Object({
      tech_id: optional(idOf<TechnicianId>("Only this technician; absent: all")),
      zone: optional(name("Only technicians who work in this zone, in any letter case; absent: in any")),
      skill: optional(name("Only technicians with this skill; absent: with any")),
      status: optional(
        oneOf(
          ["working", "drained", "inactive"],
          "Who takes work, who takes no new work, or who no longer works here; absent: all",
        ),
      ),
      limit: optional(
        Type.Integer({ minimum: 1, maximum: 500, description: "At most this many technicians, 1 to 500; absent: 200" }),
      ),
    }),
    example: { zone: "CA", skill: "door_hardware", status: "working" },
    output: body.roster,
  },
});
