// Rooms on a test's desk: made, told something, and what those who sit there say and hear.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { InboxBody, PushBody, RoomBody } from "../../dispatch/contract/room-responses.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import type { Reply, TestApi } from "../support/api.ts";

export type Speaker = { readonly as?: string; readonly actor?: string; readonly key?: string };

/** A request under /api/v1 as somebody, whatever comes back. */
export const ask = (
  api: TestApi,
  method: string,
  path: string,
  { as = "dispatcher", actor = as === "dispatcher" ? "dana" : `${as}-1`, key = randomUUID() }: Speaker = {},
  body?: object,
): Promise<Reply> =>
  api.send(
    method,
    `/api/v1${path}`,
    {
      "x-agent-id": actor,
      "x-actor-id": actor,
      "x-actor-role": as,
      "idempotency-key": key,
      ...(body && { "content-type": "application/json" }),
    },
    body && JSON.stringify(body),
  );

export function bodyOf(reply: Reply, status = 200): JsonObject {
  assert.equal(reply.status, status, reply.text);
  const body: unknown = JSON.parse(reply.text);
  assert.ok(isObject(body), reply.text);
  return body;
}

/** The code of an answer that must be a refusal. */
export function codeOf(reply: Reply): string {
  const body: unknown = JSON.parse(reply.text);
  assert.ok(isObject(body) && isObject(body["error"]), reply.text);
  return `${reply.status} ${String(body["error"]["code"])}`;
}

export const addRoom = async (api: TestApi, name: string, fields: object = {}): Promise<RoomBody> =>
  bodyOf(await ask(api, "POST", "/rooms", {}, { name, ...fields }), 201) as unknown as RoomBody;

export const push = (api: TestApi, target: string, command: string, more: object = {}, by: Speaker = {}) =>
  ask(api, "POST", "/pushes", by, { target, command, ...more });

/** Pushes something that must be taken; their ids by room. */
export async function pushed(api: TestApi, target: string, command: string, more: object = {}): Promise<JsonObject[]> {
  const { pushes } = bodyOf(await push(api, target, command, more));
  assert.ok(Array.isArray(pushes));
  return pushes.filter(isObject);
}

export const report = (api: TestApi, room: string, worker: string, body: object) =>
  ask(api, "POST", `/rooms/${room}/events`, { as: "agent", actor: worker }, body);

/** What lies in a room's inbox, as its worker reads it. */
export async function inboxOf(api: TestApi, room: string, worker: string, wait = 0): Promise<InboxBody> {
  const reply = await ask(api, "GET", `/rooms/${room}/inbox?wait=${wait}`, { as: "agent", actor: worker });
  assert.equal(reply.status, 200, reply.text);
  return JSON.parse(reply.text) as InboxBody;
}

export const ack = (api: TestApi, room: string, worker: string, pushId: string) =>
  ask(api, "POST", `/rooms/${room}/inbox/${pushId}/ack`, { as: "agent", actor: worker }, {});

/** Every push of a room as the database has it, oldest first. */
export async function pushesOf(api: TestApi, room: string): Promise<PushBody[]> {
  const { rows } = await api.owner.query<PushBody>(
    `SELECT pushes.id AS push_id, status AS state, pushes.* FROM pushes JOIN rooms ON rooms.id = room_id
     WHERE rooms.name = $1 ORDER BY pushes.created_at, pushes.id`,
    [room],
  );
  return rows;
}

export async function statusOf(api: TestApi, room: string): Promise<string> {
  const { rows } = await api.owner.query<{ agent_status: string }>("SELECT agent_status FROM rooms WHERE name = $1", [
    room,
  ]);
  return rows[0]?.agent_status ?? "no such room";
}
