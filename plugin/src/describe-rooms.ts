// Rooms, pushes and what workers said, for the model: one line per thing, words of people fenced or quoted.

import { isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { fenced, plainOrQuoted, quoted, wordAt as at } from "./result-text.ts";

const none = (found: readonly unknown[], what: string): string | null => (found.length === 0 ? `no ${what}` : null);
const names = (one: unknown, key: string): string =>
  listAt(one, key)
    .map((word) => plainOrQuoted(String(word)))
    .join(", ");

function roomLine(one: unknown): string {
  const worker = textAt(one, "worker_id");
  const aliases = names(one, "aliases");
  const groups = names(one, "groups");
  const depth = numberAt(one, "queue_depth") ?? numberAt(one, "depth") ?? 0;
  const reason = textAt(one, "status_reason");
  return [
    `room ${at(one, "name")} ${at(one, "agent_status")}${reason === null ? "" : `: ${quoted(reason, 160)}`}`,
    `${at(one, "kind")} by ${at(one, "transport")}`,
    worker === null ? "nobody sits there" : `worker ${plainOrQuoted(worker)}`,
    aliases !== "" && `also ${aliases}`,
    groups !== "" && `in ${groups}`,
    depth > 0 && `${depth} wait`,
  ]
    .filter(Boolean)
    .join("; ");
}

const pushLine = (one: unknown): string =>
  [
    `push_id ${at(one, "push_id")} to ${at(one, "room")} ${at(one, "state")}`,
    textAt(one, "command") !== null && quoted(textAt(one, "command"), 160),
    (numberAt(one, "queued_behind") ?? 0) > 0 && `behind ${numberAt(one, "queued_behind") ?? 0} others`,
    isObject(one) && one["deduplicated"] === true && "told before, not again",
    textAt(one, "reason") !== null && `reason ${quoted(textAt(one, "reason"), 160)}`,
  ]
    .filter(Boolean)
    .join("; ");

const eventLine = (one: unknown): string =>
  [
    `event_id ${at(one, "event_id")} ${at(one, "type")} from room ${at(one, "room")} at ${at(one, "created_at")}`,
    textAt(one, "task_id") !== null && `task_id ${at(one, "task_id")}`,
    numberAt(one, "percent") !== null && `${numberAt(one, "percent") ?? "-"} %`,
    quoted(textAt(one, "text"), 400),
    textAt(one, "acked_at") !== null && "read",
  ]
    .filter(Boolean)
    .join("; ");

const said = (one: unknown): string =>
  `${at(one, "at")} ${at(one, "direction") === "in" ? "told" : "said"} ${at(one, "kind")} by ${quoted(textAt(one, "by"), 40)}: ` +
  `${quoted(textAt(one, "text"), 300)}${textAt(one, "state") === null ? "" : ` (${at(one, "state")})`}`;

export const roomReadings = {
  "control.brief": (body: JsonObject) => {
    const sections = objectAt(body, "sections");
    const count = (list: string): number => listAt(sections, list).length + (numberAt(sections, `${list}_left`) ?? 0);
    return [
      `${count("rooms")} rooms; ${count("events")} events not read; ${count("sla_breaches")} tickets late`,
      fenced(textAt(body, "text"), 8_000),
    ];
  },
  "room.list": (body: JsonObject) => {
    const found = listAt(body, "items");
    return [none(found, "room"), ...found.map(roomLine)];
  },
  "room.board": (body: JsonObject) => {
    const rooms = listAt(body, "rooms");
    return [
      `${at(body, "health")}${listAt(body, "reasons")
        .map((reason) => `; ${quoted(String(reason), 200)}`)
        .join("")}`,
      none(rooms, "room"),
      ...rooms.map((one) => {
        const p95 = numberAt(one, "p95_latency_ms");
        return `${roomLine(one)}; done today ${numberAt(one, "done_today") ?? 0}${p95 === null ? "" : `; hears in ${p95} ms (p95)`}`;
      }),
      (numberAt(body, "rooms_left_out") ?? 0) > 0 ? `and ${numberAt(body, "rooms_left_out") ?? 0} more rooms` : null,
    ];
  },
  "room.status": (body: JsonObject) => {
    const tasks = listAt(body, "tasks");
    return [
      roomLine(objectAt(body, "room")),
      `${numberAt(body, "queue_depth") ?? 0} pushes wait`,
      none(tasks, "task there"),
      ...tasks.map((one) => `task_id ${at(one, "id")} ${at(one, "status")} ${quoted(textAt(one, "title"), 120)}`),
      isObject(body["last_push"]) ? pushLine(body["last_push"]) : null,
    ];
  },
  "room.history": (body: JsonObject) => {
    const lines = listAt(body, "items");
    return [none(lines, "word on record"), ...lines.slice(-30).map(said)];
  },
  "event.list": (body: JsonObject) => {
    const found = listAt(body, "items");
    return [none(found, "news that nobody has read"), ...found.map(eventLine)];
  },
};

/** What a command made of a room, or told to one. */
export function roomLines(aggregate: string | null, body: JsonObject): (string | null)[] {
  if (aggregate !== "room" && aggregate !== "desk" && aggregate !== "task") return [];
  const pushes = listAt(body, "pushes");
  const count = numberAt(body, "count");
  return [
    aggregate === "room" && textAt(body, "name") !== null ? roomLine(body) : null,
    ...pushes.map(pushLine),
    isObject(body["push"]) ? pushLine(body["push"]) : null,
    aggregate === "room" && isObject(body["event"]) ? eventLine(body["event"]) : null,
    textAt(body, "task_status") === null ? null : `the task is ${at(body, "task_status")}`,
    count === null ? null : `${count} marked as read`,
  ];
}
