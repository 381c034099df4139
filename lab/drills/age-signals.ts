// Alerts that count an hour's refusals clear by themselves once nothing adds to them. A drill does not wait for that: it
// makes the stored signals an hour older, and its scorecard says so.

import type { Pool } from "pg";

export const agedByAnHour = "the cause is gone; the stored signals were made an hour older instead of waiting for it";

export async function ageSignals(sql: Pool): Promise<string> {
  await sql.query("UPDATE rejections SET occurred_at = occurred_at - interval '61 minutes'");
  return agedByAnHour;
}
