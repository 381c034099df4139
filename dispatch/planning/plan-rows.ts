// Plans as rows, the statements that claim, tell and settle them, and the body clients see.

import { statement } from "../db/statement.ts";
import type { AccountId, PlanId, SiteId, TechnicianId } from "../contract/ids.ts";
import type { PlanBody, PlanStatus, PlanSummary } from "../contract/plan-responses.ts";
import { reaches, type Actor } from "../kernel/actor.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { PlanStory } from "./describe-plan.ts";
import type { PlanFacts } from "./plan-facts.ts";

/** What a search found, as it is kept. */
export type FoundPlan = PlanStory & Pick<PlanBody, "schedule_version" | "search">;

export type PlanRow = {
  readonly id: PlanId;
  readonly status: Exclude<PlanStatus, "EXPIRED">;
  readonly day: string;
  readonly time_zone: string;
  readonly zone: string | null;
  readonly tech_ids: TechnicianId[] | null;
  readonly move_within_minutes: number;
  readonly nightly: boolean;
  readonly requested_by: string;
  readonly progress: number;
  readonly created_at: string;
  readonly running_until: string;
  readonly expires_at: string | null;
  readonly found: FoundPlan | null;
  readonly facts: PlanFacts | null;
  readonly account_ids: readonly AccountId[];
  readonly site_ids: readonly SiteId[];
};

const columns = `id, status, to_char(day, 'YYYY-MM-DD') AS day, time_zone, zone, tech_ids, move_within_minutes, nightly, requested_by,
       progress, created_at, running_until, expires_at, found, facts, account_ids, site_ids`;

// A search that died, or failed, is taken up anew under the same claim; one that runs or has ended is not.
export const claimPlan = statement<PlanRow>(
  "plan_claim",
  `INSERT INTO plans (id, status, day, time_zone, zone, tech_ids, move_within_minutes, nightly, requested_by, claim, created_at,
                      running_until)
   VALUES ($1, 'RUNNING', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   ON CONFLICT (claim) DO UPDATE
   SET status = 'RUNNING', progress = 0, cancel_requested = false, created_at = excluded.created_at, running_until = excluded.running_until
   WHERE plans.status = 'FAILED' OR (plans.status = 'RUNNING' AND plans.running_until < excluded.created_at)
   RETURNING ${columns}`,
);

export const failPlan = statement(
  "plan_fail",
  `UPDATE plans SET status = 'FAILED' WHERE id = $1 AND status = 'RUNNING'`,
);

// Told and asked at once: how far the search is, and whether somebody wants it to end.
export const tellProgress = statement<{ cancel_requested: boolean }>(
  "plan_progress",
  `WITH told AS (
     INSERT INTO outbox (subject, event, payload, created_at) VALUES ($3, 'plan_progress', $4, $5)
   )
   UPDATE plans SET progress = $2 WHERE id = $1 RETURNING cancel_requested`,
);

// A nightly claim stays, so that its day is proposed once; for all others the stored answer takes over.
export const proposePlan = statement(
  "plan_propose",
  `UPDATE plans
   SET status = 'PROPOSED', progress = 1, expires_at = $2, found = $3, plan = $4, facts = $5,
       ticket_ids = $6, account_ids = $7, site_ids = $8, claim = CASE WHEN nightly THEN claim END
   WHERE id = $1 AND status = 'RUNNING'`,
);

export const selectPlan = statement<PlanRow>("plan_select", `SELECT ${columns} FROM plans WHERE id = $1`);
export const lockPlan = statement<PlanRow>("plan_lock", `SELECT ${columns} FROM plans WHERE id = $1 FOR UPDATE`);
export const requestCancel = statement("plan_request_cancel", `UPDATE plans SET cancel_requested = true WHERE id = $1`);
export const setPlanStatus = statement("plan_status", `UPDATE plans SET status = $2 WHERE id = $1`);

// $1 now; $2 status as clients see it; $3 day; $4, $5 what the caller may see.
export const selectPlans = statement<PlanRow>(
  "plans_list",
  `SELECT ${columns} FROM plans
   WHERE ($2::text IS NULL OR $2 = CASE
            WHEN status = 'RUNNING' AND running_until < $1 THEN 'FAILED'
            WHEN status = 'PROPOSED' AND expires_at <= $1 THEN 'EXPIRED'
            ELSE status END)
     AND ($3::date IS NULL OR day = $3)
     AND ($4::uuid[] IS NULL OR account_ids <@ $4)
     AND ($5::uuid[] IS NULL OR site_ids <@ $5)
   ORDER BY created_at DESC, id DESC LIMIT $6`,
);

/** What a plan is by now: time ends a proposal, and a search that has been silent too long. */
export function statusOf(
  { status, running_until, expires_at }: Pick<PlanRow, "status" | "running_until" | "expires_at">,
  now: string,
): PlanStatus {
  if (status === "RUNNING" && running_until < now) return "FAILED";
  if (status === "PROPOSED" && expires_at !== null && expires_at <= now) return "EXPIRED";
  return status;
}

const summaryOf = (row: PlanRow, now: string) => ({
  id: row.id,
  status: statusOf(row, now),
  day: row.day,
  time_zone: row.time_zone,
  zone: row.zone,
  nightly: row.nightly,
  requested_by: row.requested_by,
  created_at: row.created_at,
  expires_at: row.expires_at,
  progress: row.progress,
});

export const planSummary = (row: PlanRow, now: string): PlanSummary => ({
  ...summaryOf(row, now),
  moved: row.found?.moves.length ?? 0,
  saves_minutes:
    Math.round(10 * ((row.found?.before?.travel_minutes ?? 0) - (row.found?.after?.travel_minutes ?? 0))) / 10,
});

export const planBody = (row: PlanRow, now: string): PlanBody => ({
  ...summaryOf(row, now),
  tech_ids: row.tech_ids,
  move_within_minutes: row.move_within_minutes,
  ...(row.found ?? nothingFound),
});

const nothingFound: FoundPlan = {
  schedule_version: null,
  search: null,
  before: null,
  after: null,
  moves: [],
  unserved: [],
  stays: [],
  left_out: [],
  rules: [],
};

/**
 * The plan, when there is one and the caller may see every ticket it names.
 * @throws Refusal PLAN_NOT_FOUND, FORBIDDEN_SCOPE
 */
export function requirePlan(row: PlanRow | null, planId: PlanId | null, actor: Actor): PlanRow {
  if (!row) throw new Refusal("PLAN_NOT_FOUND", { plan_id: planId });
  const account = row.account_ids.find((id) => !reaches(actor.accounts, id));
  if (account !== undefined) throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "account_id", target_id: account });
  const site = row.site_ids.find((id) => !reaches(actor.sites, id));
  if (site !== undefined) throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "site_id", target_id: site });
  return row;
}

/** @throws Refusal PLAN_NOT_OPEN unless the plan is a proposal that still holds */
export function requireOpen(row: PlanRow, now: string): void {
  const status = statusOf(row, now);
  if (status !== "PROPOSED") throw notOpen(row, status);
}

export const notOpen = (row: PlanRow, status: PlanStatus): Refusal =>
  new Refusal("PLAN_NOT_OPEN", { plan_id: row.id, plan_status: status, expires_at: row.expires_at });
