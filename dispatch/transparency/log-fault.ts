// What does not hold of the log, in the words of the audit trail's other faults.

import type { AuditFault } from "../kernel/chain-faults.ts";

/** A row of the log itself that is not what was written. */
export const logFault = (table: string, row: number, detail: string): AuditFault => ({
  aggregate: "log",
  chain: table,
  seq: row,
  kind: "LOG_CHANGED",
  detail,
  source: "checkpoint",
});

/** A witness holds a checkpoint that this log does not lead to: two histories were told. */
export const forkFault = (witness: string, number: number, detail: string): AuditFault => ({
  ...logFault(witness, number, detail),
  kind: "LOG_FORKED",
});

/** Whether the log itself cannot be gone on with, and another must be begun. */
export const isOfLog = ({ aggregate }: AuditFault): boolean => aggregate === "log";
