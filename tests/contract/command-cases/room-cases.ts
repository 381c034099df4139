// The commands on rooms, on what is told to them and on what workers say; see case.ts.

import { randomUUID } from "node:crypto";
import type { roomCommands } from "../../../dispatch/contract/room-commands.ts";
import type { TestApi } from "../../support/api.ts";
import { newRoomName, roomOf, saidIn } from "../../support/room-builder.ts";
import type { CasesFor, Rules } from "./case.ts";

const rooms = "/api/v1/rooms";
const one = `${rooms}/{roomId}`;
const office = ["control", "dispatcher", "admin"] as const;
const keeping = "rooms are the desk's own; their rows name no customer";

const tooLong = (n: number) => "x".repeat(n + 1);
const anEvent = "01980000-0000-7000-8000-000000000000";
const nothing: Rules = { good: [{}], bad: [] };
const checking = "/queue-check";

/** Each time another, with somebody in it who is awake. */
const anyRoom = async (api: TestApi) => ({ room: (await roomOf(api)).name });

export const roomCases = {
  "control.open": {
    path: "/api/v1/control/room",
    roles: ["control", "dispatcher"],
    from: [],
    to: [],
    status: 201,
    body: () => ({}),
    fields: {
      good: [{ session_key: "agent:desk:main" }, { session_key: null }],
      bad: [
        [{ session_key: 7 }, "session_key"],
        [{ session_key: tooLong(500) }, "session_key"],
      ],
    },
    scope: { by: "desk", reason: "a control room is its owner's own", ask: () => ({ body: {} }) },
  },
  "room.create": {
    path: rooms,
    roles: office,
    from: [],
    to: [],
    status: 201,
    body: () => ({ name: newRoomName() }),
    fields: {
      good: [
        { name: "clerk" },
        {
          name: "N".repeat(63),
          kind: "field",
          transport: "webhook",
          address: "https://worker.example/pushes",
          secret: "s".repeat(16),
          aliases: ["Night-Clerk", "night_clerk"],
          groups: ["office", "Nights"],
          workspace_path: "/home/clerk/work",
          session_key: "agent:night:main",
        },
        { name: "pane", kind: "desk", transport: "tmux", address: "desk:clerk", program: "agent", idle_text: ">" },
        { name: "gateway", transport: "openclaw", address: "agent:clerk:main" },
      ],
      bad: [
        [{ name: undefined }, "name"],
        [{ name: "the clerk" }, "name"],
        [{ name: tooLong(63) }, "name"],
        [{ kind: "control" }, "kind"],
        [{ transport: "fax" }, "transport"],
        [{ address: "" }, "address"],
        [{ address: tooLong(2_000) }, "address"],
        [{ transport: "webhook", address: "worker.example" }, "address"],
        [{ transport: "tmux", address: "desk", program: "agent" }, "address"],
        [{ transport: "tmux", address: "desk:clerk" }, "program"],
        [{ transport: "openclaw", address: "clerk" }, "address"],
        [{ program: tooLong(200) }, "program"],
        [{ idle_text: 7 }, "idle_text"],
        [{ secret: "s".repeat(15) }, "secret"],
        [{ worker_id: "The Clerk" }, "worker_id"],
        [{ aliases: "night-clerk" }, "aliases"],
        [{ aliases: ["night clerk"] }, "aliases"],
        [{ groups: Array.from({ length: 21 }, (_, n) => `group-${n}`) }, "groups"],
        [{ workspace_path: tooLong(1_000) }, "workspace_path"],
        [{ session_key: tooLong(500) }, "session_key"],
      ],
    },
    scope: { by: "desk", reason: keeping, ask: () => ({ body: { name: newRoomName() } }) },
  },
  "room.reset": {
    path: `${one}/reset`,
    roles: office,
    from: [],
    to: [],
    status: 200,
    body: () => ({}),
    arrange: anyRoom,
    fields: nothing,
    scope: { by: "desk", reason: keeping, ask: ({ room }) => ({ room, body: {} }) },
  },
  "room.push": {
    path: "/api/v1/pushes",
    roles: office,
    from: [],
    to: [],
    status: 200,
    body: () => ({ target: "nowhere", command: checking }),
    arrange: async (api) => ({ body: { target: (await roomOf(api)).name } }),
    // The push that comes to be.
    eventsBeside: 1,
    fields: {
      good: [
        { target: "nowhere", command: checking },
        { target: "all-offices", command: `${checking} now`, reply_to: anEvent, capture: true },
      ],
      until: "ROOM_NOT_FOUND",
      bad: [
        [{ target: undefined }, "target"],
        [{ target: 7 }, "target"],
        [{ command: undefined }, "command"],
        [{ command: [checking] }, "command"],
        [{ reply_to: "the question" }, "reply_to"],
        [{ capture: "yes" }, "capture"],
      ],
    },
    scope: { by: "desk", reason: keeping, ask: ({ room }) => ({ body: { target: room, command: checking } }) },
  },
  "task.dispatch": {
    path: `${one}/tasks`,
    roles: ["control", "dispatcher"],
    from: [],
    to: ["assigned"],
    status: 201,
    body: () => ({ prompt: "Draft the quote for the door closer" }),
    arrange: anyRoom,
    // The push that tells of it.
    eventsBeside: 1,
    fields: {
      good: [{ prompt: "Draft the quote" }, { prompt: "p".repeat(20_000) }],
      bad: [
        [{ prompt: undefined }, "prompt"],
        [{ prompt: " " }, "prompt"],
        [{ prompt: tooLong(20_000) }, "prompt"],
      ],
    },
    scope: {
      by: "desk",
      reason: "its task is about no ticket",
      ask: ({ room }) => ({ room, body: { prompt: "Look" } }),
    },
  },
  "event.report": {
    path: `${one}/events`,
    roles: ["agent", "tech"],
    from: [],
    to: [],
    status: 201,
    body: () => ({ type: "progress_update", message: "half of the papers are read" }),
    arrange: async (api, by) => ({ room: (await roomOf(api, by)).name }),
    fields: {
      good: [
        { type: "progress_update", message: "half of it", percent: 50 },
        { type: "dispatch:task_completed", summary: "s".repeat(4_000), percent: 100 },
        { type: "task_failed", error: "no such serial", fatal: true, percent: 0 },
        { type: "waiting_for_input", question: "which door?" },
      ],
      bad: [
        [{ type: undefined }, "type"],
        [{ type: tooLong(100) }, "type"],
        [{ task_id: "that task" }, "task_id"],
        [{ summary: " " }, "summary"],
        [{ message: tooLong(1_000) }, "message"],
        [{ percent: -1 }, "percent"],
        [{ percent: 101 }, "percent"],
        [{ percent: 0.5 }, "percent"],
        [{ error: tooLong(4_000) }, "error"],
        [{ fatal: "yes" }, "fatal"],
        [{ question: " " }, "question"],
      ],
    },
    scope: {
      by: "desk",
      reason: "whoever sits in a room reports of their own work",
      ask: ({ room, roomWorker }) => ({
        as: "agent",
        actor: roomWorker,
        room,
        body: { type: "progress_update", message: "at it" },
      }),
    },
  },
  "event.ack": {
    path: "/api/v1/control/events/ack",
    roles: office,
    from: [],
    to: [],
    status: 200,
    body: () => ({}),
    arrange: async (api) => ({ body: { event_id: await saidIn(api, await roomOf(api)) } }),
    fields: {
      good: [{ event_id: anEvent }, { event_id: undefined, up_to: anEvent }],
      until: "EVENT_NOT_FOUND",
      bad: [
        [{ event_id: undefined }, "event_id"],
        [{ event_id: "the last" }, "event_id"],
        [{ up_to: "the last" }, "up_to"],
        [{ up_to: randomUUID() }, "event_id"],
      ],
    },
    scope: {
      by: "desk",
      reason: "it answers with a number, and what is read is read for the whole desk",
      ask: ({ spareEventId }) => ({ body: { event_id: spareEventId } }),
    },
  },
} satisfies CasesFor<keyof typeof roomCommands>;
