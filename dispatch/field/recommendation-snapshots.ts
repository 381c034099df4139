// Recommendations as they were given: stored whole, so that a dispatch can be held to what was recommended.

import type { SnapshotId, TechnicianId } from "../contract/ids.ts";
import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";

export type SnapshotRow = {
  readonly id: SnapshotId;
  readonly service_type: string;
  readonly recommended_tech_id: TechnicianId | null;
};

export const insertSnapshot = insertRow("snapshot_insert", "recommendation_snapshots", [
  "id",
  "ticket_id",
  "service_type",
  "site_region",
  "recommended_tech_id",
  "body",
  "evaluated_at",
]);

export const selectSnapshot = statement<SnapshotRow>(
  "snapshot_select",
  `SELECT id, service_type, recommended_tech_id FROM recommendation_snapshots WHERE id = $1 AND ticket_id = $2`,
);
