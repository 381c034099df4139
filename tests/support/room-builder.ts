// A room with somebody who sits in it, and what they say from there, as people and workers arrange it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestApi } from "./api.ts";
import { readyWorker } from "./task-builder.ts";

export const newRoomName = (): string => `room-${randomUUID()}`;
const builder = { as: "dispatcher", actor: "builder-dispatcher" } as const;

export type BuiltRoom = { readonly name: string; readonly id: string; readonly worker: string };

/**
 * A worker sits in one room: asked for again, it is the one they have.
 * @param worker put on the roster where they are not yet; another each time unless said
 */
export async function roomOf(api: TestApi, worker: string = `clerk-${randomUUID()}`): Promise<BuiltRoom> {
  const known = await api.owner.query("SELECT FROM worker_slugs WHERE slug = $1", [worker]);
  if (known.rowCount === 0) await readyWorker(api, worker);
  const { rows } = await api.owner.query<BuiltRoom>(
    "SELECT id, name, worker_slug AS worker FROM rooms WHERE worker_slug = $1",
    [worker],
  );
  if (rows[0]) return rows[0];
  const { id, name } = await api.run("room.create", { ...builder, body: { name: newRoomName(), worker_id: worker } });
  return { id, name, worker };
}

/** The id of what whoever sits there says: a question, unless told otherwise. */
export async function saidIn(
  api: TestApi,
  { name, worker }: BuiltRoom,
  body: object = { type: "waiting_for_input", question: "Which of the two doors?" },
): Promise<string> {
  const { event } = await api.run("event.report", { as: "agent", actor: worker, room: name, body });
  return event.event_id;
}

/** A command that waits for it, or was sent meanwhile. */
export async function pushTo(
  api: TestApi,
  { name: target }: BuiltRoom,
  command = "/queue-check",
): Promise<{ id: string }> {
  const { pushes } = await api.run("room.push", { ...builder, body: { target, command } });
  return { id: pushes[0]?.push_id ?? assert.fail("no push") };
}
