// What a person tells a room, or all rooms of a group. A group is judged whole: either each of its rooms gets it or none.

import type { AccountId, PushId, ReceiptId, RoomId, SiteId, TaskId, TicketId } from "../contract/ids.ts";
import { idFrom } from "../contract/ids.ts";
import type { Pushed } from "../contract/room-responses.ts";
import type { PushState } from "../contract/room-states.ts";
import { statement } from "../db/statement.ts";
import { requireScope } from "../kernel/authorize.ts";
import { newId } from "../kernel/clock.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import type { RelatedCreation } from "../kernel/related-change.ts";
import { ackEvents } from "./event-ack.ts";
import { isTarget, requireCommand, requireTarget } from "./push-command.ts";
import { newPush, pushAggregate, type NewPush, type PushRow } from "./push-row.ts";
import { ofTaskIn, reachOf } from "./reach.ts";

/** Waiting for one room; a person who says more is not heard any sooner. */
export const mostWaiting = 100;

type Target = { readonly id: RoomId; readonly name: string; readonly kind: string; readonly waiting: number };

// By name or alias, else by group; `all-` before a group, a kind or "rooms" is all of those. A control room is found by its id alone.
const selectTargets = statement<Target>(
  "push_targets",
  `SELECT id, name, kind, (SELECT count(*) FROM pushes WHERE room_id = rooms.id AND status = 'queued')::integer AS waiting
   FROM rooms
   WHERE rooms.id::text = $1 OR (kind <> 'control' AND (
     EXISTS (SELECT FROM room_words WHERE room_id = rooms.id AND word IN ($1, $2)) OR $2 = 'rooms' OR $2 = kind))
   ORDER BY name LIMIT 1000`,
);
type Given = { readonly room_id: RoomId; readonly id: PushId; readonly status: PushState; readonly assignment: number };
// Of the task or ticket that a command names: the number of its last assignment, and what rooms were told of that one.
const selectAssignment = statement<{ assignment: number | null }>(
  "push_assignment",
  `SELECT max(seq) AS assignment FROM audit_events
   WHERE aggregate = 'task' AND aggregate_id = $1 AND after_state = 'assigned' AND before_state IS DISTINCT FROM 'assigned'`,
);
const selectGiven = statement<Given>(
  "push_given",
  `SELECT room_id, id, status, assignment FROM pushes WHERE subject = $1 AND assignment IS NOT NULL`,
);
const selectQuestion = statement<{ id: string; room_id: RoomId; type: string }>(
  "push_question",
  `SELECT id, room_id, type FROM room_events WHERE id = $1 AND ${ofTaskIn("room_events", 2)}`,
);
const selectTask = statement<{ account_id: AccountId | null; site_id: SiteId | null }>(
  "push_task",
  `SELECT account_id, site_id FROM tasks WHERE id = $1`,
);
const selectTicket = statement<{ account_id: AccountId; site_id: SiteId }>(
  "push_ticket",
  `SELECT account_id, site_id FROM tickets WHERE id = $1`,
);

/** What a command is about, as `/task <id>` or `/job-packet <id>` says it. */
const namedBy = (command: string): { readonly task: TaskId | null; readonly ticket: TicketId | null } => {
  const [word, id = ""] = command.split(" ");
  return {
    task: word === "/task" ? idFrom<TaskId>(id) : null,
    ticket: word === "/job-packet" ? idFrom<TicketId>(id) : null,
  };
};
export const subjectOfTask = (id: TaskId): string => `task:${id}`;

export const roomPush = deskCommand({
  name: "room.push",
  races: ["pushes_once"],
  async load(tx, { input: { target, command, reply_to = null }, actor }) {
    // What is no name is looked for nowhere: it may hold what no database takes.
    const name = isTarget(target) ? target.toLowerCase() : "";
    const { task, ticket } = namedBy(command);
    const [targets, assigned, given, question, ofTask, ofTicket] = await Promise.all([
      tx.rows(selectTargets, [name, name.startsWith("all-") ? name.slice(4) : name]),
      task === null ? null : tx.row(selectAssignment, [task]),
      task === null ? [] : tx.rows(selectGiven, [subjectOfTask(task)]),
      reply_to === null ? null : tx.row(selectQuestion, [reply_to, ...reachOf(actor)]),
      task === null ? null : tx.row(selectTask, [task]),
      ticket === null ? null : tx.row(selectTicket, [ticket]),
    ]);
    return { targets, assignment: assigned?.assignment ?? null, given, question, ofTask, ofTicket };
  },
  decide({ input, actor, now, desk }, { targets, assignment, given, question, ofTask, ofTicket }) {
    requireTarget(input.target);
    if (targets.length === 0) throw new Refusal("ROOM_NOT_FOUND", { target: input.target });
    const control = targets.find(({ kind }) => kind === "control");
    if (control) throw new Refusal("CONTROL_ROOM_REFUSED", { room: control.name });
    requireCommand(input.command, desk.policy.pushPrefixes);
    const full = targets.find(({ waiting }) => waiting >= mostWaiting);
    if (full) throw new Refusal("PUSH_QUEUE_FULL", { room: full.name, waiting: full.waiting, at_most: mostWaiting });
    requireQuestion(input.reply_to, question, targets);
    const place = ofTask ?? ofTicket ?? null;
    const account_id = place?.account_id ?? null;
    if (place && account_id !== null) requireScope(actor, { account_id, site_id: place.site_id });
    const { task, ticket } = namedBy(input.command);
    const made: { readonly push: PushRow; readonly pushed: Pushed }[] = [];
    const pushes = targets.map(({ id: room_id, name, waiting }): Pushed => {
      const known = given.find((one) => one.room_id === room_id && one.assignment === assignment);
      if (known) return { push_id: known.id, room: name, state: known.status, queued_behind: 0, deduplicated: true };
      const fields: NewPush = {
        room_id,
        command: input.command,
        prompt: null,
        automatic: false,
        subject: task === null || assignment === null ? null : subjectOfTask(task),
        assignment: task === null ? null : assignment,
        task_id: ofTask ? task : null,
        ticket_id: ofTicket ? ticket : null,
        reply_to: input.reply_to ?? null,
        capture: input.capture ?? false,
        requested_by: actor.id,
      };
      const push = newPush(newId<PushId>(), fields, now);
      const pushed: Pushed = {
        push_id: push.id,
        room: name,
        state: "queued",
        queued_behind: waiting,
        deduplicated: false,
      };
      made.push({ push, pushed });
      return pushed;
    });
    return {
      payload: {
        target: input.target,
        command: input.command,
        rooms: targets.map(({ name }) => name),
        made: made.length,
      },
      ...(account_id !== null && {
        concerns: { account_ids: [account_id], site_ids: place?.site_id ? [place.site_id] : [] },
      }),
      related: made.map(({ push }) => pushCreation(push)),
      told: [{ event: "room_push", data: { target: input.target, command: input.command, pushes } }],
      write: (tx) => (input.reply_to === undefined ? [] : [ackEvents(tx, [input.reply_to], now, actor.id)]),
      body: () => ({ pushes }),
      kept: () => ({ pushes: pushes.map(toldBefore) }),
    };
  },
});

/** A push in the answer to a repetition. */
export const toldBefore = (pushed: Pushed): Pushed => ({ ...pushed, deduplicated: true });

/** A push that comes to be beside the command's own row. */
export const pushCreation = (created: PushRow): RelatedCreation =>
  ({
    aggregate: pushAggregate,
    eventId: newId<ReceiptId>(),
    payload: { command: created.command, subject: created.subject, assignment: created.assignment },
    created,
    told: [],
  }) as RelatedCreation;

/** @throws Refusal EVENT_NOT_FOUND, INVALID_REQUEST */
function requireQuestion(
  replyTo: string | undefined,
  question: { readonly room_id: RoomId; readonly type: string } | null,
  targets: readonly Target[],
): void {
  if (replyTo === undefined) return;
  if (!question) throw new Refusal("EVENT_NOT_FOUND", { event_id: replyTo, field: "reply_to" });
  if (question.type !== "waiting_for_input")
    throw invalidField("reply_to", "type", "must be a question, an event of the type waiting_for_input");
  if (targets.length !== 1 || targets[0]?.id !== question.room_id)
    throw invalidField("reply_to", "room", "must be a question from the very room that is told the answer");
}
