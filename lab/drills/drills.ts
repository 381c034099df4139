// All drills, in the order in which `pnpm dispatch:drill all` plays those that share a stack.

import { apiFrozen } from "./api-frozen.ts";
import { authFailures } from "./auth-failures.ts";
import { completionRejections } from "./completion-rejections.ts";
import type { Drill } from "./drill.ts";
import { idempotencyConflicts } from "./idempotency-conflicts.ts";
import { lockTables } from "./lock-tables.ts";
import { networkSilent } from "./network-silent.ts";
import { objectStoreDown } from "./object-store-down.ts";
import { outboxStuck } from "./outbox-stuck.ts";
import { postgresFrozen } from "./postgres-frozen.ts";
import { stuckBacklog } from "./stuck-backlog.ts";
import { workerFrozen } from "./worker-frozen.ts";

export const drills: readonly Drill[] = [
  stuckBacklog,
  completionRejections,
  idempotencyConflicts,
  authFailures,
  objectStoreDown,
  lockTables,
  outboxStuck,
  workerFrozen,
  apiFrozen,
  postgresFrozen,
  networkSilent,
];
