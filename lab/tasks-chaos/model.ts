// What a desk of tasks may have done, as a model: the audit trail of all tasks and agents, in the order of its commits, is walked step by
// step beside what the agents' commands recorded of themselves, and whatever no correct desk can have done is named.

import { creation } from "../../dispatch/contract/states.ts";
import { endedStates, taskEdges, type TaskState } from "../../dispatch/contract/task-states.ts";
import type { Absence } from "./agent-process.ts";
import type { Effect } from "./effects.ts";
import { judgeEffects, type Attempt } from "./judge-effects.ts";

/** One audit event, in the order of commits. Those of one transaction follow each other. */
export type TrailEvent = {
  readonly aggregate: "task" | "worker";
  /** Of the task, or the agent's slug. */
  readonly id: string;
  readonly seq: number;
  /** Equal for what was committed together. */
  readonly commit: string;
  /** ISO 8601, by the clock of whoever wrote it. */
  readonly at: string;
  readonly tool: string;
  readonly actor: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Whom an assignment names. */
  readonly assignee: string | null;
  /** Which process of an agent has started. */
  readonly run: string | null;
  /** The assignment whose result a completion tells. */
  readonly resultOf: string | null;
};

export type TaskAtEnd = { readonly id: string; readonly status: string; readonly timeout_ms: number };

/** All that is known of a run when it is over. */
export type Evidence = {
  readonly trail: readonly TrailEvent[];
  /** As the tables have them. */
  readonly tasks: readonly TaskAtEnd[];
  readonly effects: readonly Effect[];
  /** By agent. */
  readonly capacity: ReadonlyMap<string, number>;
  /** Ids of tasks whose creation was answered, and of those whose completion was. */
  readonly acknowledged: { readonly created: ReadonlySet<string>; readonly completed: ReadonlySet<string> };
  readonly absences: readonly Absence[];
};

export type Verdict = {
  readonly violations: readonly string[];
  /** How many tasks ended how. */
  readonly ends: Readonly<Record<string, number>>;
  readonly assignments: number;
  /** How many were taken back, by the command that did it. */
  readonly takenBack: Readonly<Record<string, number>>;
  /** The most that any agent had at once. */
  readonly busiest: number;
  /** Tasks whose work was done by more than one attempt: each but the last was taken back. */
  readonly doneAgain: number;
  /** Attempts that still ran when the next one began, since their agent had not heard yet that it was taken back. */
  readonly overlaps: number;
};

type Story = {
  state: string;
  seq: number;
  holder: string | null;
  ends: number;
  attempt: Attempt | null;
  clock: number;
};

/** How much later than it should a task may be taken back: a killed database and busy processors count. */
const lateMs = 60_000;

const ended: ReadonlySet<string> = new Set(endedStates);
const byAssignee: ReadonlySet<string> = new Set(["task.progress", "task.complete", "task.fail"]);
const holds = (state: string): boolean => state === "assigned" || state === "in_progress";

export function judge({ trail, tasks, effects, capacity, acknowledged, absences }: Evidence): Verdict {
  const violations: string[] = [];
  const stories = new Map<string, Story>();
  const load = new Map<string, Set<string>>();
  const runs = new Map<string, string | null>();
  const timeouts = new Map(tasks.map(({ id, timeout_ms }) => [id, timeout_ms]));
  const attempts: Attempt[] = [];
  const takenBack: Record<string, number> = {};
  let busiest = 0;
  for (const together of inCommits(trail)) {
    for (const event of together) {
      if (event.aggregate === "worker") continue;
      const story = stories.get(event.id) ?? {
        state: creation,
        seq: 0,
        holder: null,
        ends: 0,
        attempt: null,
        clock: 0,
      };
      stories.set(event.id, story);
      violations.push(...faultsOf(event, story, timeouts.get(event.id) ?? 0));
      const { holder, attempt } = story;
      advance(event, story);
      if (story.attempt !== null && story.attempt !== attempt) attempts.push(story.attempt);
      if (attempt !== null && story.attempt === null && event.after === "pending")
        takenBack[event.tool] = (takenBack[event.tool] ?? 0) + 1;
      if (holder !== null && holder !== story.holder) load.get(holder)?.delete(event.id);
      if (story.holder !== null) load.set(story.holder, (load.get(story.holder) ?? new Set<string>()).add(event.id));
    }
    for (const { aggregate, id, tool, run, commit } of together) {
      if (aggregate !== "worker" || !freesAgent(tool, run, runs.get(id))) continue;
      if (tool === "worker.started") runs.set(id, run);
      const left = load.get(id)?.size ?? 0;
      if (left > 0) violations.push(`${id} still has ${left} after ${tool} at ${commit}`);
    }
    for (const [agent, held] of load) {
      busiest = Math.max(busiest, held.size);
      if (held.size > (capacity.get(agent) ?? 0))
        violations.push(`${agent} has ${held.size} at ${together[0]?.commit}`);
    }
  }
  violations.push(...faultsAtEnd(stories, tasks, acknowledged));
  const work = judgeEffects(effects, attempts, absences);
  return {
    violations: [...violations, ...work.violations],
    ends: countBy(tasks, ({ status }) => status),
    assignments: attempts.length,
    takenBack,
    busiest,
    doneAgain: work.doneAgain,
    overlaps: work.overlaps,
  };
}

/** After which nothing may be left with an agent: another process of it has started, it has stopped, or it has fallen silent. */
const freesAgent = (tool: string, run: string | null, before: string | null | undefined): boolean =>
  tool === "worker.stopped" || tool === "worker.lost" || (tool === "worker.started" && run !== before);

function faultsAtEnd(
  stories: ReadonlyMap<string, Story>,
  tasks: readonly TaskAtEnd[],
  acknowledged: Evidence["acknowledged"],
): string[] {
  const faults: string[] = [];
  for (const { id, status } of tasks) {
    const story = stories.get(id);
    if (story?.state !== status) faults.push(`${id} is ${status}, and its trail says ${story?.state ?? "nothing"}`);
    if (!ended.has(status)) faults.push(`${id} has not ended: ${status}`);
    else if (story?.ends !== 1) faults.push(`${id} ended ${story?.ends ?? 0} times`);
    if (!acknowledged.created.has(id)) faults.push(`${id} was made, and nobody asked for it`);
  }
  const known = new Set(tasks.map(({ id }) => id));
  for (const id of acknowledged.created) if (!known.has(id)) faults.push(`${id} was acknowledged and is lost`);
  for (const id of acknowledged.completed)
    if (stories.get(id)?.state !== "completed") faults.push(`${id} was acknowledged as completed and is not`);
  return faults;
}

const countBy = <T>(things: readonly T[], of: (thing: T) => string): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(things, of)].map(([key, all]) => [key, all.length]));

function* inCommits(trail: readonly TrailEvent[]): Generator<TrailEvent[]> {
  let together: TrailEvent[] = [];
  for (const event of trail) {
    if (together.length > 0 && together[0]?.commit !== event.commit) {
      yield together;
      together = [];
    }
    together.push(event);
  }
  if (together.length > 0) yield together;
}

function faultsOf(event: TrailEvent, story: Story, timeoutMs: number): string[] {
  const { id, seq, tool, actor, before, after, assignee, at } = event;
  const where = `${id} #${seq} (${tool})`;
  const faults: string[] = [];
  if (seq !== story.seq + 1) faults.push(`${where} follows #${story.seq}`);
  if ((before ?? creation) !== story.state) faults.push(`${where} begins at ${before}, and it was ${story.state}`);
  if (ended.has(story.state)) faults.push(`${where} after it had ended: ${story.state}`);
  if (after !== null && after !== before && !isReachable(story.state, after))
    faults.push(`${where} goes from ${story.state} to ${after}`);
  if (after === "assigned" && before !== "assigned" && story.holder !== null)
    faults.push(`${where} gives it to ${assignee} while ${story.holder} has it`);
  if (byAssignee.has(tool) && actor !== story.holder) faults.push(`${where} by ${actor}, and ${story.holder} has it`);
  const heldMs = Date.parse(at) - story.clock;
  if (story.holder !== null && heldMs > timeoutMs + lateMs)
    faults.push(`${where} after ${story.holder} had it for ${heldMs} ms of ${timeoutMs}`);
  return faults;
}

/** Whether one command may lead there: a first word that is also the last passes through in_progress. */
function isReachable(from: string, to: string): boolean {
  const next = (state: string): readonly string[] => taskEdges.get(state) ?? [];
  return next(from).includes(to) || (from === "assigned" && next("in_progress").includes(to));
}

function advance({ id, before, after, at, seq, tool, assignee, resultOf }: TrailEvent, story: Story): void {
  story.seq = seq;
  if (after === null) return;
  if (after === "assigned" && before !== "assigned") {
    story.holder = assignee;
    story.attempt = { task: id, agent: assignee ?? "", at, over: null, by: null, resultOf: null };
  } else if (!holds(after as TaskState)) {
    if (story.attempt) Object.assign(story.attempt, { over: at, by: tool, resultOf });
    story.attempt = null;
    story.holder = null;
  }
  if (holds(after) && after !== before) story.clock = Date.parse(at);
  if (ended.has(after) && !ended.has(story.state)) story.ends++;
  story.state = after;
}
