// Who can take a task: an agent locked against being stopped or drained meanwhile, which of its places are free, and whether the broker's
// rules would let it have the task.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { Refusal } from "../kernel/refusal.ts";
import { rank, type Candidate } from "../workforce/rank.ts";
import { agentColumns, presenceOf, type AgentRow } from "./agent-row.ts";
import type { Held, TaskRow } from "./task-row.ts";

type Places = { readonly slots: readonly number[] };
type PlacedAgent = AgentRow & Places;

const withPlaces = `${agentColumns},
     (SELECT coalesce(array_agg(slot::integer), '{}') FROM tasks WHERE assignee = slug AND status IN ('assigned', 'in_progress')) AS slots`;

// Many may share it, and whoever changes the agent waits for them; who cannot have it at once does not wait, so that nobody waits in a
// circle.
const shareAgent = statement<PlacedAgent>(
  "agent_share",
  `SELECT ${withPlaces} FROM agents WHERE slug = $1 FOR SHARE SKIP LOCKED`,
);
// One after the other, and the places are read behind the lock: what whoever held it has taken shows. In a circle with a worker's own
// command, which waits for its tasks, Postgres ends one of the two, and that is tried again.
const lockTaker = statement("agent_lock_taker", `SELECT FROM agents WHERE slug = $1 FOR NO KEY UPDATE`);
const selectTaker = statement<PlacedAgent>("agent_taker", `SELECT ${withPlaces} FROM agents WHERE slug = $1`);
const selectPlacesOfAssignee = statement<Places>(
  "task_assignee_places",
  `SELECT coalesce(array_agg(slot::integer), '{}') AS slots FROM tasks
   WHERE assignee = (SELECT assignee FROM tasks WHERE id = $1) AND status IN ('assigned', 'in_progress')`,
);

/** An agent with its places, for the broker: null where a command holds it, since the broker takes the next one rather than wait. */
export const shareTaker = (tx: Session, slug: string): Promise<PlacedAgent | null> => tx.row(shareAgent, [slug]);

/**
 * For a person who chose this one: an agent that just says something of itself, or is just given another task, is waited for. Null:
 * there is none.
 */
export async function awaitTaker(tx: Session, slug: string): Promise<PlacedAgent | null> {
  const [, taker] = await Promise.all([tx.row(lockTaker, [slug]), tx.row(selectTaker, [slug])]);
  return taker;
}

/** The worker a call names: of two calls that give them something, the second must see which place the first has taken. */
export const takerNamed = ({ input }: { readonly input: { readonly assignee?: string } }): string | null =>
  input.assignee === undefined ? null : `worker ${input.assignee}`;

/** The places of a task's assignee that are taken. */
export const loadPlacesOfAssignee = async (tx: Session, taskId: string): Promise<readonly number[]> =>
  (await tx.row(selectPlacesOfAssignee, [taskId]))?.slots ?? [];

/** The lowest place that is free. */
export function freeSlot(taken: readonly number[]): number {
  let slot = 1;
  while (taken.includes(slot)) slot++;
  return slot;
}

/** An agent as the broker ranks it. */
export const candidateOf = (
  agent: AgentRow & { readonly last_assigned_at?: string | null },
  load: number,
  now: number,
): Candidate => ({
  slug: agent.slug,
  kind: "agent",
  capabilities: agent.capabilities,
  presence: presenceOf(agent, now),
  drained: agent.drained_at !== null,
  paused: agent.activity === "paused",
  load,
  maxConcurrent: agent.max_concurrent,
  lastAssignedAt: agent.last_assigned_at ?? null,
  wakeFailedAt: agent.wake_failed_at,
});

/**
 * The place of somebody whom a person chose.
 * @param override whether they may have more than they can do at once
 * @throws Refusal WORKER_NOT_FOUND, WORKER_NOT_ELIGIBLE
 */
export function placeWith(
  slug: string,
  agent: PlacedAgent | null,
  task: Pick<TaskRow, "required_capabilities" | "priority">,
  now: number,
  override: boolean,
): Held {
  if (!agent) throw new Refusal("WORKER_NOT_FOUND", { worker: slug });
  const { slots } = agent;
  const candidate = candidateOf(agent, slots.length, now);
  const [ranked] = rank({ requiredCapabilities: task.required_capabilities, priority: task.priority }, [candidate], {
    now,
  });
  const reason = candidate.presence === "sleeping" ? "asleep" : (ranked?.reason ?? null);
  if (reason !== null && !(reason === "full" && override)) {
    throw new Refusal("WORKER_NOT_ELIGIBLE", { worker: slug, reason }, { message: wayOut(slug, reason) });
  }
  return { assignee: slug, slot: freeSlot(slots) };
}

function wayOut(slug: string, reason: string): string {
  if (reason === "asleep")
    return `${slug} sleeps: wake them first with worker.wake, or leave the choice to the broker.`;
  if (reason === "full")
    return `${slug} has as many tasks as they can do at once: send override_reason, of at least 10 characters, or choose another.`;
  if (reason === "no_capability")
    return `${slug} lacks a capability that the task takes: choose another, or change what it takes.`;
  if (reason === "drained") return `${slug} takes no new work: choose another, or use worker.undrain.`;
  return `${slug} cannot take work now: choose another, or leave the choice to the broker.`;
}
