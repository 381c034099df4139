// Writes the heads of all audit chains to the object store, once a day. Which worker comes first does not matter.

import { aggregates } from "../aggregates.ts";
import { writeDailyCheckpoint } from "../kernel/audit-checkpoint.ts";
import type { Duty, DutyParts } from "./duty.ts";

export function writeCheckpoints({ desk, log }: DutyParts): Duty {
  let written = "";
  return {
    name: "audit checkpoint",
    async round() {
      const now = desk.clock.now();
      const day = now.toISOString().slice(0, 10);
      if (written === day) return { more: false };
      const key = await writeDailyCheckpoint(desk.db, desk.store, aggregates, now);
      if (key !== null) log.info({ key }, "worker.checkpoint_written");
      written = day;
      return { more: false };
    },
  };
}
