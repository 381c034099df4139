// Once a day looks through every chain and its rows, a page a round, and then writes the heads of all chains to the object store. Which
// worker comes first does not matter. Where the trail is not what its own history or the checkpoint before says there is no new one, and
// an alert tells: AUDIT_CHAIN_BROKEN or AUDIT_BROKEN. It trusts nothing that the database says of earlier looks (watch-audit.ts): whoever
// has the API's login could have written that.

import { aggregates } from "../aggregates.ts";
import { hasCheckpoint, missedCheckpoint, writeDailyCheckpoint } from "../kernel/audit-checkpoint.ts";
import { noteLook, recordFaults, sortFaults } from "../kernel/audit-faults.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import { verifyPage } from "../kernel/verify-audit.ts";
import type { Duty, DutyParts } from "./duty.ts";

/** Looked through in one round: some thousand events. */
const chainsAtOnce = 250;
const foundBy = "audit checkpoint";
/** How often it is looked whether the newest is there. */
const missEveryMs = 5 * 60_000;
/** Of one look through; all of them are recorded. */
const mostInLog = 10;

/** How far a look through has come. */
type Look = { aggregate: number; after: string | null; readonly first: AuditFault[]; count: number };

export function writeCheckpoints({ desk, log }: DutyParts): Duty {
  let done = "";
  let look: Look | null = null;
  let missedAt = 0;

  function count(to: Look, open: readonly AuditFault[]): void {
    to.first.push(...open.slice(0, mostInLog - to.first.length));
    to.count += open.length;
  }

  /** No later one names the newest, so nothing else tells when it is gone. */
  async function missNewest(now: Date): Promise<void> {
    if (Math.abs(now.getTime() - missedAt) < missEveryMs) return;
    missedAt = now.getTime();
    const missed = await missedCheckpoint(desk.db, desk.store, now);
    const { open } = await sortFaults(desk.db, missed ? [missed] : []);
    if ((await recordFaults(desk.db, open, foundBy)) > 0)
      log.error({ found_by: foundBy, faults: open, count: open.length }, "worker.audit_broken");
  }

  return {
    name: "audit checkpoint",
    async round() {
      const now = desk.clock.now();
      const day = now.toISOString().slice(0, 10);
      if (done === day) {
        await missNewest(now);
        return { more: false };
      }
      look ??= { aggregate: 0, after: null, first: [], count: 0 };
      const aggregate = aggregates[look.aggregate];
      if (aggregate) {
        // Another worker was done before.
        if (await hasCheckpoint(desk.store, now)) {
          [done, look] = [day, null];
          return { more: false };
        }
        const { last, ...page } = await verifyPage(desk.db, aggregate, look.after, chainsAtOnce);
        count(look, (await noteLook(desk.db, aggregate.name, page, foundBy)).open);
        look.after = last;
        if (last === null) look.aggregate++;
        return { more: true };
      }
      const written = await writeDailyCheckpoint(desk.db, desk.store, aggregates, now, look.count === 0);
      if (written.kind === "written") log.info({ key: written.key }, "worker.checkpoint_written");
      if (written.kind === "broken") {
        const { open } = await sortFaults(desk.db, written.faults);
        await recordFaults(desk.db, open, foundBy);
        count(look, open);
        log.error({ found_by: foundBy, faults: look.first, count: look.count }, "worker.audit_broken");
      }
      [done, look] = [day, null];
      return { more: false };
    },
  };
}
