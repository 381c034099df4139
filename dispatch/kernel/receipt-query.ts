// receipt.get: reads a receipt back, so that "it was done" can be checked by whoever was told so.

import { statement } from "../db/statement.ts";
import type { Aggregate } from "./aggregate.ts";
import { deskQuery } from "./answer-query.ts";
import { receiptOf, type ReceiptRow } from "./audit.ts";
import { requireScope } from "./authorize.ts";
import { Refusal } from "./refusal.ts";

const selectReceipt = statement<ReceiptRow>(
  "receipt_select",
  `SELECT id, aggregate, aggregate_id, tool_name, before_state, after_state, created_at, hash
   FROM audit_events WHERE id = $1`,
);

/** The query over these aggregates; whose a receipt is, the row it is about says. */
export const receiptQuery = (aggregates: readonly Aggregate[]) =>
  deskQuery("receipt.get", async ({ desk, actor, ids: { receiptId } }) => {
    const event = await desk.db.row(selectReceipt, [receiptId]);
    const aggregate = aggregates.find(({ name }) => name === event?.aggregate);
    if (!event || !aggregate) throw new Refusal("RECEIPT_NOT_FOUND", { receipt_id: receiptId });
    const row = await desk.db.row(aggregate.select, [event.aggregate_id]);
    const place = row && aggregate.placeOf(row);
    if (place) requireScope(actor, place);
    return receiptOf(event);
  });
