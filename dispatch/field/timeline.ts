// The timeline: a ticket's audit events in their true order.

import { statement } from "../db/statement.ts";
import type { QueryBodyOf } from "../contract/index.ts";
import { isObject } from "../kernel/json.ts";

const columns = `id, ticket_id, actor_type, actor_id, actor_role, tool_name, request_id, correlation_id, trace_id, before_state,
          after_state, payload, created_at, seq, hash`;

/** As many as an answer shows that is about more than the history: notes alone could make it any size. */
const shownEvents = 1_000;

/** The newest of them, oldest first, as colleagues see them. */
export const selectNewestEvents = statement<TimelineEvent>(
  "timeline_newest",
  `SELECT ${columns}
   FROM (SELECT * FROM audit_events WHERE aggregate = 'ticket' AND aggregate_id = $1 ORDER BY seq DESC LIMIT ${shownEvents}) AS newest
   ORDER BY seq`,
);

export type TimelineEvent = QueryBodyOf<"ticket.timeline">["events"][number];

/**
 * From a seq on (null: the first), so many (null: all); with notes among colleagues or, as customers see it, without.
 * created_at rises with seq: this is the order by created_at too.
 */
export const selectTimeline = statement<TimelineEvent>(
  "timeline_select",
  `SELECT ${columns}
   FROM audit_events WHERE aggregate = 'ticket' AND aggregate_id = $1 AND seq > coalesce($2, 0)
     AND ($4 OR tool_name <> 'ticket.add_note' OR payload ->> 'visibility' = 'customer')
   ORDER BY seq LIMIT $3`,
);

/** What of an event is said to a customer: times, and what was written for them. What colleagues tell each other stays theirs. */
const saidToCustomers: ReadonlySet<string> = new Set([
  "start",
  "end",
  "previous_start",
  "previous_end",
  "options",
  "confirmation_window",
  "restored_state",
  "timestamp",
  "cancellation_code",
  "text",
  "visibility",
]);

export const asCustomersSee = (event: TimelineEvent): TimelineEvent => ({
  ...event,
  payload: Object.fromEntries(
    Object.entries(isObject(event.payload) ? event.payload : {}).filter(([name]) => saidToCustomers.has(name)),
  ),
});
