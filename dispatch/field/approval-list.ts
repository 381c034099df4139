// approval.list: requests for approval, oldest first, within the caller's scope.

import { statement } from "../db/statement.ts";
import type { QueryBodyOf } from "../contract/index.ts";
import { longestApprovalPage } from "../contract/queries.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import { cursorOf, positionFrom } from "./cursor.ts";

type Row = QueryBodyOf<"approval.list">["approvals"][number];

const selectApprovals = statement<Row>(
  "approval_list",
  `SELECT a.id, a.status, a.approval_type, a.amount_delta_cents, a.reason, a.requested_at, a.ticket_id, t.number,
          t.currency, a.requested_by, a.decided_by, a.decided_at, a.notes
   FROM approvals a JOIN tickets t ON t.id = a.ticket_id
   WHERE ($1::text IS NULL OR a.status = $1) AND ($2::uuid IS NULL OR a.ticket_id = $2)
     AND ($6::timestamptz IS NULL OR (a.requested_at, a.id) > ($6::timestamptz, $7::uuid))
     AND ($3::uuid[] IS NULL OR t.account_id = ANY ($3)) AND ($4::uuid[] IS NULL OR t.site_id = ANY ($4))
   ORDER BY a.requested_at, a.id LIMIT $5`,
);

export const approvalList = deskQuery("approval.list", async ({ desk, actor, input }) => {
  const { status = null, ticket_id = null, limit = longestApprovalPage, cursor } = input;
  const scope = [reachParameter(actor.accounts), reachParameter(actor.sites)];
  const [time = null, id = null] = cursor ? positionFrom(cursor, ["time", "id"]) : [];
  const found = await desk.db.rows(selectApprovals, [status, ticket_id, ...scope, limit + 1, time, id]);
  const approvals = found.slice(0, limit);
  const last = approvals.at(-1);
  return { approvals, ...(found.length > limit && last && { next_cursor: cursorOf([last.requested_at, last.id]) }) };
});
