// All drills, in the order in which `pnpm dispatch:drill --all` plays them.

import { authFailures } from "./auth-failures.ts";
import { completionRejections } from "./completion-rejections.ts";
import type { Drill } from "./drill.ts";
import { idempotencyConflicts } from "./idempotency-conflicts.ts";
import { networkSilent } from "./network-silent.ts";
import { objectStoreDown } from "./object-store-down.ts";
import { outboxStuck } from "./outbox-stuck.ts";
import { postgresDown } from "./postgres-down.ts";
import { stuckBacklog } from "./stuck-backlog.ts";
import { workerDead } from "./worker-dead.ts";

export const drills: readonly Drill[] = [
  stuckBacklog,
  completionRejections,
  idempotencyConflicts,
  authFailures,
  postgresDown,
  networkSilent,
  objectStoreDown,
  workerDead,
  outboxStuck,
];
