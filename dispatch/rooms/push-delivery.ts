// A push on its way: queued because of an assignment, sent when its room is idle, taken by the other side, heard. Each looks again under
// the push's lock: of two that come at once, one is too late.

import type { RoomId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { plusMs } from "../kernel/clock.ts";
import type { CreationCommand } from "../kernel/command.ts";
import { wrongState } from "../kernel/machine.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { IdsOf, InputOf } from "../contract/index.ts";
import type { PushBody } from "../contract/room-responses.ts";
import { lockMembers, lockRoomOfPush, ofPush, ofRoom, pushCommand } from "./room-command.ts";
import { pushAggregate, pushColumns, type NewPush, type PushRow } from "./push-row.ts";
import { afterWord, xactOf, type RoomRow } from "./room-row.ts";

/** How long whoever sits there has to say that they heard a push, once they can have. */
const heardWithinMs = 30_000;
/** Ids that fit one line of a push. */
const mostAtOnce = 50;

// Queued ----------------------------------------------------------------------------------------------------------

const selectRoomToTell = statement<{ id: RoomId; name: string; kind: string; known: boolean }>(
  "push_room_to_tell",
  `SELECT id, name, kind, EXISTS (SELECT FROM pushes WHERE room_id = $1 AND subject = $2 AND assignment = $3) AS known
   FROM rooms WHERE id = $1`,
);

export const pushQueue: CreationCommand<
  InputOf<"push.queue">,
  IdsOf<"push.queue">,
  NewPush,
  PushBody,
  PushBody,
  { readonly name: string; readonly known: boolean } | null
> = {
  name: "push.queue",
  on: "creation",
  aggregate: pushAggregate,
  load: (tx, { input }) => tx.row(selectRoomToTell, [input.room_id, input.subject, input.assignment]),
  decide({ input, actor }, room) {
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: input.room_id });
    // Another worker followed the same event.
    if (room.known) throw wrongState("queued", "queued", []);
    const { room_id, command, subject, assignment, task_id = null, ticket_id = null } = input;
    return {
      state: "queued",
      create: {
        room_id,
        command,
        prompt: null,
        automatic: true,
        subject,
        assignment,
        task_id,
        ticket_id,
        reply_to: null,
        capture: false,
        requested_by: actor.id,
      },
      payload: { command, subject, assignment },
      told: [],
      body: (push) => ({ ...push, room: room.name }),
    };
  },
};

// Sent ------------------------------------------------------------------------------------------------------------

// What was assigned beside a push ($1) and waits for the same room, or went out with it before.
const lockCompany = statement<PushRow>(
  "pushes_lock_company",
  `SELECT ${pushColumns} FROM pushes
   WHERE room_id = (SELECT room_id FROM pushes WHERE id = $1) AND status = 'queued' AND id <> $1
     AND (lead_id = $1 OR lead_id IS NULL AND automatic AND prompt IS NULL AND message IS NULL)
   ORDER BY created_at, id LIMIT ${mostAtOnce - 1} FOR NO KEY UPDATE SKIP LOCKED`,
);

/** Whether a room takes a push now: whoever is idle does, and whoever waits for an answer takes that answer. */
export const takes = ({ agent_status, question_id }: RoomRow, { reply_to }: Pick<PushRow, "reply_to">): boolean =>
  agent_status === "idle" || (agent_status === "waiting_input" && reply_to !== null && reply_to === question_id);

export const pushSend = pushCommand({
  name: "push.send",
  async load(tx, { id }) {
    const [room, company, xact] = await Promise.all([
      tx.row(lockRoomOfPush, [id]),
      tx.rows(lockCompany, [id]),
      xactOf(tx),
    ]);
    return { room, company, xact };
  },
  decide({ row, now, clockTime }, { room, company, xact }) {
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: row.room_id });
    // They have begun something meanwhile, or it is too early for another try.
    if (!takes(room, row) || (row.next_at !== null && row.next_at > clockTime)) throw wrongState("queued", "sent", []);
    const members = company.filter(({ lead_id }) => (row.message === null ? mayGoWith(row) : lead_id === row.id));
    const message = row.message ?? textOf(row, members);
    const sent = (push: PushRow, leadId: PushRow["lead_id"]) => sending(push, room, now, message, leadId);
    const data = {
      push_id: row.id,
      command: message,
      prompt: row.prompt,
      task_id: row.task_id,
      ticket_id: row.ticket_id,
    };
    return {
      path: ["sent"],
      change: sent(row, null),
      payload: { room: room.name, command: message, attempt: row.attempts + 1, with: members.map(({ id }) => id) },
      related: [
        ...members.map((push) => ofPush(push, ["sent"], sent(push, row.id))),
        ofRoom(room, afterWord(room, { status: "working", at: now, xact }), [
          { event: "push", data: { ...data, attempt: row.attempts + 1, transport: room.transport } },
        ]),
      ],
      told: [],
      body: (push) => ({ ...push, command: message, room: room.name }),
    };
  },
});

/** Assignments that wait for one room leave as one line; what a person said, or a longer text, goes alone. */
const mayGoWith = ({ automatic, prompt }: PushRow): boolean => automatic && prompt === null;

function textOf(push: PushRow, members: readonly PushRow[]): string {
  if (members.length === 0) return push.command;
  const ids = [push, ...members].flatMap(({ task_id, ticket_id }) => task_id ?? ticket_id ?? []);
  return ["/queue-check", ...new Set(ids)].join(" ");
}

/** @param leadId the push it goes out with; null: it goes itself */
function sending(push: PushRow, room: RoomRow, now: string, message: string, leadId: PushRow["lead_id"]) {
  const deliverable_at = push.deliverable_at ?? latest(push.created_at, room.status_since);
  // What lies in an inbox has arrived with this very commit.
  const arrived = room.transport === "inbox";
  return {
    message,
    lead_id: leadId,
    attempts: push.attempts + 1,
    next_at: null,
    reason: null,
    sent_at: now,
    due_at: plusMs(now, heardWithinMs),
    deliverable_at,
    wait_ms: push.wait_ms ?? between(push.created_at, deliverable_at),
    ...(arrived && acceptance(push, deliverable_at, now)),
  };
}

const acceptance = ({ accepted_at, latency_ms }: PushRow, deliverable_at: string | null, now: string) => ({
  accepted_at: accepted_at ?? now,
  latency_ms: latency_ms ?? between(deliverable_at ?? now, now),
});

const latest = (one: string, other: string): string => (one > other ? one : other);
const between = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from));

// Taken, and heard ------------------------------------------------------------------------------------------------

export const pushAccepted = pushCommand({
  name: "push.accepted",
  load: (tx, { id }) => tx.rows(lockMembers, [id]),
  decide({ row, input, now }, members) {
    // It was sent again since.
    if (row.attempts !== input.attempt) throw wrongState("sent", "sent", []);
    const { patience_ms = heardWithinMs, captured } = input;
    const due_at = plusMs(now, patience_ms);
    const taken = (push: PushRow) => ({ due_at, ...acceptance(push, push.deliverable_at, now) });
    return {
      change: { ...taken(row), ...(captured !== undefined && { captured }) },
      payload: { attempt: input.attempt },
      related: members.filter(({ status }) => status === "sent").map((push) => ofPush(push, [], taken(push))),
      told: [],
      body: (push) => push,
    };
  },
});

// Agents say what they are at; of a technician, or where nobody sits, what was heard is all there is to hear.
const selectSaysItself = statement<{ says: boolean }>(
  "push_worker_says",
  `SELECT EXISTS (SELECT FROM agents JOIN rooms ON worker_slug = slug
                  WHERE rooms.id = (SELECT room_id FROM pushes WHERE id = $1)) AS says`,
);

export const pushAck = pushCommand({
  name: "push.ack",
  async load(tx, { id }) {
    const [room, members, worker, xact] = await Promise.all([
      tx.row(lockRoomOfPush, [id]),
      tx.rows(lockMembers, [id]),
      tx.row(selectSaysItself, [id]),
      xactOf(tx),
    ]);
    return { room, members, saysItself: worker?.says ?? false, xact };
  },
  decide({ row, now, input, actor }, { room, members, saysItself, xact }) {
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: row.room_id });
    const heard = (push: PushRow) => ({ acked_at: now, due_at: null, ...acceptance(push, push.deliverable_at, now) });
    const change = heard(row);
    const by = input.by ?? actor.id;
    return {
      path: ["acked"],
      change,
      payload: { by },
      related: [
        ...members.filter(({ status }) => status === "sent").map((push) => ofPush(push, ["acked"], heard(push))),
        ofRoom(room, saysItself ? { last_activity_at: now } : afterWord(room, { status: "idle", at: now, xact }), [
          { event: "push_acked", data: { push_id: row.id, by, latency_ms: change.latency_ms, attempt: row.attempts } },
        ]),
      ],
      told: [],
      body: (push) => ({ ...push, room: room.name }),
    };
  },
});
