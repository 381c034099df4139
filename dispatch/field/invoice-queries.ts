// invoice.list and invoice.get: what was billed and credited, within the caller's scope.

import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { queryDay } from "./query-day.ts";
import { documentBody, requireDocument, selectPage } from "./invoice-rows.ts";

const normalPage = 50;

export const invoiceList = deskQuery("invoice.list", async ({ desk, actor, input, now }) => {
  const { account_id = null, ticket_id = null, number = null, kind = null, status = null } = input;
  const { issued_from = null, issued_to = null, limit = normalPage, cursor } = input;
  if (issued_from !== null) queryDay("issued_from", issued_from);
  if (issued_to !== null) queryDay("issued_to", issued_to);
  const [time = null, id = null] = cursor ? positionFrom(cursor, ["time", "id"]) : [];
  const found = await desk.db.rows(selectPage, [
    now.slice(0, 10),
    account_id,
    ticket_id,
    number?.toUpperCase() ?? null,
    kind,
    status,
    issued_from,
    issued_to,
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
    time,
    id,
    limit + 1,
  ]);
  const invoices = found.slice(0, limit);
  const last = invoices.at(-1);
  return { invoices, ...(found.length > limit && last && { next_cursor: cursorOf([last.issued_at, last.id]) }) };
});

export const invoiceGet = deskQuery("invoice.get", async ({ desk, actor, ids: { invoiceId }, now }) => ({
  invoice: documentBody(await requireDocument(desk, { actor, id: invoiceId, now })),
}));
