// All drills, in the order in which `pnpm dispatch:drill all` plays those that share a stack.

import { agentsSilent } from "./agents-silent.ts";
import { apiFrozen } from "./api-frozen.ts";
import { auditRowChanged } from "./audit-row-changed.ts";
import { authFailures } from "./auth-failures.ts";
import { clockWrong } from "./clock-wrong.ts";
import { completionRejections } from "./completion-rejections.ts";
import { connectionsUsedUp } from "./connections-used-up.ts";
import { diskFull } from "./disk-full.ts";
import type { Drill } from "./drill.ts";
import { gatewayTokenExpired } from "./gateway-token-expired.ts";
import { idempotencyConflicts } from "./idempotency-conflicts.ts";
import { lockTables } from "./lock-tables.ts";
import { logOfGigabytes } from "./log-of-gigabytes.ts";
import { migrationKilled } from "./migration-killed.ts";
import { natsAway } from "./nats-away.ts";
import { networkSilent } from "./network-silent.ts";
import { objectStoreDown } from "./object-store-down.ts";
import { objectsReadOnly } from "./objects-read-only.ts";
import { outboxStuck } from "./outbox-stuck.ts";
import { planOptimizeFlood } from "./plan-optimize-flood.ts";
import { postgresFrozen } from "./postgres-frozen.ts";
import { roomsDeaf } from "./rooms-deaf.ts";
import { secretChanged } from "./secret-changed.ts";
import { stuckBacklog } from "./stuck-backlog.ts";
import { supervisorKilled } from "./supervisor-killed.ts";
import { tasksStuck } from "./tasks-stuck.ts";
import { webhookHangs } from "./webhook-hangs.ts";
import { workerFrozen } from "./worker-frozen.ts";

export const drills: readonly Drill[] = [
  stuckBacklog,
  completionRejections,
  idempotencyConflicts,
  authFailures,
  gatewayTokenExpired,
  objectStoreDown,
  objectsReadOnly,
  lockTables,
  connectionsUsedUp,
  migrationKilled,
  logOfGigabytes,
  planOptimizeFlood,
  secretChanged,
  auditRowChanged,
  outboxStuck,
  tasksStuck,
  agentsSilent,
  roomsDeaf,
  workerFrozen,
  apiFrozen,
  postgresFrozen,
  supervisorKilled,
  webhookHangs,
  natsAway,
  clockWrong,
  diskFull,
  networkSilent,
];
