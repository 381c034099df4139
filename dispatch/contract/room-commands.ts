// What may be asked about rooms: where workers sit, what is told to them, what they say, and the control room that sees all of it.

import { defineCommands, defineQueries } from "./entry.ts";
import { freeText, idOf, line, nullable, optional, slugPattern, Type, uuid } from "./fields.ts";
import type { TaskId } from "./ids.ts";
import { roomEventTypes, transports } from "./room-states.ts";
import * as body from "./room-responses.ts";

/** Of rooms, their aliases and groups. */
export const roomNamePattern = "^[A-Za-z0-9_-]{1,63}$";
/** Characters of a command that is told to a room. */
export const longestPushCommand = 2_000;
/** What may be read of a room's history at once. */
export const longestHistory = 200;

const roomName = (description: string) => Type.String({ pattern: roomNamePattern, "x-case": "lower", description });
const names = (description: string) => optional(Type.Array(roomName("A name"), { maxItems: 20, description }));
/** As it was sent: neither trimmed nor refused for its characters, which has codes of its own here. */
const raw = (description: string) => Type.String({ maxLength: 100_000, "x-raw": true, description });

const base = "/api/v1/rooms";
const one = `${base}/{roomId}`;
const ids = { roomId: "room" } as const;
const office = ["control", "dispatcher", "admin"] as const;
const onRoom = { aggregate: "room", from: [], to: [], ids } as const;

export const roomCommands = defineCommands({
  "control.open": {
    path: "/api/v1/control/room",
    roles: ["control", "dispatcher"],
    aggregate: "room",
    effect: "creates",
    from: [],
    to: [],
    status: 201,
    summary:
      "Open your control room, or come back to it: one for each dispatcher, who sees every room from there, hands work out and does none.",
    said: ["open the control room"],
    next: ["control.brief", "room.list"],
    input: Type.Object({
      session_key: optional(
        nullable(line(500), "The conversation it is held in; null: none any more; absent: unchanged"),
      ),
    }),
    example: {},
    output: body.room,
  },
  "room.create": {
    path: base,
    roles: office,
    aggregate: "room",
    effect: "creates",
    from: [],
    to: [],
    status: 201,
    summary: "Add a room where a worker sits and can be told something, or change the fields given of one there is.",
    said: ["set up a room for the clerk"],
    next: ["room.status", "room.push"],
    input: Type.Object({
      name: roomName("What it is called by, letters, digits, _ and -"),
      kind: optional(Type.Enum(["desk", "field"], { description: "Absent: unchanged, desk when new" })),
      transport: optional(
        Type.Enum([...transports], { description: "How it is told something; absent: unchanged, inbox when new" }),
      ),
      address: optional(
        line(2_000, {
          description:
            "Where: a URL, session:window of tmux, the key of a gateway's session; absent: unchanged, the name when new",
        }),
      ),
      program: optional(
        line(200, { description: "The program that must be in front in a tmux pane; absent: unchanged" }),
      ),
      idle_text: optional(
        line(200, { description: "A pane's last line when nothing is done there; absent: unchanged" }),
      ),
      secret: optional(
        line(200, { minLength: 16, description: "What a webhook's calls are signed with; absent: unchanged" }),
      ),
      worker_id: optional(
        Type.String({
          pattern: slugPattern,
          "x-case": "lower",
          description: "Who sits there, by slug; absent: unchanged",
        }),
      ),
      aliases: names("Other names of it; absent: unchanged"),
      groups: names("Groups it belongs to, each pushed to as one; absent: unchanged"),
      workspace_path: optional(freeText(1_000, { description: "Where its worker's files are; absent: unchanged" })),
      session_key: optional(line(500, { description: "The conversation of its worker; absent: unchanged" })),
    }),
    example: { name: "clerk", transport: "inbox", worker_id: "clerk", groups: ["office"] },
    output: body.room,
  },
  "room.reset": {
    ...onRoom,
    effect: "changes",
    path: `${one}/reset`,
    roles: office,
    status: 200,
    summary: "Clear a room's error and begin a new conversation in it; what waits for it stays.",
    said: ["reset the clerk's room"],
    next: ["room.status", "room.push"],
    input: Type.Object({}),
    example: {},
    output: body.room,
  },
  "room.push": {
    path: "/api/v1/pushes",
    roles: office,
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 200,
    summary:
      "Tell a room, or all rooms of a group, one of the commands that are allowed there; a busy room hears it when it is idle. Work is " +
      "handed to a room by task.dispatch.",
    said: ["tell the clerk to check the queue"],
    next: ["room.status", "event.list"],
    input: Type.Object({
      target: raw("A room by name or alias, or a group"),
      command: raw("The command with its arguments, 1 to 2,000 characters in one line, e.g. /queue-check"),
      reply_to: optional(
        uuid("The question it answers, an event_id: it passes a room that waits for this; absent: none"),
      ),
      capture: optional(Type.Boolean({ description: "Whether what the room shows then is kept; absent: false" })),
    }),
    example: { target: "clerk", command: "/queue-check" },
    output: body.pushes,
  },
  "task.dispatch": {
    path: `${one}/tasks`,
    ids,
    roles: ["control", "dispatcher"],
    aggregate: "task",
    effect: "creates",
    from: [],
    to: ["assigned"],
    status: 201,
    summary: "Hand a piece of work to the worker of one room, in words. Where anybody able may do it use task.create.",
    said: ["ask the clerk's room to draft the quote"],
    next: ["task.check", "room.status"],
    input: Type.Object({
      prompt: freeText(20_000, { minLength: 1, description: "What is to be done, as its worker reads it" }),
    }),
    example: { prompt: "Draft the quote for the door closer at the north entrance" },
    output: body.promptGiven,
  },
  "event.report": {
    ...onRoom,
    effect: "changes",
    path: `${one}/events`,
    roles: ["agent", "tech"],
    executes: true,
    status: 201,
    summary:
      "Say from your room what the control room should hear: done, how far, failed, or a question. Of a task of yours it moves the task " +
      "too.",
    next: ["task.check"],
    input: Type.Object({
      type: Type.String({
        maxLength: 100,
        description: `One of ${roomEventTypes.join(", ")}, also with dispatch: in front`,
      }),
      task_id: optional(idOf<TaskId>("The task it is about; absent: none")),
      summary: optional(freeText(4_000, { minLength: 1, description: "What came out; required with task_completed" })),
      message: optional(
        freeText(1_000, { minLength: 1, description: "What is being done; required with progress_update" }),
      ),
      percent: optional(Type.Integer({ minimum: 0, maximum: 100, description: "How much is done; absent: not known" })),
      error: optional(freeText(4_000, { minLength: 1, description: "What went wrong; required with task_failed" })),
      fatal: optional(Type.Boolean({ description: "Whether you are out of order yourself; absent: false" })),
      question: optional(
        freeText(4_000, { minLength: 1, description: "What you need to know; required with waiting_for_input" }),
      ),
    }),
    example: { type: "waiting_for_input", question: "Which of the two door closers does she mean?" },
    output: body.eventTaken,
  },
  "event.ack": {
    path: "/api/v1/control/events/ack",
    roles: office,
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 200,
    summary: "Mark what workers said as read, for every control room: one event, or all up to one.",
    said: ["I have seen that"],
    next: ["event.list", "control.brief"],
    input: Type.Object({
      event_id: optional(uuid("The one; absent: up_to says which")),
      up_to: optional(uuid("This one and all before it; absent: event_id alone")),
    }),
    example: { event_id: "01980000-0000-7000-8000-000000000000" },
    output: body.eventsAcked,
  },
});

const none = () => Type.Object({});
const ofOne = { ids, roles: office, wrongIdCode: "ROOM_NOT_FOUND" } as const;

export const roomQueries = defineQueries({
  "control.brief": {
    path: "/api/v1/control/brief",
    roles: ["control", "dispatcher"],
    summary:
      "Read how every room stands, what workers said and nobody has read, what is late, and what a control room does.",
    said: ["what is going on"],
    next: ["event.ack", "room.status", "task.dispatch"],
    input: none(),
    example: {},
    output: body.controlBrief,
  },
  "room.list": {
    path: base,
    roles: office,
    summary: "List the rooms with what their workers are at and how much waits for them.",
    said: ["who sits where"],
    next: ["room.status", "room.push"],
    input: Type.Object({
      kind: optional(Type.Enum(["control", "desk", "field"], { description: "Only of this kind; absent: of any" })),
    }),
    example: {},
    output: body.roomList,
  },
  "room.board": {
    path: `${base}/board`,
    roles: office,
    summary:
      "Read the board of all rooms: status, what waits, what was done today, how fast they hear, and whether all is well.",
    said: ["show me the board"],
    next: ["room.status", "room.reset"],
    input: none(),
    example: {},
    output: body.roomBoard,
  },
  "room.status": {
    ...ofOne,
    path: one,
    summary: "Read one room: its worker, their tasks, and the last that was told to it.",
    said: ["how is the clerk doing"],
    next: ["room.history", "room.push", "room.reset"],
    input: none(),
    example: {},
    output: body.roomStanding,
  },
  "room.history": {
    ...ofOne,
    path: `${one}/history`,
    summary: "Read what was told to a room and what its worker said, oldest first.",
    said: ["what did we tell the clerk"],
    next: ["room.push", "event.list"],
    input: Type.Object({
      limit: optional(
        Type.Integer({ minimum: 1, maximum: longestHistory, description: "The newest so many; absent: 50" }),
      ),
    }),
    example: { limit: 20 },
    output: body.roomHistory,
  },
  "event.list": {
    path: "/api/v1/control/events",
    roles: office,
    summary: "List what workers said and nobody has read yet: failures and questions first.",
    said: ["any news from the rooms"],
    next: ["event.ack", "room.push", "task.check"],
    input: Type.Object({
      room: optional(line(200, { description: "Only from this room, by name or id; absent: from all" })),
      all: optional(Type.Boolean({ description: "True: read ones too, newest first; absent: false" })),
      limit: optional(Type.Integer({ minimum: 1, maximum: 200, description: "At most so many; absent: 50" })),
    }),
    example: { limit: 20 },
    output: body.roomEvents,
  },
});
