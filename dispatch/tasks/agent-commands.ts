// What happens to an agent: put on the roster, given a token, drained, woken; and what it says of itself, or is found to be, with what
// becomes of its tasks then.

import { createHash, randomBytes } from "node:crypto";
import type { BodyOf, IdsOf, InputOf, PipelineName } from "../contract/index.ts";
import type { ReceiptId, TechnicianId } from "../contract/ids.ts";
import type { WorkerBody } from "../contract/task-responses.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { newId } from "../kernel/clock.ts";
import type { Call, RowCall, RowCommand, RowDecision, UpsertCommand } from "../kernel/command.ts";
import { wrongState } from "../kernel/machine.ts";
import type { Told } from "../kernel/outbox.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import type { RelatedChange } from "../kernel/related-change.ts";
import { parseCapabilities } from "../workforce/capabilities.ts";
import { hasFallenSilent, heardSince } from "../workforce/task-standing.ts";
import { selectSlugOwner } from "../workforce/technicians.ts";
import {
  agentAggregate,
  lockAgent,
  presenceOf,
  type AgentChange,
  type AgentFields,
  type AgentRow,
} from "./agent-row.ts";
import { fallenSilent, handedBack, type TakenBack } from "./take-back.ts";
import { taskAggregate } from "./task-aggregate.ts";
import { lockTasksOf, type TaskChange, type TaskRow } from "./task-row.ts";

type AgentCall<N extends PipelineName> = RowCall<InputOf<N>, IdsOf<N>, AgentRow>;
type AnswerOf<N extends PipelineName> = BodyOf<N> & object;

const agentCommand = <N extends PipelineName, Loaded = undefined>(command: {
  readonly name: N;
  readonly alone?: boolean;
  load?(tx: Session, call: Call<InputOf<N>, IdsOf<N>>): Promise<Loaded>;
  decide(call: AgentCall<N>, loaded: Loaded): RowDecision<AgentChange, WorkerBody, AnswerOf<N>>;
}): RowCommand<InputOf<N>, IdsOf<N>, AgentRow, AgentChange, WorkerBody, AnswerOf<N>, Loaded> => ({
  ...command,
  on: "row",
  aggregate: agentAggregate,
});

// On the roster ---------------------------------------------------------------------------------------------------

export const workerRegister: UpsertCommand<
  InputOf<"worker.register">,
  IdsOf<"worker.register">,
  AgentRow,
  AgentChange,
  AgentFields,
  WorkerBody,
  WorkerBody,
  { readonly technician_id: TechnicianId | null } | null
> = {
  name: "worker.register",
  on: "upsert",
  aggregate: agentAggregate,
  find: async (tx, { input }) => (await tx.row(lockAgent, [input.slug])) ?? null,
  load: (tx, { input }) => tx.row(selectSlugOwner, [input.slug]),
  change: ({ input }) => {
    const change = fieldsOf(input);
    return { change, status: 200, payload: change, told: [{ event: "updated", data: change }], body: (body) => body };
  },
  create: ({ input, desk }, owner) => {
    if (owner !== null && owner.technician_id !== null)
      throw invalidField("slug", "unique", "is a technician's on the roster: choose another for the agent");
    const fields: AgentFields = {
      agent_type: null,
      display_name: null,
      capabilities: [],
      policy: "always_on",
      max_concurrent: desk.settings.maxConcurrent,
      ...fieldsOf(input),
    };
    return {
      id: input.slug,
      create: fields,
      payload: fields,
      told: [{ event: "registered", data: fields }],
      body: (body) => body,
    };
  },
};

const fieldsOf = ({
  slug: _slug,
  kind: _kind,
  capabilities,
  ...rest
}: InputOf<"worker.register">): Partial<AgentFields> => ({
  ...rest,
  ...(capabilities !== undefined && { capabilities: parseCapabilities(capabilities) }),
});

/** Begins every worker's token, so that a leaked one is recognised for what it is. */
export const workerTokenPrefix = "dwt_";
/** As it is stored: SHA-256, hex. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");

export const workerToken = agentCommand({
  name: "worker.token",
  decide({ row, now }) {
    const token = `${workerTokenPrefix}${randomBytes(32).toString("base64url")}`;
    return {
      change: { token_hash: tokenHash(token), token_made_at: now },
      payload: { made_at: now },
      told: [{ event: "token_issued" }],
      body: () => ({ agent: row.slug, token, issued_at: now }),
      // A repetition hears that there was one, not which.
      kept: (answer) => ({ ...answer, token: null }),
    };
  },
});

export const workerDrain = agentCommand({
  name: "worker.drain",
  decide({ row, input, now }) {
    const reason = input.reason ?? null;
    return {
      ...(row.drained_at === null && { change: { drained_at: now, drain_reason: reason } }),
      payload: { reason, was_drained: row.drained_at !== null },
      told: [{ event: "drained", data: { reason } }],
      body: (agent) => ({ status: "drained" as const, agent }),
    };
  },
});

export const workerUndrain = agentCommand({
  name: "worker.undrain",
  decide({ row, input }) {
    const reason = input.reason ?? null;
    return {
      ...(row.drained_at !== null && { change: { drained_at: null, drain_reason: null } }),
      payload: { reason, was_drained: row.drained_at !== null },
      told: [{ event: "undrained", data: { reason } }],
      body: (agent) => ({ status: "active" as const, agent }),
    };
  },
});

// Waking ----------------------------------------------------------------------------------------------------------

export const workerWake = agentCommand({
  name: "worker.wake",
  decide({ row, clockTime, actor, desk }) {
    const presence = presenceOf(row, Date.parse(clockTime));
    if (presence !== "sleeping") throw new Refusal("WORKER_NOT_ASLEEP", { worker: row.slug, presence });
    const isUnderWay = row.waking_since !== null;
    // Another broker was there first, and has told so.
    if (isUnderWay && actor.id === desk.settings.workerIdentity) throw wrongState("waking", "waking", []);
    return {
      ...(!isUnderWay && { change: { waking_since: clockTime } }),
      payload: { under_way_since: row.waking_since },
      told: [{ event: "wake_requested", data: { by: actor.id, since: row.waking_since ?? clockTime } }],
      body: (agent) => ({ status: "waking" as const, agent }),
    };
  },
});

export const workerWakeFailed = agentCommand({
  name: "worker.wake_failed",
  decide({ row, desk, clockTime }) {
    const { waking_since } = row;
    // It came after all, or somebody else gave up on it.
    if (waking_since === null || Date.parse(clockTime) - Date.parse(waking_since) < desk.settings.wakeTimeoutMs)
      throw wrongState("waking", "asleep", []);
    return {
      change: { waking_since: null, wake_failed_at: clockTime },
      payload: { since: waking_since },
      told: [{ event: "wake_failed", data: { since: waking_since } }],
      body: (agent) => agent,
    };
  },
});

// What it says of itself, or is found to be ----------------------------------------------------------------------

const noteHeartbeat = statement(
  "agent_heartbeat_note",
  `UPDATE agents SET heartbeat_at = $2, heartbeat_key = $4,
                     tokens_used = tokens_used + CASE WHEN heartbeat_key = $4 THEN 0 ELSE $3 END
   WHERE slug = $1`,
);

const awake = { running: true, waking_since: null, wake_failed_at: null } as const;

/** What is told of whoever comes because of a wake. */
const woken = ({ waking_since }: AgentRow) => (waking_since === null ? {} : { woken: true });

export const workerReport = agentCommand({
  name: "worker.report",
  decide({ row, input: { activity, tokens_used = 0 }, clockTime, requestId }) {
    const told: Told =
      activity === "errored"
        ? { event: "degraded", data: { reason: "errored" } }
        : row.running
          ? { event: "activity", data: { activity, before: row.activity, ...woken(row) } }
          : { event: "started", data: { activity, ...woken(row) } };
    return {
      change: { ...awake, activity },
      payload: { activity, before: row.activity, was_running: row.running },
      told: [told],
      write: (tx) => [tx.row(noteHeartbeat, [row.slug, clockTime, tokens_used, requestId])],
      body: (agent) => agent,
    };
  },
});

export const workerStarted = agentCommand({
  name: "worker.started",
  alone: true,
  load: (tx, { id }) => tx.rows(lockTasksOf, [id]),
  decide({ row, input, clockTime, requestId }, tasks) {
    const run = input.run ?? null;
    // The latest run is the one there is: what another left behind nobody is at work on.
    const replaces = row.running && row.run_id !== null && run !== null && row.run_id !== run;
    const given = replaces ? giveOutAgain(tasks, (task) => handedBack(task, "restarted")) : [];
    return {
      change: { ...awake, activity: "idle", run_id: run },
      payload: { run, replaced: replaces ? row.run_id : null, handed_back: given.length },
      related: given,
      told: [{ event: "started", data: { run, replaced: replaces ? row.run_id : null, ...woken(row) } }],
      write: (tx) => [tx.row(noteHeartbeat, [row.slug, clockTime, 0, requestId])],
      body: (agent) => agent,
    };
  },
});

export const workerStopped = agentCommand({
  name: "worker.stopped",
  alone: true,
  load: (tx, { id }) => tx.rows(lockTasksOf, [id]),
  decide({ row, input }, tasks) {
    const reason = input.reason ?? null;
    const given = giveOutAgain(tasks, (task) => handedBack(task, "stopped"));
    return {
      change: { running: false, run_id: null, activity: "idle", waking_since: null },
      payload: { reason, was_running: row.running, handed_back: given.length },
      related: given,
      told: [{ event: "stopped", data: { reason, handed_back: given.length } }],
      body: (agent) => agent,
    };
  },
});

const selectWhetherSilent = statement<{ slug: string }>(
  "agent_silent",
  `SELECT a.slug FROM agents a WHERE ${hasFallenSilent} AND a.slug = $2`,
);

export const workerLost = agentCommand({
  name: "worker.lost",
  alone: true,
  load: (tx, { id, clockTime }) =>
    Promise.all([tx.rows(lockTasksOf, [id]), tx.row(selectWhetherSilent, [heardSince(clockTime), id])]),
  decide({ row }, [tasks, silent]) {
    const heard = row.heartbeat_at ?? row.updated_at;
    // It was heard of meanwhile.
    if (!silent) throw wrongState(row.activity, "errored", []);
    const given = giveOutAgain(tasks, fallenSilent);
    return {
      change: { activity: "errored" },
      payload: { heard_of: heard, handed_back: given.length },
      related: given,
      told: [{ event: "degraded", data: { reason: "silent", heard_of: heard, handed_back: given.length } }],
      body: (agent) => agent,
    };
  },
});

/** The tasks' own changes beside their worker's. */
export function giveOutAgain(tasks: readonly TaskRow[], judge: (task: TaskRow) => TakenBack | null): RelatedChange[] {
  return tasks.flatMap((task): RelatedChange[] => {
    const back = judge(task);
    if (!back) return [];
    const related: RelatedChange<TaskRow, TaskChange> = {
      aggregate: taskAggregate,
      row: task,
      eventId: newId<ReceiptId>(),
      path: back.path,
      change: back.change,
      payload: { assignee: task.assignee },
      told: back.told,
    };
    return [related as RelatedChange];
  });
}
