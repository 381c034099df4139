// Shows that this worker is alive: a row it renews, which the API's health and metrics read, and a line in the log.

import { hostname } from "node:os";
import { statement } from "../db/statement.ts";
import { countQueue } from "./assignment-queue.ts";
import type { Duty, DutyParts } from "./duty.ts";

const upsertWorker = statement(
  "worker_beat",
  `INSERT INTO workers (id, identity, host, pid, started_at, seen_at, heartbeat_ms, cycle, dispatches, errors)
   VALUES ($1, $2, $3, $4, clock_timestamp() - $5 * interval '1 millisecond', clock_timestamp(), $6, $7, $8, $9)
   ON CONFLICT (id) DO UPDATE
   SET seen_at = excluded.seen_at, cycle = excluded.cycle, dispatches = excluded.dispatches, errors = excluded.errors`,
);

const deleteWorker = statement("worker_gone", `DELETE FROM workers WHERE id = $1`);

export type Beat = Duty & {
  /** Takes the row away, since an absent worker is not a dead one. */
  end(): Promise<void>;
};

export function beat({ desk, log, totals }: DutyParts, workerId: string): Beat {
  const { workerIdentity, workerHeartbeatMs } = desk.settings;
  const started = performance.now();
  return {
    name: "heartbeat",
    async round() {
      const { cycles, dispatches, errors } = totals;
      const row = [
        workerId,
        workerIdentity,
        hostname(),
        process.pid,
        Math.round(performance.now() - started),
        workerHeartbeatMs,
        cycles,
        dispatches,
        errors,
      ];
      const [queue] = await Promise.all([desk.db.row(countQueue), desk.db.row(upsertWorker, row)]);
      log.info({ cycle: cycles, ...queue }, "worker.heartbeat");
      return { more: false };
    },
    end: async () => void (await desk.db.row(deleteWorker, [workerId])),
  };
}
