// What only the worker and a room's own routes do about rooms and pushes: run by the same pipeline as tools, and offered to nobody.

import { defineCommands } from "./entry.ts";
import { freeText, idOf, line, nullable, optional, Type, uuid } from "./fields.ts";
import type { RoomId, TaskId, TicketId } from "./ids.ts";
import { roomEventTypes, roomStatuses } from "./room-states.ts";
import * as body from "./room-responses.ts";
import * as sample from "./sample-values.ts";

const roles = ["dispatcher", "agent", "tech", "admin"] as const;
const onPush = { roles, aggregate: "push", effect: "changes", status: 200, next: [], output: body.push } as const;
const push = "/api/v1/pushes/{pushId}";

export const roomInternalCommands = defineCommands({
  "push.queue": {
    ...onPush,
    effect: "creates",
    path: "/api/v1/pushes/queue",
    from: [],
    to: ["queued"],
    status: 201,
    summary: "Something was assigned to whoever sits in a room: they are to hear of it.",
    example: { room_id: sample.room, command: "/queue-check", subject: "wake", assignment: 1 },
    input: Type.Object({
      room_id: idOf<RoomId>(),
      command: line(2_000),
      subject: line(200),
      assignment: Type.Integer({ minimum: 0 }),
      task_id: optional(idOf<TaskId>()),
      ticket_id: optional(idOf<TicketId>()),
    }),
  },
  "push.send": {
    ...onPush,
    path: `${push}/send`,
    from: ["queued"],
    to: ["sent"],
    summary: "A room is idle: what waits longest goes to it, with the others that wait where they can go as one.",
    example: {},
    input: Type.Object({}),
  },
  "push.accepted": {
    ...onPush,
    path: `${push}/accepted`,
    from: ["sent"],
    to: [],
    summary: "The other side has taken a push; whoever sits there has yet to say so.",
    example: { attempt: 1 },
    input: Type.Object({
      attempt: Type.Integer({ minimum: 1 }),
      captured: optional(nullable(freeText(4_096))),
      patience_ms: optional(Type.Integer({ minimum: 1_000, maximum: 86_400_000 })),
    }),
  },
  "push.ack": {
    ...onPush,
    path: `${push}/ack`,
    from: ["sent"],
    to: ["acked"],
    summary: "Whoever sits in a room has heard a push.",
    example: {},
    input: Type.Object({ by: optional(line(200)) }),
  },
  "push.failed": {
    ...onPush,
    path: `${push}/failed`,
    from: ["sent"],
    to: ["queued", "dead"],
    summary: "A push did not arrive, or nobody said that they heard it: it is sent again later, or given up.",
    example: { attempt: 1, reason: "unheard" },
    input: Type.Object({
      attempt: Type.Integer({ minimum: 1 }),
      reason: line(1_000),
      room_broken: optional(Type.Boolean()),
    }),
  },
  "push.skip": {
    ...onPush,
    path: `${push}/skip`,
    from: ["queued"],
    to: ["skipped"],
    summary: "The work of a push was withdrawn before it was sent.",
    example: { reason: "cancelled" },
    input: Type.Object({ reason: line(1_000) }),
  },
  "push.trim": {
    ...onPush,
    path: `${push}/trim`,
    from: ["acked", "skipped", "dead"],
    to: [],
    summary: "What was said beside an ended push, and what its room showed, is no longer kept; its line is.",
    example: {},
    input: Type.Object({}),
  },
  "room.heard": {
    roles,
    aggregate: "room",
    effect: "changes",
    from: [],
    to: [],
    ids: { roomId: "room" },
    path: "/api/v1/rooms/{roomId}/heard",
    status: 200,
    summary: "Something was heard of whoever sits in a room: what they are at, and what they said.",
    example: { status: "idle", xact: "0", at: "2026-03-02T08:00:00.000Z" },
    next: [],
    output: body.room,
    input: Type.Object({
      // When it was said, and by which transaction (absent: this one): what is older than the room's last word changes nothing.
      at: Type.String({ format: "date-time" }),
      xact: optional(Type.String({ pattern: "^[0-9]{1,20}$" })),
      status: optional(Type.Enum([...roomStatuses])),
      reason: optional(line(1_000)),
      /** Whether its session was seen at its gateway. */
      session_known: optional(Type.Boolean()),
      /** Only where they have begun nothing else. */
      unless_busy: optional(Type.Boolean()),
      event: optional(
        Type.Object({
          id: uuid(),
          type: Type.Enum([...roomEventTypes]),
          task_id: optional(idOf<TaskId>()),
          text: freeText(4_000),
          percent: optional(Type.Integer({ minimum: 0, maximum: 100 })),
          fatal: optional(Type.Boolean()),
          reported_by: line(200),
        }),
      ),
    }),
  },
  "control.tell": {
    roles,
    aggregate: "room",
    effect: "touches",
    from: [],
    to: [],
    ids: { roomId: "room" },
    path: "/api/v1/rooms/{roomId}/tell",
    status: 200,
    summary: "A control room is told what workers said: at once, or as a digest.",
    example: { digest: true, events: [] },
    next: [],
    output: body.room,
    input: Type.Object({
      digest: Type.Boolean(),
      events: Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: 1_000 }),
    }),
  },
});
