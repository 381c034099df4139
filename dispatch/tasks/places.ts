// Who can take a task: a worker locked against being stopped, drained or signed off meanwhile, which of their places are free, and
// whether the broker's rules would let them have the task.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { Refusal } from "../kernel/refusal.ts";
import { rank } from "../workforce/rank.ts";
import { agentColumns, presenceOf, type AgentRow } from "./agent-row.ts";
import { freeSlot, isUnreachable, takenPlaces, type Taker } from "./taker.ts";
import type { Held, TaskRow } from "./task-row.ts";
import { readTechnicianTaker, type Asked } from "./technician-worker.ts";

type PlacedAgent = AgentRow & { readonly slots: readonly number[]; readonly unreachable: boolean };

const withPlaces = `${agentColumns}, ${takenPlaces("slug")} AS slots, ${isUnreachable("slug")} AS unreachable`;

// Many may share a worker's row, of either kind, and whoever changes it waits for them: an agent's own commands, or the roster's on a
// technician (drain, sign-off, hours, time off). So who is present here is so until the task is theirs, and a sign-off behind it finds
// the task and gives it back. A visit that is sent meanwhile locks no technician; it can make the load one more than it should be, as
// it may beside other visits. Places are kept by the tasks' own index.
//
// Who cannot have the row at once does not wait, so that nobody waits in a circle.
const shareAgent = statement<PlacedAgent>(
  "agent_share",
  `SELECT ${withPlaces} FROM agents WHERE slug = $1 FOR SHARE SKIP LOCKED`,
);
// A technician's row is locked by a statement of its own, since hours and work are read behind the lock.
const technicianCalled =
  "SELECT id FROM technicians WHERE id = (SELECT technician_id FROM worker_slugs WHERE slug = $1)";
const shareTechnician = statement("technician_share", `${technicianCalled} FOR SHARE SKIP LOCKED`);
// One after the other, and the places are read behind the lock: what whoever held it has taken shows. In a circle with a worker's own
// command, which waits for its tasks, Postgres ends one of the two, and that is tried again.
const lockTaker = statement("agent_lock_taker", `SELECT FROM agents WHERE slug = $1 FOR NO KEY UPDATE`);
const selectTaker = statement<PlacedAgent>("agent_taker", `SELECT ${withPlaces} FROM agents WHERE slug = $1`);
const lockTechnician = statement("technician_lock_taker", `${technicianCalled} FOR NO KEY UPDATE`);
const selectPlacesOfAssignee = statement<{ slots: readonly number[] }>(
  "task_assignee_places",
  `SELECT coalesce(array_agg(slot::integer), '{}') AS slots FROM tasks
   WHERE assignee = (SELECT assignee FROM tasks WHERE id = $1) AND status IN ('assigned', 'in_progress')`,
);

/** A worker with their places, for the broker: null where a command holds them, since the broker takes the next one rather than wait. */
export async function shareTaker(
  tx: Session,
  { slug, kind }: Pick<Taker, "slug" | "kind">,
  asked: Asked,
): Promise<Taker | null> {
  if (kind === "technician") return lockedTechnician(tx, shareTechnician, slug, asked);
  const agent = await tx.row(shareAgent, [slug]);
  return agent && agentTaker(agent, Date.parse(asked.now));
}

/**
 * For a person who chose this one: an agent that just says something of itself, a technician whose roster is just changed, or who of them
 * is just given another task, is waited for. Null: there is nobody.
 */
export async function awaitTaker(tx: Session, slug: string, asked: Asked): Promise<Taker | null> {
  const [, agent, technician] = await Promise.all([
    tx.row(lockTaker, [slug]),
    tx.row(selectTaker, [slug]),
    lockedTechnician(tx, lockTechnician, slug, asked),
  ]);
  return agent ? agentTaker(agent, Date.parse(asked.now)) : technician;
}

async function lockedTechnician(
  tx: Session,
  lock: typeof shareTechnician,
  slug: string,
  asked: Asked,
): Promise<Taker | null> {
  const [locked, taker] = await Promise.all([tx.row(lock, [slug]), readTechnicianTaker(tx, slug, asked)]);
  return locked && taker;
}

/** The worker a call names: of two calls that give them something, the second must see which place the first has taken. */
export const takerNamed = ({ input }: { readonly input: { readonly assignee?: string } }): string | null =>
  input.assignee === undefined ? null : `worker ${input.assignee}`;

/** The places of a task's assignee that are taken. */
export const loadPlacesOfAssignee = async (tx: Session, taskId: string): Promise<readonly number[]> =>
  (await tx.row(selectPlacesOfAssignee, [taskId]))?.slots ?? [];

/** An agent as the broker ranks it. */
export const agentTaker = (agent: PlacedAgent & { readonly last_assigned_at?: string | null }, now: number): Taker => ({
  slug: agent.slug,
  kind: "agent",
  capabilities: agent.capabilities,
  presence: agent.unreachable ? "degraded" : presenceOf(agent, now),
  drained: agent.drained_at !== null,
  paused: agent.activity === "paused",
  load: agent.slots.length,
  maxConcurrent: agent.max_concurrent,
  lastAssignedAt: agent.last_assigned_at ?? null,
  wakeFailedAt: agent.wake_failed_at,
  waking: agent.waking_since !== null,
  slots: agent.slots,
});

/**
 * The place of somebody whom a person chose.
 * @param override whether they may have more than they can do at once
 * @throws Refusal WORKER_NOT_FOUND, WORKER_NOT_ELIGIBLE
 */
export function placeWith(
  slug: string,
  taker: Taker | null,
  task: Pick<TaskRow, "required_capabilities" | "priority">,
  now: number,
  override: boolean,
): Held {
  if (!taker) throw new Refusal("WORKER_NOT_FOUND", { worker: slug });
  const request = { requiredCapabilities: task.required_capabilities, priority: task.priority };
  const [ranked] = rank(request, [taker], { now });
  const reason = taker.presence === "sleeping" ? "asleep" : (ranked?.reason ?? null);
  if (reason !== null && !(reason === "full" && override)) {
    throw new Refusal("WORKER_NOT_ELIGIBLE", { worker: slug, reason }, { message: wayOut(taker, reason) });
  }
  return { assignee: slug, slot: freeSlot(taker.slots) };
}

function wayOut({ slug, kind }: Taker, reason: string): string {
  const isPerson = kind === "technician";
  if (reason === "asleep")
    return `${slug} sleeps: wake them first with worker.wake, or leave the choice to the broker.`;
  if (reason === "full")
    return `${slug} has as much work as they can do at once: send override_reason, of at least 10 characters, or choose another.`;
  if (reason === "no_capability")
    return `${slug} lacks a capability that the task takes: choose another, or change what it takes.`;
  if (reason === "drained")
    return `${slug} takes no new work: choose another, or use ${isPerson ? "roster" : "worker"}.undrain.`;
  if (isPerson)
    return `${slug} is not at work now: choose another, or leave the choice to the broker. Hours are in roster.list.`;
  return `${slug} cannot take work now: choose another, or leave the choice to the broker.`;
}
