// Writes the heads of all audit chains to the object store, once a day. Which worker comes first does not matter. Where the trail is not
// what the checkpoint before says there is no new one, and the alert AUDIT_BROKEN tells.

import { aggregates } from "../aggregates.ts";
import { writeDailyCheckpoint } from "../kernel/audit-checkpoint.ts";
import { recordFaults } from "../kernel/audit-faults.ts";
import type { Duty, DutyParts } from "./duty.ts";

export function writeCheckpoints({ desk, log }: DutyParts): Duty {
  let looked = "";
  return {
    name: "audit checkpoint",
    async round() {
      const now = desk.clock.now();
      const day = now.toISOString().slice(0, 10);
      if (looked === day) return { more: false };
      const written = await writeDailyCheckpoint(desk.db, desk.store, aggregates, now);
      if (written.kind === "written") log.info({ key: written.key }, "worker.checkpoint_written");
      if (written.kind === "broken") {
        await recordFaults(desk.db, written.faults, "audit checkpoint");
        log.error({ faults: written.faults.slice(0, 10), count: written.faults.length }, "worker.audit_broken");
      }
      looked = day;
      return { more: false };
    },
  };
}
