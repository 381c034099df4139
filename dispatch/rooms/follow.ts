// What an event of the desk means for the rooms: who is to be told something, what they are at, what the control rooms should read. Pure;
// whoever follows the events (the worker process) knows which room a worker sits in, and carries it out.

import type { RoomEventType, RoomStatus } from "../contract/room-states.ts";
import type { Activity } from "../contract/task-responses.ts";
import { isObject, type JsonObject } from "../kernel/json.ts";
import type { StreamedEvent } from "../kernel/outbox-reader.ts";

/** The subjects of all events that mean something here, as Postgres matches them. */
export const followedSubjects: readonly string[] = [
  "^swarm\\.(task|agent)\\.",
  "^room\\.[^.]+\\.event$",
  "^field\\.ticket\\.",
];

export type Wish =
  | {
      readonly kind: "push";
      /** A worker's slug; null: the technician who has the ticket. */
      readonly worker: string | null;
      readonly command: string;
      readonly subject: string;
      readonly assignment: number;
      readonly taskId: string | null;
      readonly ticketId: string | null;
    }
  /** What was to be told about this, of assignments before a number, is no longer so. */
  | { readonly kind: "withdraw"; readonly subject: string; readonly before: number; readonly reason: string }
  | {
      readonly kind: "heard";
      readonly worker: string;
      readonly status: RoomStatus;
      readonly reason: string | null;
      /** Only where nothing else runs there. */
      readonly unlessBusy: boolean;
      /** Whether it shows that they have heard what was told to them. */
      readonly hears: boolean;
      readonly says: Says | null;
    }
  | { readonly kind: "hears"; readonly roomId: string };

export type Says = {
  readonly type: RoomEventType;
  readonly taskId: string;
  readonly text: string;
  readonly percent: number | null;
  readonly fatal: boolean;
};

const textAt = (data: JsonObject, key: string): string | null => {
  const { [key]: value } = data;
  return typeof value === "string" && value !== "" ? value : null;
};
const numberAt = (data: JsonObject, key: string): number | null => {
  const { [key]: value } = data;
  return typeof value === "number" ? value : null;
};

/** @returns nothing for most events */
export function wishesOf({ subject, event, payload }: Pick<StreamedEvent, "subject" | "event" | "payload">): Wish[] {
  const [root, noun, id = ""] = subject.split(".");
  const data = isObject(payload["data"]) ? payload["data"] : {};
  const seq = numberAt(payload, "seq") ?? 0;
  if (root === "swarm" && noun === "task") return ofTask(id, event, data, seq);
  if (root === "swarm" && noun === "agent") return ofAgent(id, event, data, seq);
  if (root === "room") return data["hears"] === true ? [{ kind: "hears", roomId: noun ?? "" }] : [];
  return ofTicket(id, payload, seq);
}

const heard = (
  worker: string | null,
  status: RoomStatus,
  { says = null, hears = true, unlessBusy = false, reason = null }: Partial<Extract<Wish, { kind: "heard" }>> = {},
): Wish[] => (worker === null ? [] : [{ kind: "heard", worker, status, reason, unlessBusy, hears, says }]);

/** A line of what somebody wrote, as far as an event of a room goes. */
const longestText = 4_000;

function ofTask(taskId: string, event: string, data: JsonObject, seq: number): Wish[] {
  const worker = textAt(data, "assignee");
  const subject = `task:${taskId}`;
  // Said from the room itself: its own command has done all but telling that it was heard.
  const known = textAt(data, "room_event") !== null;
  const withdraw = (reason: string): Wish => ({ kind: "withdraw", subject, before: seq, reason });
  const says = (type: RoomEventType, text: string, more: Partial<Says> = {}): Says | null =>
    known ? null : { type, taskId, text: text.slice(0, longestText), percent: null, fatal: false, ...more };
  if (event === "assigned")
    return worker === null
      ? []
      : [{ kind: "push", worker, command: `/task ${taskId}`, subject, assignment: seq, taskId, ticketId: null }];
  if (event === "cancelled" || event === "reassigned" || event === "timeout" || event === "unassigned") {
    const late = event === "timeout" && data["final"] === true;
    const lost = late
      ? heard(worker, "idle", {
          hears: false,
          unlessBusy: true,
          says: says("task_failed", "It took longer than it may."),
        })
      : [];
    return [withdraw(textAt(data, "reason") ?? event), ...lost];
  }
  if (known) return event === "completed" || event === "failed" ? [withdraw(event)] : [];
  if (event === "started") return [withdraw("begun"), ...heard(worker, "working")];
  if (event === "progress") {
    const message = textAt(data, "message");
    return heard(worker, "working", {
      says: message === null ? null : says("progress_update", message, { percent: numberAt(data, "percent") }),
    });
  }
  if (event === "completed" || event === "review_requested")
    return heard(worker, "idle", {
      unlessBusy: true,
      says: says("task_completed", textAt(data, "summary") ?? "Done."),
    });
  if (event === "failed" && worker !== null) {
    const fatal = data["fatal"] === true;
    const error = textAt(data, "error") ?? "It failed.";
    return heard(worker, fatal ? "error" : "idle", {
      unlessBusy: !fatal,
      reason: fatal ? error.slice(0, 1_000) : null,
      says: says("task_failed", error, { fatal }),
    });
  }
  if (event === "blocked") {
    const question = textAt(data, "reason");
    return heard(worker, "waiting_input", { says: question === null ? null : says("waiting_for_input", question) });
  }
  return event === "unblocked" ? heard(worker, "working", { hears: false }) : [];
}

/** What a room's worker is at when they say this of themselves. */
export const statusOfActivity: Readonly<Record<Activity, RoomStatus>> = {
  idle: "idle",
  completed: "idle",
  starting: "working",
  working: "working",
  paused: "working",
  waiting_for_input: "waiting_input",
  waiting_for_vote: "waiting_input",
  errored: "error",
};
const isActivity = (text: string | null): text is Activity => text !== null && Object.hasOwn(statusOfActivity, text);

function ofAgent(slug: string, event: string, data: JsonObject, seq: number): Wish[] {
  const quietly = { hears: false };
  if (event === "wake_requested")
    return [
      {
        kind: "push",
        worker: slug,
        command: "/queue-check",
        subject: `wake:${slug}`,
        assignment: seq,
        taskId: null,
        ticketId: null,
      },
    ];
  if (event === "degraded")
    return heard(slug, "error", { ...quietly, reason: textAt(data, "reason") ?? "out of order" });
  if (event === "stopped") return heard(slug, "idle", quietly);
  const activity = textAt(data, "activity");
  if (event === "started") return heard(slug, isActivity(activity) ? statusOfActivity[activity] : "idle", quietly);
  return event === "activity" && isActivity(activity) ? heard(slug, statusOfActivity[activity], quietly) : [];
}

/** A visit was sent to somebody, or is theirs no more. */
function ofTicket(ticketId: string, payload: JsonObject, seq: number): Wish[] {
  const [before, after] = [textAt(payload, "before_state"), textAt(payload, "after_state")];
  const tool = textAt(payload, "tool_name") ?? "";
  const subject = `ticket:${ticketId}`;
  if (after === "DISPATCHED" && (before !== after || tool.startsWith("assignment."))) {
    const push: Wish = {
      kind: "push",
      worker: null,
      command: `/job-packet ${ticketId}`,
      subject,
      assignment: seq,
      taskId: null,
      ticketId,
    };
    return before === after ? [{ kind: "withdraw", subject, before: seq, reason: tool }, push] : [push];
  }
  return before === "DISPATCHED" && after !== before ? [{ kind: "withdraw", subject, before: seq, reason: tool }] : [];
}
