// Gives waiting tasks to the workers who rank first. Any number of brokers may run at once: each looks at the heads of the queues, and
// of two that choose alike the database lets one write.

import type { TaskId } from "../contract/ids.ts";
import { Refusal } from "../kernel/refusal.ts";
import { readHeads, readQueues, readTakers, readUntold, type QueuedRow } from "../tasks/broker-queue.ts";
import { freeSlot } from "../tasks/taker.ts";
import { assignBatch, type BatchCandidate, type Handout } from "../workforce/assign-batch.ts";
import { rank, unmatchedReason, type UnmatchedReason } from "../workforce/rank.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { awayPart } from "./trouble.ts";

/** Tasks looked at in a round, of one queue and in all. */
const mostOfQueue = 20;
const mostInRound = 64;

type Hooks = {
  /** Called when somebody is to be woken. */
  readonly onWake: () => void;
  /** Called when something was just being changed, by somebody who may end without any news: look again soon. */
  readonly onHeld: () => void;
};

export const assignTasks = (parts: DutyParts, { onWake, onHeld }: Hooks): Duty => ({
  name: "assign tasks",
  async round() {
    const { desk, log } = parts;
    const now = desk.clock.now().getTime();
    const queues = await readQueues(desk.db);
    if (queues.length === 0) return { more: false };
    const candidates = await readTakers(desk.db, queues, { now: new Date(now).toISOString(), rules: desk.policy });
    const { served, asleep, hopeless } = sorted(queues, candidates, now);
    // Whoever waits for a sleeper stays in front, and must not hide those behind.
    const waiting = candidates.filter(({ waking }) => waking).length;
    const [heads, dreams, untold] = await Promise.all([
      readHeads(desk.db, served, mostOfQueue + waiting, mostInRound + waiting),
      readHeads(desk.db, asleep, mostOfQueue + waiting, mostInRound + waiting),
      readUntold(desk.db, hopeless, mostOfQueue, mostInRound),
    ]);
    const rows = new Map([...heads, ...dreams, ...untold].map((row) => [row.id, row]));
    const handouts = assignBatch([...rows.values()].map(asQueued), candidates, { now });
    const taken = new Map(candidates.map(({ slug, kind, slots }) => [slug, { kind, slots: [...slots] }]));
    const outcomes = await Promise.all(handouts.map((handout) => carryOut(parts, handout, rows, taken)));
    const count = (outcome: Outcome) => outcomes.filter((one) => one === outcome).length;
    const [assigned, woken, told] = [count("assigned"), count("woken"), count("told")];
    if (woken > 0) onWake();
    if (count("held") > 0) onHeld();
    if (assigned + woken + told > 0)
      log.info(
        { assigned, woken, unmatched: told, lost: count("lost"), queues: queues.length },
        "worker.tasks_assigned",
      );
    // What another broker has written is news of its own.
    return { more: assigned + told > 0 };
  },
});

const asQueued = ({ id, priority, created_at, required_capabilities }: QueuedRow) => ({
  id,
  priority,
  createdAt: created_at,
  requiredCapabilities: required_capabilities,
});

/** Queues by what can be done for them; it is the same for each task of one. */
type Sorted = {
  /** Somebody who is awake can take their tasks. */
  readonly served: string[];
  /** Nobody but sleepers can, and one of those has not been woken yet. */
  readonly asleep: string[];
  /** Nobody can, for this reason. */
  readonly hopeless: { readonly requirement: string; readonly reason: UnmatchedReason }[];
};

function sorted(queues: readonly string[], candidates: readonly BatchCandidate[], now: number): Sorted {
  const bySlug = new Map(candidates.map((one) => [one.slug, one]));
  const found: Sorted = { served: [], asleep: [], hopeless: [] };
  for (const requirement of queues) {
    const ranked = rank({ requiredCapabilities: requirement.split(","), priority: 3 }, candidates, { now });
    const reason = unmatchedReason(ranked);
    const able = ranked.flatMap(({ eligible, worker }) => (eligible ? (bySlug.get(worker) ?? []) : []));
    if (reason !== null) found.hopeless.push({ requirement, reason });
    else if (able.some(({ presence }) => presence !== "sleeping")) found.served.push(requirement);
    else if (able.some(({ waking }) => !waking)) found.asleep.push(requirement);
  }
  return found;
}

/** Lost to somebody who has written; held by somebody who may yet. */
type Outcome = "assigned" | "woken" | "told" | "lost" | "held" | "waiting";

/** @throws what tells that a part of the desk is away, and defects */
async function carryOut(
  { run, log }: DutyParts,
  handout: Handout<TaskId>,
  rows: ReadonlyMap<TaskId, QueuedRow>,
  taken: ReadonlyMap<string, { readonly kind: BatchCandidate["kind"]; readonly slots: number[] }>,
): Promise<Outcome> {
  const { taskId } = handout;
  const ranking = JSON.stringify(handout.ranking);
  try {
    if (handout.outcome === "assign") {
      const { kind, slots } = taken.get(handout.worker) ?? { kind: "agent", slots: [] };
      const slot = freeSlot(slots);
      slots.push(slot);
      await run("task.assign", { ids: { taskId }, input: { assignee: handout.worker, kind, slot, ranking } });
      return "assigned";
    }
    if (handout.outcome === "wake") {
      await run("worker.wake", { ids: { slug: handout.worker }, input: {} });
      return "woken";
    }
    if (handout.outcome === "wait" || rows.get(taskId)?.unmatched_reason === handout.reason) return "waiting";
    await run("task.unmatched", { ids: { taskId }, input: { reason: handout.reason, ranking } });
    return "told";
  } catch (error) {
    if (!(error instanceof Refusal) || awayPart(error) !== null) throw error;
    log.debug({ task_id: taskId, error_code: error.code }, "worker.task_lost");
    return error.code === "IDEMPOTENCY_IN_FLIGHT" ? "held" : "lost";
  }
}
