// The timeline: a ticket's audit events in their true order.

import { statement } from "../db/statement.ts";
import type { QueryBodyOf } from "../contract/index.ts";

export type TimelineEvent = QueryBodyOf<"ticket.timeline">["events"][number];

/**
 * From a seq on (null: the first), so many (null: all); with notes among colleagues or, as customers see it, without.
 * created_at rises with seq: this is the order by created_at too.
 */
export const selectTimeline = statement<TimelineEvent>(
  "timeline_select",
  `SELECT id, ticket_id, actor_type, actor_id, actor_role, tool_name, request_id, correlation_id, trace_id, before_state,
          after_state, payload, created_at, seq, hash
   FROM audit_events WHERE aggregate = 'ticket' AND aggregate_id = $1 AND seq > coalesce($2, 0)
     AND ($4 OR tool_name <> 'ticket.add_note' OR payload ->> 'visibility' = 'customer')
   ORDER BY seq LIMIT $3`,
);
