// What a desk of tasks may have done, as a model: the audit trail of all tasks, in the order in which it was committed, is walked step by
// step, and whatever no correct desk can have done is named.

import { creation } from "../../dispatch/contract/states.ts";
import { endedStates, taskEdges, type TaskState } from "../../dispatch/contract/task-states.ts";

/** One audit event of a task, in the order of commits. Those of one transaction follow each other. */
export type TrailEvent = {
  readonly task: string;
  readonly seq: number;
  /** Equal for what was committed together. */
  readonly commit: string;
  readonly tool: string;
  readonly actor: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Whom an assignment names. */
  readonly assignee: string | null;
};

export type TaskAtEnd = { readonly id: string; readonly status: string };

export type Verdict = {
  readonly violations: readonly string[];
  /** How many tasks ended how. */
  readonly ends: Readonly<Record<string, number>>;
  readonly assignments: number;
  /** The most that any agent had at once. */
  readonly busiest: number;
};

type Story = { state: string; seq: number; holder: string | null; ends: number };

const ended: ReadonlySet<string> = new Set(endedStates);
const byAssignee: ReadonlySet<string> = new Set(["task.progress", "task.complete", "task.fail"]);
const holds = (state: string): boolean => state === "assigned" || state === "in_progress";

/**
 * @param tasks as the tables have them
 * @param capacity by agent
 * @param acknowledged ids of tasks whose creation was answered, and of those whose completion was
 */
export function judge(
  trail: readonly TrailEvent[],
  tasks: readonly TaskAtEnd[],
  capacity: ReadonlyMap<string, number>,
  acknowledged: { readonly created: ReadonlySet<string>; readonly completed: ReadonlySet<string> },
): Verdict {
  const violations: string[] = [];
  const stories = new Map<string, Story>();
  const load = new Map<string, Set<string>>();
  let assignments = 0;
  let busiest = 0;
  for (const together of inCommits(trail)) {
    for (const event of together) {
      const story = stories.get(event.task) ?? { state: creation, seq: 0, holder: null, ends: 0 };
      stories.set(event.task, story);
      violations.push(...faultsOf(event, story));
      const before = story.holder;
      advance(event, story);
      if (event.after === "assigned" && event.before !== "assigned") assignments++;
      if (before !== null && before !== story.holder) load.get(before)?.delete(event.task);
      if (story.holder !== null) load.set(story.holder, (load.get(story.holder) ?? new Set<string>()).add(event.task));
    }
    for (const [agent, held] of load) {
      busiest = Math.max(busiest, held.size);
      if (held.size > (capacity.get(agent) ?? 0))
        violations.push(`${agent} has ${held.size} at ${together[0]?.commit}`);
    }
  }
  for (const { id, status } of tasks) {
    const story = stories.get(id);
    if (story?.state !== status) violations.push(`${id} is ${status}, and its trail says ${story?.state ?? "nothing"}`);
    if (!ended.has(status)) violations.push(`${id} has not ended: ${status}`);
    else if (story?.ends !== 1) violations.push(`${id} ended ${story?.ends ?? 0} times`);
  }
  const known = new Set(tasks.map(({ id }) => id));
  for (const id of acknowledged.created) if (!known.has(id)) violations.push(`${id} was acknowledged and is lost`);
  for (const id of acknowledged.completed)
    if (stories.get(id)?.state !== "completed") violations.push(`${id} was acknowledged as completed and is not`);
  const ends = Object.fromEntries(
    [...Map.groupBy(tasks, ({ status }) => status)].map(([status, all]) => [status, all.length]),
  );
  return { violations, ends, assignments, busiest };
}

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

function faultsOf({ task, seq, tool, actor, before, after, assignee }: TrailEvent, story: Story): string[] {
  const where = `${task} #${seq} (${tool})`;
  const faults: string[] = [];
  if (seq !== story.seq + 1) faults.push(`${where} follows #${story.seq}`);
  if ((before ?? creation) !== story.state) faults.push(`${where} begins at ${before}, and it was ${story.state}`);
  if (ended.has(story.state)) faults.push(`${where} after it had ended: ${story.state}`);
  if (after !== null && after !== before && !isReachable(story.state, after))
    faults.push(`${where} goes from ${story.state} to ${after}`);
  if (after === "assigned" && before !== "assigned" && story.holder !== null)
    faults.push(`${where} gives it to ${assignee} while ${story.holder} has it`);
  if (byAssignee.has(tool) && actor !== story.holder) faults.push(`${where} by ${actor}, and ${story.holder} has it`);
  return faults;
}

/** Whether one command may lead there: a first word that is also the last passes through in_progress. */
function isReachable(from: string, to: string): boolean {
  const next = (state: string): readonly string[] => taskEdges.get(state) ?? [];
  return next(from).includes(to) || (from === "assigned" && next("in_progress").includes(to));
}

function advance({ before, after, seq, assignee }: TrailEvent, story: Story): void {
  story.seq = seq;
  if (after === null) return;
  if (after === "assigned" && before !== "assigned") story.holder = assignee;
  else if (!holds(after as TaskState)) story.holder = null;
  if (ended.has(after) && !ended.has(story.state)) story.ends++;
  story.state = after;
}
