// What is read of tasks and their workers: lists, one task, its history, why the broker chose, and counts.

import type { TaskId } from "../contract/ids.ts";
import type { QueryBodyOf, QueryIdsOf, QueryInputOf, QueryName } from "../contract/index.ts";
import { longestTaskPage } from "../contract/task-commands.ts";
import { taskStateOf } from "../contract/task-states.ts";
import { statement } from "../db/statement.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery, type QueryCall, type RowQuery } from "../kernel/answer-query.ts";
import type { JsonObject } from "../kernel/json.ts";
import { ListAnswer } from "../kernel/list-answer.ts";
import { invalidFields } from "../kernel/refusal.ts";
import { compareText } from "../workforce/compare-text.ts";
import { explainRanking, type RankingRecord } from "../workforce/ranking-record.ts";
import { agentBody, agentColumns, type AgentRow } from "./agent-row.ts";
import { taskAggregate } from "./task-aggregate.ts";
import { taskBody, taskColumns, taskLine, type TaskRow } from "./task-row.ts";
import { readTechnicianBodies } from "./technician-worker.ts";

const taskQuery = <N extends QueryName>(
  name: N,
  read: (
    call: QueryCall<QueryInputOf<N>, QueryIdsOf<N>> & { readonly row: TaskRow },
  ) => Promise<QueryBodyOf<N> & object>,
): RowQuery<QueryInputOf<N>, QueryIdsOf<N>, TaskRow, QueryBodyOf<N> & object> => ({
  name,
  on: "row",
  aggregate: taskAggregate,
  read,
});

// Behind a task in the order of the queue; the page's last but one tells whether there is more.
const selectPage = statement<TaskRow>(
  "tasks_page",
  `SELECT ${taskColumns} FROM tasks
   WHERE ($1::text[] IS NULL OR status = ANY ($1)) AND ($2::text IS NULL OR requester = $2)
     AND ($3::text IS NULL OR assignee = $3) AND ($4::text IS NULL OR scope = $4) AND ($5::text IS NULL OR kind = $5)
     AND ($6::uuid IS NULL OR ticket_id = $6) AND ($7::uuid IS NULL OR parent_id = $7)
     AND ($8::uuid[] IS NULL OR account_id IS NULL OR account_id = ANY ($8))
     AND ($9::uuid[] IS NULL OR site_id IS NULL OR site_id = ANY ($9))
     AND ($10::smallint IS NULL OR (priority, created_at, id) > ($10, $11::timestamptz, $12::uuid))
   ORDER BY priority, created_at, id LIMIT $13`,
);

export const taskList = deskQuery("task.list", async ({ desk, input, actor }) => {
  const limit = input.limit ?? longestTaskPage;
  const after = input.cursor === undefined ? null : placeFrom(input.cursor);
  const rows = await desk.db.rows(selectPage, [
    input.status?.map(taskStateOf) ?? null,
    input.requester ?? null,
    input.assignee ?? null,
    input.scope?.toLowerCase() ?? null,
    input.kind ?? null,
    input.ticket_id ?? null,
    input.parent_id ?? null,
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
    after?.priority ?? null,
    after?.created_at ?? null,
    after?.id ?? null,
    limit + 1,
  ]);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return new ListAnswer(page.map(taskLine), rows.length > limit && last ? cursorOf(last) : null);
});

type Place = Pick<TaskRow, "priority" | "created_at" | "id">;

const cursorOf = ({ priority, created_at, id }: Place): string =>
  Buffer.from(`${priority} ${created_at} ${id}`).toString("base64url");

/** @throws Refusal INVALID_QUERY */
function placeFrom(cursor: string): Place {
  const [, priority, created_at, id] =
    /^([1-5]) (\d{4}-\d\d-\d\dT[\d:.]+Z) ([0-9a-f-]{36})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (priority === undefined || created_at === undefined || id === undefined)
    throw invalidFields(
      [{ path: "cursor", rule: "pattern", message: "must be the X-Next-Cursor of an answer" }],
      "INVALID_QUERY",
    );
  return { priority: Number(priority), created_at, id: id as TaskId };
}

type LastPush = NonNullable<QueryBodyOf<"task.check">["push"]>;
const selectLastPush = statement<LastPush>(
  "task_last_push",
  `SELECT pushes.id AS push_id, rooms.name AS room, pushes.status AS state, attempts, reason, acked_at
   FROM pushes JOIN rooms ON rooms.id = room_id WHERE task_id = $1 ORDER BY pushes.created_at DESC, pushes.id DESC LIMIT 1`,
);

export const taskCheck = taskQuery("task.check", async ({ desk, row }) => ({
  ...taskBody(row),
  push: await desk.db.row(selectLastPush, [row.id]),
}));

const selectHistory = statement<{
  id: string;
  created_at: string;
  tool_name: string;
  actor_id: string;
  before_state: string | null;
  after_state: string | null;
  payload: JsonObject;
}>(
  "task_history",
  `SELECT id, created_at, tool_name, actor_id, before_state, after_state, payload FROM audit_events
   WHERE aggregate = 'task' AND aggregate_id = $1 ORDER BY seq DESC LIMIT 500`,
);

export const taskEvents = taskQuery("task.events", async ({ desk, row }) =>
  (await desk.db.rows(selectHistory, [row.id]))
    .toReversed()
    .map((event) => ({
      event_id: event.id,
      at: event.created_at,
      tool: event.tool_name,
      actor: event.actor_id,
      from: event.before_state,
      to: event.after_state,
      data: { ...event.payload },
    })),
);

const selectRanking = statement<{ ranked_at: string; ranking: RankingRecord }>(
  "task_ranking",
  `SELECT ranked_at, ranking FROM task_rankings WHERE task_id = $1`,
);

export const taskExplain = taskQuery("task.explain", async ({ desk, row }) => {
  const kept = await desk.db.row(selectRanking, [row.id]);
  return {
    task_id: row.id,
    status: row.status,
    assignee: row.assignee,
    unmatched_reason: row.unmatched_reason,
    ranked_at: kept?.ranked_at ?? null,
    ranking: kept ? explainRanking(kept.ranking).map((one) => ({ ...one, factors: [...one.factors] })) : [],
  };
});

const selectAgents = statement<AgentRow>("agents_all", `SELECT ${agentColumns} FROM agents ORDER BY slug`);

export const workerList = deskQuery("worker.list", async ({ desk, now }) => {
  const [agents, technicians] = await Promise.all([
    desk.db.rows(selectAgents),
    readTechnicianBodies(desk.db, { now, rules: desk.policy }),
  ]);
  const workers = [...agents.map((row) => agentBody(row, Date.parse(now))), ...technicians];
  return workers.sort((a, b) => compareText(a.slug, b.slug));
});

const selectStats = statement<QueryBodyOf<"workforce.stats">>(
  "tasks_stats",
  `SELECT count(*) FILTER (WHERE status = 'pending')::integer AS total_pending,
          count(*) FILTER (WHERE status IN ('assigned', 'in_progress'))::integer AS total_running,
          count(*) FILTER (WHERE status = 'completed')::integer AS total_completed,
          count(*) FILTER (WHERE status IN ('failed', 'timed_out'))::integer AS total_failed,
          coalesce(avg(extract(epoch FROM completed_at - assigned_at) * 1000) FILTER (WHERE status = 'completed'), 0)::float8
            AS avg_completion_ms
   FROM tasks`,
);

export const workforceStats = deskQuery("workforce.stats", async ({ desk }) => {
  const stats = await desk.db.row(selectStats);
  if (!stats) throw new Error("counting tasks gave no row");
  return stats;
});
