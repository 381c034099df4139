// Hands a piece of work to the worker of one room, in words: a task that is theirs, and a push that brings it to them.

import type { IdsOf, InputOf } from "../contract/index.ts";
import type { PushId, RoomId } from "../contract/ids.ts";
import type { TaskBody } from "../contract/task-responses.ts";
import type { BodyOf } from "../contract/index.ts";
import { statement } from "../db/statement.ts";
import { newId } from "../kernel/clock.ts";
import type { CreationCommand } from "../kernel/command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { awaitTaker, placeWith } from "../tasks/places.ts";
import type { Taker } from "../tasks/taker.ts";
import { taskAggregate } from "../tasks/task-aggregate.ts";
import type { NewTask } from "../tasks/task-row.ts";
import { newPush } from "./push-row.ts";
import { pushCreation, subjectOfTask, toldBefore } from "./room-push.ts";
import { requireNoControlRoom } from "./room-reset.ts";

type Room = { readonly name: string; readonly kind: "control" | "desk" | "field"; readonly worker_slug: string | null };

const selectRoom = statement<Room>("dispatch_room", `SELECT name, kind, worker_slug FROM rooms WHERE id = $1`);
const selectDepth = statement<{ waiting: number }>(
  "dispatch_depth",
  `SELECT count(*)::integer AS waiting FROM pushes WHERE room_id = $1 AND status = 'queued'`,
);

/** What the broker matches it by, should it ever come back: nobody but who sits there was meant. */
const scope = "prompt";
const longestTitle = 200;

export const taskDispatch: CreationCommand<
  InputOf<"task.dispatch">,
  IdsOf<"task.dispatch">,
  NewTask,
  TaskBody,
  BodyOf<"task.dispatch"> & object,
  { readonly room: Room | null; readonly taker: Taker | null; readonly waiting: number }
> = {
  name: "task.dispatch",
  on: "creation",
  aggregate: taskAggregate,
  alone: true,
  async load(tx, { ids, clockTime, desk }) {
    const room = await tx.row(selectRoom, [ids.roomId]);
    const slug = room?.worker_slug ?? null;
    const [taker, depth] = await Promise.all([
      slug === null ? null : awaitTaker(tx, slug, { now: clockTime, rules: desk.policy }),
      tx.row(selectDepth, [ids.roomId]),
    ]);
    return { room, taker, waiting: depth?.waiting ?? 0 };
  },
  decide({ id, ids, input, actor, now, clockTime, desk }, { room, taker, waiting }) {
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: ids.roomId });
    requireNoControlRoom(room);
    const slug = room.worker_slug;
    if (slug === null)
      throw new Refusal(
        "WORKER_NOT_ELIGIBLE",
        { room: room.name, reason: "nobody" },
        {
          message: `Nobody sits in ${room.name}: name its worker with room.create, or let the broker choose with task.create.`,
        },
      );
    // The push is what wakes whoever sleeps.
    const awake = taker && { ...taker, presence: taker.presence === "sleeping" ? ("ready" as const) : taker.presence };
    const held = placeWith(slug, awake, { required_capabilities: [], priority: 3 }, Date.parse(clockTime), false);
    const title = titleOf(input.prompt);
    const said = {
      title,
      scope,
      kind: "prompt" as const,
      requester: actor.id,
      priority: 3,
      required_capabilities: [scope],
    };
    const task = id as typeof id & NonNullable<NewTask["parent_id"]>;
    const push = newPush(
      newId<PushId>(),
      {
        room_id: ids.roomId as RoomId,
        command: `/task ${task}`,
        prompt: input.prompt,
        automatic: true,
        subject: subjectOfTask(task),
        // Its creation is the first thing that happens to it.
        assignment: 1,
        task_id: task,
        ticket_id: null,
        reply_to: null,
        capture: false,
        requested_by: actor.id,
      },
      now,
    );
    return {
      state: "assigned",
      create: {
        ...said,
        description: input.prompt,
        context: null,
        timeout_ms: desk.settings.defaultTimeoutMs,
        max_retries: 1,
        parent_id: null,
        ticket_id: null,
        account_id: null,
        site_id: null,
        review_required: false,
        held,
      },
      payload: { ...said, assignee: slug, room: room.name, push_id: push.id },
      related: [pushCreation(push)],
      told: [
        { event: "created", data: { ...said, status: "assigned" } },
        { event: "assigned", data: { assignee: slug, chosen_by: actor.id, room: room.name } },
      ],
      body: (body) => ({
        task: body,
        push: {
          push_id: push.id,
          room: room.name,
          state: "queued" as const,
          queued_behind: waiting,
          deduplicated: false,
        },
      }),
      kept: (answer) => ({ ...answer, push: toldBefore(answer.push) }),
    };
  },
};

/** The first line, as far as a title goes. */
function titleOf(prompt: string): string {
  const [first = ""] = prompt.trim().split("\n");
  const characters = [...first.trim().replaceAll("\t", " ")];
  return characters.length > longestTitle
    ? `${characters.slice(0, longestTitle - 3).join("")}...`
    : characters.join("");
}
