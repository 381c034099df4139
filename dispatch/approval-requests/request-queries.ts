// What is read of approval requests: those that wait, or were answered, within the caller's reach; and one of them.

import { longestRequestPage } from "../contract/approval-request-commands.ts";
import type { QueryBodyOf, QueryIdsOf, QueryInputOf } from "../contract/index.ts";
import { statement } from "../db/statement.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import { deskQuery, type RowQuery } from "../kernel/answer-query.ts";
import { requestAggregate, requestBody, requestColumns, type RequestRow } from "./request-row.ts";

// What is about the office as a whole is read by those who reach all of it.
const within = "($2::uuid[] IS NULL OR account_id = ANY ($2)) AND ($3::uuid[] IS NULL OR site_id = ANY ($3))";
// What waits goes away as it is answered, so the oldest come first; of what is over there is ever more, and the newest is looked for.
const selectListed = statement<RequestRow>(
  "approval_requests_listed",
  `SELECT ${requestColumns} FROM approval_requests WHERE status = $1 AND ${within} ORDER BY created_at, id LIMIT $4`,
);
const selectOver = statement<RequestRow>(
  "approval_requests_over",
  `SELECT ${requestColumns} FROM approval_requests WHERE status = $1 AND ${within} ORDER BY created_at DESC, id DESC LIMIT $4`,
);

export const requestList = deskQuery("approval_request.list", async ({ desk, actor, input }) => {
  const { status = "pending", limit = longestRequestPage } = input;
  const select = status === "pending" ? selectListed : selectOver;
  return { approval_requests: (await desk.db.rows(select, [status, ...reachOf(actor), limit])).map(requestBody) };
});

const reachOf = ({ accounts, sites }: Actor) => [reachParameter(accounts), reachParameter(sites)] as const;

type Get = "approval_request.get";

export const requestGet: RowQuery<QueryInputOf<Get>, QueryIdsOf<Get>, RequestRow, QueryBodyOf<Get>> = {
  name: "approval_request.get",
  on: "row",
  aggregate: requestAggregate,
  read: async ({ row, actor }) => {
    if (row.account_id === null && (actor.accounts !== "*" || actor.sites !== "*"))
      throw requestAggregate.notFound(row.id);
    return requestBody(row);
  },
};
