// receipt.get: reads a receipt back, so that "it was done" can be checked by whoever was told so.

import { statement } from "../db/statement.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import { receiptOf, type AuditEvent } from "../kernel/audit.ts";
import { requireScope } from "../kernel/authorize.ts";
import { Refusal } from "../kernel/refusal.ts";

type Row = AuditEvent & { account_id: string | null; site_id: string | null };

const selectReceipt = statement<Row>(
  "receipt_select",
  `SELECT e.id, e.ticket_id, e.tool_name, e.before_state, e.after_state, e.created_at, e.hash, t.account_id, t.site_id
   FROM audit_events e LEFT JOIN tickets t ON t.id = e.ticket_id WHERE e.id = $1`,
);

export const receiptGet = deskQuery("receipt.get", async ({ desk, actor, receiptId }) => {
  const event = await desk.db.row(selectReceipt, [receiptId]);
  if (!event) throw new Refusal("RECEIPT_NOT_FOUND", { receipt_id: receiptId });
  const { account_id, site_id } = event;
  if (account_id !== null && site_id !== null) requireScope(actor, { account_id, site_id });
  return receiptOf(event);
});
