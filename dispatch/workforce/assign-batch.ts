/**
 * Hands several tasks out at once: each is ranked with what those before it in the queue have made of the workers' loads. Pure;
 * who is woken and what is written, says the caller.
 */
import { compareText } from "./compare-text.ts";
import {
  furthestStep,
  prepareCandidate,
  prepareRequest,
  reasonOf,
  standingsOf,
  type Candidate,
  type Prepared,
  type RankConfig,
  type WorkRequest,
  type Standing,
  type UnmatchedReason,
} from "./rank.ts";
import { recordRanking, type RankingRecord } from "./ranking-record.ts";

export type QueuedTask<I extends string = string> = WorkRequest & {
  readonly id: I;
  /** ISO 8601 */
  readonly createdAt: string;
};

export type BatchCandidate = Candidate & {
  /** It was asked to wake, and neither is awake nor has taken too long. */
  readonly waking?: boolean;
};

export type Handout<I extends string = string> = {
  readonly taskId: I;
  /** Everybody, the best first, as they stood when this task's turn came. */
  readonly ranking: RankingRecord;
} & (
  | { readonly outcome: "assign"; readonly worker: string }
  /** Wake this one, and leave the task pending. */
  | { readonly outcome: "wake"; readonly worker: string }
  /** This one is being woken: leave the task pending. */
  | { readonly outcome: "wait"; readonly worker: string }
  | { readonly outcome: "unmatched"; readonly reason: UnmatchedReason }
);

/** The order in which tasks are handed out. */
export const compareQueued = (a: QueuedTask, b: QueuedTask): number =>
  a.priority - b.priority || Date.parse(a.createdAt) - Date.parse(b.createdAt) || compareText(a.id, b.id);

/**
 * A task goes to the best of those awake, unless a sleeper ranks before them. Then that one is woken and the task stays, so that
 * whoever is awake first gets it. One task waits for one wake: the tasks behind it go on to others, and wait for a worker that
 * is woken for another only where there is nobody else at all. Only loads count up: presence is what a worker last said.
 */
export function assignBatch<I extends string>(
  tasks: readonly QueuedTask<I>[],
  candidates: readonly BatchCandidate[],
  config: RankConfig,
): Handout<I>[] {
  const bySlug = new Map(candidates.map((one) => [one.slug, prepareCandidate(one, config)]));
  const wakes: Wakes = {
    under: new Set(candidates.flatMap(({ slug, waking }) => (waking ? [slug] : []))),
    awaited: new Set(),
  };
  return tasks.toSorted(compareQueued).map((task): Handout<I> => {
    const wanted = prepareRequest(task);
    const standings = standingsOf(wanted, [...bySlug.values()]);
    const decision = decide(standings, wakes);
    if (decision.outcome === "assign") loadOneMore(bySlug, decision.worker, config);
    return { taskId: task.id, ranking: recordRanking(wanted, standings), ...decision };
  });
}

/** Who is being woken, and for whose wake a task of this batch waits. */
type Wakes = { readonly under: Set<string>; readonly awaited: Set<string> };

type Decision =
  | { readonly outcome: "assign" | "wake" | "wait"; readonly worker: string }
  | { readonly outcome: "unmatched"; readonly reason: UnmatchedReason };

function decide(standings: readonly Standing[], { under, awaited }: Wakes): Decision {
  const eligible = standings.filter((one) => reasonOf(one) === null);
  const chosen = eligible.find(({ slug, presence }) => presence !== "sleeping" || !awaited.has(slug)) ?? eligible[0];
  if (!chosen) return { outcome: "unmatched", reason: furthestStep(standings.flatMap((one) => reasonOf(one) ?? [])) };
  const { slug: worker, presence } = chosen;
  if (presence !== "sleeping") return { outcome: "assign", worker };
  awaited.add(worker);
  if (under.has(worker)) return { outcome: "wait", worker };
  under.add(worker);
  return { outcome: "wake", worker };
}

function loadOneMore(bySlug: Map<string, Prepared>, slug: string, { now }: RankConfig): void {
  const one = bySlug.get(slug);
  if (one) {
    const candidate = { ...one.candidate, load: one.candidate.load + 1 };
    bySlug.set(slug, { ...one, candidate, lastAssigned: now });
  }
}
