// A command is done entirely or not at all: each of these names what one command writes, by what belongs together, and finds
// the rows that are one half without the other. The tests of crashes and the soak ask the same questions.

import { pipelineCommands } from "../../dispatch/contract/index.ts";

/** Commands that leave the row's version as it is. */
const touching = Object.entries(pipelineCommands)
  .filter(([, { effect }]) => effect === "touches")
  .map(([name]) => name);

export const halves: Readonly<Record<string, string>> = {
  answers: `SELECT e.id, k.request_id FROM audit_events e
              FULL JOIN idempotency_keys k ON k.response_body->'receipt'->>'receipt_id' = e.id::text AND k.request_id = e.request_id
              WHERE e.id IS NULL OR k.request_id IS NULL`,
  outbox: `SELECT e.id, o.id FROM audit_events e FULL JOIN outbox o ON o.audit_event_id = e.id WHERE e.id IS NULL OR o.id IS NULL`,
  "outbox twice": `SELECT audit_event_id FROM outbox GROUP BY audit_event_id HAVING count(*) > 1`,
  "an intent twice": `SELECT request_id FROM audit_events GROUP BY request_id HAVING count(*) > 1`,
  evidence: `SELECT e.id, i.id FROM (SELECT * FROM audit_events WHERE tool_name = 'closeout.add_evidence') e
               FULL JOIN evidence_items i ON i.id::text = e.payload->>'evidence_id' WHERE e.id IS NULL OR i.id IS NULL`,
  completions: `SELECT e.id, c.audit_event_id FROM (SELECT * FROM audit_events WHERE tool_name = 'tech.complete') e
                  FULL JOIN completions c ON c.audit_event_id = e.id WHERE e.id IS NULL OR c.audit_event_id IS NULL`,
  invoices: `SELECT e.id, i.id FROM (SELECT * FROM audit_events WHERE tool_name = 'billing.generate_invoice') e
               FULL JOIN invoices i ON i.id::text = e.payload->>'invoice_id' WHERE e.id IS NULL OR i.id IS NULL`,
  holds: `SELECT e.id, h.id FROM (SELECT * FROM audit_events WHERE tool_name = 'schedule.hold') e
            FULL JOIN schedule_holds h ON h.id::text = e.payload->>'hold_id' WHERE e.id IS NULL OR h.id IS NULL`,
  snapshots: `SELECT e.id, s.id FROM (SELECT * FROM audit_events WHERE tool_name = 'assignment.recommend') e
                FULL JOIN recommendation_snapshots s ON s.id::text = e.payload->>'snapshot_id' WHERE e.id IS NULL OR s.id IS NULL`,
  pauses: `SELECT e.id, h.id FROM (SELECT * FROM audit_events WHERE aggregate = 'desk') e
             FULL JOIN autonomy_control_history h ON h.payload->>'receipt_id' = e.id::text WHERE e.id IS NULL OR h.id IS NULL`,
  words: `SELECT t.id, w.ticket_id FROM tickets t FULL JOIN ticket_words w ON w.ticket_id = t.id WHERE t.id IS NULL OR w.ticket_id IS NULL`,
  versions: `SELECT t.id FROM tickets t WHERE t.version + 1 <>
               (SELECT count(*) FROM audit_events e WHERE e.aggregate = 'ticket' AND e.aggregate_id = t.id::text
                AND e.tool_name NOT IN (${touching.map((name) => `'${name}'`).join(", ")}))`,
};
