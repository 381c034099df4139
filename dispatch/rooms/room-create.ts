// Adds a room, or changes one: a desk's or a technician's, and the control room of a dispatcher.

import type { IdsOf, InputOf } from "../contract/index.ts";
import type { RoomId } from "../contract/ids.ts";
import type { RoomBody } from "../contract/room-responses.ts";
import { statement } from "../db/statement.ts";
import type { UpsertCommand } from "../kernel/command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import {
  lockControlRoom,
  lockRoomNamed,
  roomAggregate,
  type RoomChange,
  type RoomFields,
  type RoomRow,
} from "./room-row.ts";
import { readTaken, requireFree, wordsOf, writeWords } from "./room-words.ts";

type Upsert<N extends "room.create" | "control.open", Loaded> = UpsertCommand<
  InputOf<N>,
  IdsOf<N>,
  RoomRow,
  RoomChange,
  RoomFields,
  RoomBody,
  RoomBody,
  Loaded,
  RoomId
>;

type Other = Pick<RoomRow, "id" | "name" | "worker_slug" | "transport" | "address">;

const selectOthers = statement<Other>(
  "room_others_there",
  `SELECT id, name, worker_slug, transport, address FROM rooms
   WHERE worker_slug = $1 OR (address = $2 AND ($3::text IS NULL OR transport = $3))`,
);
const selectWorker = statement<{ slug: string }>("room_worker", `SELECT slug FROM worker_slugs WHERE slug = $1`);

type Beside = {
  readonly taken: Awaited<ReturnType<typeof readTaken>>;
  readonly others: readonly Other[];
  readonly worker: { readonly slug: string } | null;
};

export const roomCreate: Upsert<"room.create", Beside> = {
  name: "room.create",
  on: "upsert",
  aggregate: roomAggregate,
  find: async (tx, { input }) => (await tx.row(lockRoomNamed, [input.name])) ?? null,
  async load(tx, { input }) {
    const { worker_id = null, address = input.name, transport = null } = input;
    const [taken, others, worker] = await Promise.all([
      readTaken(tx, lower(wordsOf(input))),
      tx.rows(selectOthers, [worker_id, address, transport]),
      worker_id === null ? null : tx.row(selectWorker, [worker_id]),
    ]);
    return { taken, others, worker };
  },
  change({ row, input }, beside) {
    const change = { ...fieldsOf(input), ...elsewhere(row, input) };
    const fields = { ...row, ...change };
    requireFits(fields, row.id, input, beside);
    return {
      change,
      status: 200,
      payload: toldOf(change),
      told: [{ event: "updated", data: toldOf(change) }],
      write: (tx) => writeWords(tx, row.id, fields),
      body: (body) => body,
    };
  },
  create({ id, input }, beside) {
    const fields: RoomFields = {
      name: input.name,
      aliases: [],
      groups: [],
      kind: "desk",
      transport: "inbox",
      address: input.name,
      program: null,
      idle_text: null,
      secret: null,
      owner: null,
      worker_slug: null,
      workspace_path: "",
      session_key: null,
      ...fieldsOf(input),
    };
    requireFits(fields, null, input, beside);
    return {
      create: fields,
      payload: toldOf(fields),
      told: [{ event: "created", data: toldOf(fields) }],
      write: (tx) => writeWords(tx, id, fields),
      body: (body) => body,
    };
  },
};

const lower = (words: readonly string[]): string[] => words.map((word) => word.toLowerCase());

const fieldsOf = ({ worker_id, aliases, groups, ...rest }: InputOf<"room.create">): Partial<RoomFields> => ({
  ...rest,
  ...(aliases && { aliases: lower(aliases) }),
  ...(groups && { groups: lower(groups) }),
  ...(worker_id !== undefined && { worker_slug: worker_id }),
});

/** Of a room that is found elsewhere from now on: the conversation it had is not there, and nobody has seen the new one. */
function elsewhere(row: RoomRow, { transport, address, session_key }: InputOf<"room.create">): RoomChange {
  const moves = (transport ?? row.transport) !== row.transport || (address ?? row.address) !== row.address;
  if (moves) return { session_key: session_key ?? null, session_known_at: null };
  return session_key === undefined || session_key === row.session_key ? {} : { session_known_at: null };
}

/** What the trail and listeners have: never the secret. */
const toldOf = ({ secret, ...rest }: RoomChange) => ({ ...rest, ...(secret !== undefined && { secret: "set" }) });

/** @throws Refusal INVALID_REQUEST, WORKER_NOT_FOUND, ROOM_NAME_TAKEN, ROOM_ADDRESS_TAKEN, ROOM_WORKER_TAKEN */
function requireFits(
  fields: RoomFields,
  own: RoomId | null,
  input: InputOf<"room.create">,
  { taken, others, worker }: Beside,
): void {
  requireFree(fields, own, taken);
  requireAddress(fields);
  if (input.worker_id !== undefined && !worker) throw new Refusal("WORKER_NOT_FOUND", { worker: input.worker_id });
  for (const other of others) {
    if (other.id === own) continue;
    if (other.transport === fields.transport && other.address === fields.address)
      throw new Refusal("ROOM_ADDRESS_TAKEN", { address: fields.address, room: other.name });
    if (fields.worker_slug !== null && other.worker_slug === fields.worker_slug)
      throw new Refusal("ROOM_WORKER_TAKEN", { worker: fields.worker_slug, room: other.name });
  }
}

/** @throws Refusal INVALID_REQUEST */
function requireAddress({ transport, address, program }: RoomFields): void {
  if (transport === "webhook" && !/^https?:\/\//i.test(address))
    throw invalidField("address", "format", "must be the http or https URL that is called");
  if (transport === "tmux") {
    const [, session, window] = /^([^:]+):([^:]+)$/.exec(address) ?? [];
    if (session === undefined || window === undefined)
      throw invalidField("address", "format", "must be session:window, as tmux calls them, each without a colon");
    if (program === null)
      throw invalidField(
        "program",
        "required",
        "must say which program is in front in that pane: nothing is typed while another is, such as a shell",
      );
  }
  if (transport === "openclaw" && !/^agent:[^\s:]+:\S+$/.test(address))
    throw invalidField("address", "format", "must be the key of a gateway's session, e.g. agent:clerk:main");
}

export const controlOpen: Upsert<"control.open", undefined> = {
  name: "control.open",
  on: "upsert",
  aggregate: roomAggregate,
  find: async (tx, { actor }) => (await tx.row(lockControlRoom, [actor.id])) ?? null,
  change({ row, input: { session_key } }) {
    const moved = session_key !== undefined && session_key !== row.session_key;
    return {
      ...(moved && { change: { session_key } }),
      status: 200,
      payload: { session_key: session_key === undefined ? row.session_key : session_key },
      told: [{ event: session_key === null ? "left" : "opened" }],
      body: roomBodyOf,
    };
  },
  create({ actor, input }) {
    const name = `dispatch:${actor.id}`;
    return {
      create: {
        name,
        aliases: [],
        groups: [],
        kind: "control",
        transport: "inbox",
        address: name,
        program: null,
        idle_text: null,
        secret: null,
        owner: actor.id,
        worker_slug: null,
        workspace_path: "",
        session_key: input.session_key ?? null,
      },
      payload: { owner: actor.id },
      told: [{ event: "created", data: { kind: "control" } }],
      body: roomBodyOf,
    };
  },
};

const roomBodyOf = (body: RoomBody): RoomBody => body;
