// An AI agent on the roster: its row, the statements that lock, insert and update it, and the body clients see. Only the pipeline writes
// it, but for when it was last heard of.

import type { Activity, Presence, WorkerBody } from "../contract/task-responses.ts";
import { insertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import { statement } from "../db/statement.ts";
import { updateRows } from "../db/update-rows.ts";
import type { Aggregate, KnownHead } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";
import { presenceOfAgent } from "../workforce/presence.ts";

export type AgentFields = {
  readonly agent_type: string | null;
  readonly display_name: string | null;
  readonly capabilities: readonly string[];
  readonly policy: "always_on" | "on_demand";
  readonly max_concurrent: number;
};

export type AgentRow = AgentFields & {
  readonly slug: string;
  /** Whether a process of it is there. */
  readonly running: boolean;
  /** Which process that is, where it says so. */
  readonly run_id: string | null;
  readonly activity: Activity;
  readonly drained_at: string | null;
  readonly drain_reason: string | null;
  readonly waking_since: string | null;
  readonly wake_failed_at: string | null;
  readonly token_hash: string | null;
  readonly token_made_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly audit_seq: number;
  readonly audit_hash: string;
  readonly audit_at: string;
  /** When it was last heard of. */
  readonly heartbeat_at: string | null;
  /** How many tasks it has that take a place. */
  readonly active_tasks: number;
};

export type AgentChange = Partial<
  AgentFields &
    Pick<
      AgentRow,
      | "running"
      | "run_id"
      | "activity"
      | "drained_at"
      | "drain_reason"
      | "waking_since"
      | "wake_failed_at"
      | "token_hash"
      | "token_made_at"
    >
>;

const changing = {
  agent_type: "text",
  display_name: "text",
  capabilities: "text[]",
  policy: "text",
  max_concurrent: "integer",
  running: "boolean",
  run_id: "uuid",
  activity: "text",
  drained_at: "timestamptz",
  drain_reason: "text",
  waking_since: "timestamptz",
  wake_failed_at: "timestamptz",
  token_hash: "text",
  token_made_at: "timestamptz",
  version: "integer",
  updated_at: "timestamptz",
} as const;
const headColumns = { audit_seq: "integer", audit_hash: "text", audit_at: "timestamptz" } as const;

const columnNames = [
  "slug",
  "agent_type",
  "display_name",
  "capabilities",
  "policy",
  "max_concurrent",
  "running",
  "run_id",
  "activity",
  "drained_at",
  "drain_reason",
  "waking_since",
  "wake_failed_at",
  "token_hash",
  "token_made_at",
  "version",
  "created_at",
  "updated_at",
  "audit_seq",
  "audit_hash",
  "audit_at",
] as const satisfies readonly (keyof AgentRow)[];

/** With how many of its tasks take a place. */
export const agentColumns = `${columnNames.join(", ")}, heartbeat_at,
  (SELECT count(*) FROM tasks WHERE assignee = slug AND status IN ('assigned', 'in_progress'))::integer AS active_tasks`;

export const selectAgent = statement<AgentRow>("agent_select", `SELECT ${agentColumns} FROM agents WHERE slug = $1`);
const selectAgents = statement<AgentRow>("agents_select", `SELECT ${agentColumns} FROM agents WHERE slug = ANY ($1)`);
export const lockAgent = statement<AgentRow>(
  "agent_lock",
  `SELECT ${agentColumns} FROM agents WHERE slug = $1 FOR NO KEY UPDATE`,
);
const lockFreeAgents = selectRows<AgentRow>(
  "agent_lock_free",
  (slugs) => `SELECT ${agentColumns} FROM agents WHERE slug IN (${slugs}) FOR NO KEY UPDATE SKIP LOCKED`,
);
const selectHeads = statement<KnownHead>(
  "agent_heads",
  `SELECT slug AS id, audit_seq AS seq, audit_hash AS hash, NULL AS state FROM agents WHERE slug > coalesce($1, '')
   ORDER BY slug LIMIT $2`,
);

const insertStored = insertRows<AgentRow>("agent_insert", "agents", columnNames);
const updateStored = updateRows<AgentRow>("agent_update", "agents", {
  key: ["slug", "text"],
  set: { ...changing, ...headColumns },
});
const advanceHeads = updateRows<AgentRow>("agent_advance_audit", "agents", { key: ["slug", "text"], set: headColumns });

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof AgentRow)[]>> = {
  1: [
    "slug",
    "agent_type",
    "display_name",
    "capabilities",
    "policy",
    "max_concurrent",
    "running",
    "run_id",
    "activity",
    "drained_at",
    "drain_reason",
    "waking_since",
    "wake_failed_at",
    "token_hash",
    "token_made_at",
    "version",
    "created_at",
    "updated_at",
  ],
};

export const agentAggregate: Aggregate<AgentRow, AgentChange, AgentFields, WorkerBody> = {
  name: "worker",
  idIn: "slug",
  edges: new Map(),
  lock: lockAgent,
  lockFree: lockFreeAgents,
  select: selectAgent,
  selectMany: selectAgents,
  covers: { version: 1, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  // The second: somebody came onto the roster as a technician with this slug.
  races: ["agents_pkey", "worker_slugs_pkey"],
  // Whoever has hours and visits is drained with them in mind.
  notFound: (slug) =>
    new Refusal(
      "WORKER_NOT_FOUND",
      { worker: slug },
      {
        message:
          `No AI agent is called ${slug}. Of a technician this is said by their tech_id, with roster.drain, roster.undrain and ` +
          "roster.sign_off; worker.list shows who is which.",
      },
    ),
  idOf: ({ slug }) => slug,
  stateOf: () => null,
  placeOf: () => null,
  partiesOf: ({ slug }) => [slug],
  headOf: ({ audit_seq, audit_hash, audit_at }) => ({ seq: audit_seq, hash: audit_hash, at: audit_at }),
  versionOf: ({ version }) => version,
  guard: () => undefined,
  created: (_desk, { id, fields, at }) => ({
    ...fields,
    slug: id,
    running: false,
    run_id: null,
    activity: "idle",
    drained_at: null,
    drain_reason: null,
    waking_since: null,
    wake_failed_at: null,
    token_hash: null,
    token_made_at: null,
    version: 0,
    created_at: at,
    updated_at: at,
    audit_seq: 0,
    audit_hash: "",
    audit_at: at,
    heartbeat_at: null,
    active_tasks: 0,
  }),
  changed: (_desk, row, change, _path, at) => ({ ...row, ...change, version: row.version + 1, updated_at: at }),
  withHead: (row, { seq, hash, at }) => ({ ...row, audit_seq: seq, audit_hash: hash, audit_at: at }),
  insert: insertStored,
  update: updateStored,
  advanceHead: advanceHeads,
  body: (row) => agentBody(row, Date.parse(row.audit_at)),
  subject: (slug, event) => `swarm.agent.${slug}.${event}`,
};

/**
 * What it is doing, as the broker sees it. Of one that no process is there of, who may sleep sleeps.
 * @param now ms since 1970
 */
export function presenceOf(
  row: Pick<AgentRow, "running" | "activity" | "policy" | "heartbeat_at" | "updated_at">,
  now: number,
): Presence {
  if (!row.running) return row.policy === "on_demand" ? "sleeping" : "stopped";
  const { activity, heartbeat_at, updated_at } = row;
  return presenceOfAgent({ activity, stopped: false, heartbeatAt: heartbeat_at ?? updated_at }, now);
}

export function agentBody(row: AgentRow, now: number): WorkerBody {
  return {
    name: row.display_name ?? row.slug,
    slug: row.slug,
    kind: "agent",
    agent_type: row.agent_type,
    display_name: row.display_name,
    status: presenceOf(row, now),
    activity: row.running ? row.activity : null,
    policy: row.policy,
    capabilities: [...row.capabilities],
    max_concurrent: row.max_concurrent,
    active_tasks: row.active_tasks,
    active_tickets: 0,
    drained: row.drained_at !== null,
    drain_reason: row.drain_reason,
    last_heartbeat_at: row.heartbeat_at,
  };
}
