// The timeline: a ticket's audit events in their true order.

import { statement } from "../db/statement.ts";
import type { QueryBodyOf } from "../contract/index.ts";
import { isObject } from "../kernel/json.ts";

const columns = `id, ticket_id, actor_type, actor_id, actor_role, tool_name, request_id, correlation_id, trace_id, before_state,
          after_state, payload, created_at, seq, hash`;

/** As many as an answer shows that is about more than the history: notes alone could make it any size. */
const shownEvents = 1_000;

/**
 * As many bytes of payloads as one answer tells, and then the event that goes beyond: one report may be 256 KB, and a thousand
 * of them an answer of 256 MB.
 */
const shownBytes = 1_048_576;

/** What was told before an event, in the order of an answer. */
const bytesBefore = (order: "seq" | "seq DESC") =>
  `coalesce(sum(octet_length(payload::text)) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)`;

/** The newest of them, oldest first, as colleagues see them. */
export const selectNewestEvents = statement<TimelineEvent>(
  "timeline_newest",
  `SELECT ${columns}
   FROM (SELECT *, ${bytesBefore("seq DESC")} AS bytes_before
         FROM (SELECT * FROM audit_events WHERE aggregate = 'ticket' AND aggregate_id = $1 ORDER BY seq DESC LIMIT ${shownEvents}) AS newest
        ) AS measured
   WHERE bytes_before < ${shownBytes}
   ORDER BY seq`,
);

export type TimelineEvent = QueryBodyOf<"ticket.timeline">["events"][number];

/**
 * The events behind a seq (null: from the first), so many (null: all); with notes among colleagues or, as customers see it, without.
 * created_at rises with seq: this is the order by created_at too.
 */
export const selectTimeline = statement<TimelineEvent>(
  "timeline_select",
  `SELECT ${columns}
   FROM audit_events WHERE aggregate = 'ticket' AND aggregate_id = $1 AND seq > coalesce($2, 0)
     AND ($4 OR tool_name <> 'ticket.add_note' OR payload ->> 'visibility' = 'customer')
   ORDER BY seq LIMIT $3`,
);

/** The same as a page that keeps to its bytes; `last_seq` is where the page would have ended without that. */
export const selectTimelinePage = statement<TimelineEvent & { readonly last_seq: number }>(
  "timeline_page",
  `SELECT ${columns}, last_seq
   FROM (SELECT *, ${bytesBefore("seq")} AS bytes_before, max(seq) OVER () AS last_seq
         FROM (SELECT * FROM audit_events WHERE aggregate = 'ticket' AND aggregate_id = $1 AND seq > coalesce($2, 0)
                 AND ($4 OR tool_name <> 'ticket.add_note' OR payload ->> 'visibility' = 'customer')
               ORDER BY seq LIMIT $3) AS page
        ) AS measured
   WHERE bytes_before < ${shownBytes}
   ORDER BY seq`,
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
