// GET /ops/alerts: what an operator should look at now. Signals come from the database, so that every process says the
// same, but for what it sees of its own machine (disks, clock, parts that were started again), and look back one hour, so that an
// alert clears by itself. When they cannot be read it answers 503 with why, and with what was known last.

import { codesOf } from "../contract/errors.ts";
import { databaseReason } from "../db/failures.ts";
import { statement } from "../db/statement.ts";
import { rosterReasons } from "../field/attention.ts";
import { countOpenFaults } from "../kernel/audit-faults.ts";
import type { Desk } from "../kernel/desk.ts";
import { postgresAway, readingRefusal } from "../kernel/failure.ts";
import type { UnreadableVersion } from "../kernel/policies.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Rejections } from "../kernel/rejections.ts";
import { serverConnections, usedPercent } from "../db/server-connections.ts";
import { clockOffset } from "../process/database-clock.ts";
import { leastFreePercent, type DiskSpace } from "../process/disk-space.ts";
import type { EndsOfPart } from "../process/part-ends.ts";
import type { Settings } from "../process/settings.ts";
import { countDeadLetters } from "../webhooks/webhook-state.ts";
import { countDeafRooms, type DeafRooms } from "../rooms/room-standing.ts";
import { countMissedAgents, countStuckTasks, type StuckTasks } from "../workforce/task-standing.ts";
import { reportedAlerts, reportedCodes, type ReportedCode } from "./alert-list.ts";
import { logLagMinutes } from "../transparency/log-standing.ts";
import { auditWatched } from "./audit-watched.ts";
import { reads, serviceName, type Checks } from "./health.ts";
import { restartsOf } from "./part-watch.ts";
import type { Reading } from "./reading.ts";
import { silentWorkers } from "./workers-seen.ts";

const hourMs = 3_600_000;
/** A transaction that holds events back for longer is no busy moment any more: commands end within ten seconds. */
const heldBackMs = 60_000;
/**
 * Whoever asks is on call: a lock, or a pool whose every connection waits for one, keeps the answer no longer than this. The look
 * at the parts before it takes two seconds at most.
 */
const readWithinMs = 2_000;
/** Now and then two people report one door; ten in an hour is a channel that repeats itself. */
const duplicateIntakes = 10;

/** Tokens are believed for minutes around their times, and promised visits are reckoned in minutes. */
const clockWrongSeconds = 60;

/** Every chain is looked at once a day at least. */
const unverifiedHours = 24;
/** Behind the time after which a checkpoint is due. */
const lateMinutes = 9;

export type Alert = {
  readonly code: ReportedCode;
  readonly severity: "warning" | "critical";
  readonly count: number;
  readonly threshold: number;
  readonly stale_minutes?: number;
  /** What the count alone does not say, and what mends it. */
  readonly reason?: string;
  readonly runbook: string;
};

export type AlertReport = {
  readonly service: string;
  readonly generated_at: string;
  readonly thresholds: ReturnType<typeof thresholdsOf>;
  readonly signals: Signals;
  readonly alerts: readonly Alert[];
  readonly runbooks: typeof runbooks;
};

type Signals = {
  readonly stuck_scheduling_count: number;
  readonly completion_rejection_count: number;
  readonly idempotency_conflict_count: number;
  readonly auth_policy_rejection_count: number;
};

type Look = {
  readonly now: Date;
  readonly signals: Signals;
  readonly measured: Readonly<Record<ReportedCode, Measured>>;
};

/** What is counted for a code, and at which count it fires. */
export type Measured = {
  readonly count: number;
  readonly threshold: number;
  /** Where it is not the list's. */
  readonly severity?: "critical";
  readonly reason?: string;
};

// `in_scheduling` is the condition of the index tickets_in_scheduling; the list of states would read the whole table. Who has
// a time and a technician waits for the day, and is stuck only when that has passed.
const selectSignals = statement<Signals & { readonly duplicate_intakes: number }>(
  "alert_signals",
  `SELECT (SELECT count(*) FROM tickets WHERE in_scheduling AND last_transition_at < $2
             AND NOT (state = 'SCHEDULED' AND assigned_tech_id IS NOT NULL AND scheduled_start > $2)) AS stuck_scheduling_count,
          coalesce(sum(count) FILTER (WHERE code = ANY ($3::text[])), 0)::bigint AS completion_rejection_count,
          coalesce(sum(count) FILTER (WHERE code = ANY ($4::text[])), 0)::bigint AS idempotency_conflict_count,
          coalesce(sum(count) FILTER (WHERE code = ANY ($5::text[])), 0)::bigint AS auth_policy_rejection_count,
          coalesce(sum(count) FILTER (WHERE code = ANY ($6::text[])), 0)::bigint AS duplicate_intakes
   FROM rejections WHERE occurred_at > $1`,
);

// Both are conditions of an index.
const countUnserved = statement<{ missed: number; unstaffed: number }>(
  "alert_unserved",
  `SELECT (SELECT count(*) FROM tickets WHERE arrival_due AND arrive_by < $1) AS missed,
          (SELECT count(*) FROM tickets WHERE awaiting_technician AND assign_reason = ANY ($2::text[])) AS unstaffed`,
);

const countHeldBack = statement<{ events: number }>(
  "alert_outbox_held_back",
  `SELECT count(*) AS events FROM outbox WHERE xact >= pg_snapshot_xmin(pg_current_snapshot()) AND created_at < $1`,
);

const counted = [
  codesOf("completion_rejection"),
  codesOf("idempotency_conflict"),
  codesOf("auth_policy_rejection"),
  codesOf("duplicate_intake"),
];

export type AlertReporter = {
  /** The answer of /ops/alerts, without the metrics. @throws Refusal with `last_known` when the signals cannot be read */
  report(): Promise<AlertReport>;
  /** Every code with its count and threshold. @throws when the signals cannot be read */
  measure(): Promise<ReadonlyMap<ReportedCode, Measured>>;
};

/** What this process sees of its machine, whatever Postgres does. */
export type OfMachine = {
  readonly disks: Reading<readonly DiskSpace[]>;
  readonly parts: Reading<readonly EndsOfPart[]>;
};

/** What was read last, in the details of a refusal. */
type LastKnown = Pick<AlertReport, "generated_at" | "signals" | "alerts"> & { readonly age_seconds: number };

/** Makes what tells the alerts of this moment. */
export function alertReporter(
  desk: Desk,
  rejections: Rejections,
  checks: () => Promise<Checks>,
  { disks, parts }: OfMachine,
): AlertReporter {
  const thresholds = thresholdsOf(desk.settings);
  let known: { readonly look: Look; readonly at: number } | null = null;
  /** @param withinMs how long the signals may take; they are read to their end all the same, for whoever asks next */
  const look = async (withinMs = Infinity): Promise<Look> => {
    const { postgres, object_store: store } = await checks();
    // Known within two seconds, where a silent network would keep each question for a time limit of its own.
    if (!reads(postgres)) {
      const cause = new Error(postgres.status === "ok" ? "" : postgres.reason);
      throw postgresAway(databaseReason(cause), cause, "reading");
    }
    const found = read(store.status === "ok").then((one) => (known = { look: one, at: performance.now() }).look);
    return withinMs === Infinity ? found : within(withinMs, found);
  };
  const read = async (storeIsWell: boolean): Promise<Look> => {
    // Looked at beside Postgres: a disk that hangs must not use up the time for the rest.
    const ofMachine = Promise.all([disks.value(), parts.value()]);
    // Refusals wait a moment to be written together; whoever asks now wants them counted.
    await rejections.flush();
    const now = desk.clock.now();
    const ago = (ms: number) => new Date(now.getTime() - ms).toISOString();
    const row = await desk.db.row(selectSignals, [
      ago(hourMs),
      ago(thresholds.stuck_scheduling_minutes * 60_000),
      ...counted,
    ]);
    const unserved = await desk.db.row(countUnserved, [now.toISOString(), [...rosterReasons]]);
    const heldBack = await desk.db.row(countHeldBack, [ago(heldBackMs)]);
    const silent = await silentWorkers(desk);
    const deadLetters = await countDeadLetters(desk.db);
    const broken = await countOpenFaults(desk.db);
    const watched = await auditWatched(desk);
    const logLag = await logLagMinutes(desk.db, now.toISOString());
    const unreadable = await desk.policies.unreadable();
    const stuck = await countStuckTasks(desk.db, now.toISOString());
    const missed = await countMissedAgents(desk.db, now.toISOString());
    const deaf = await countDeafRooms(desk.db, now.toISOString());
    const connections = await serverConnections(desk.db);
    const offset = await clockOffset(desk.db);
    const [room, ended] = await ofMachine;
    const free = leastFreePercent(room ?? []);
    if (!row || !unserved || !heldBack)
      throw new Error("the question for the alert signals was answered without a row");
    const { duplicate_intakes: duplicates, ...signals } = row;
    const measured: Record<ReportedCode, Measured> = {
      STUCK_SCHEDULING: { count: signals.stuck_scheduling_count, threshold: thresholds.stuck_scheduling_count },
      COMPLETION_REJECTION_SPIKE: {
        count: signals.completion_rejection_count,
        threshold: thresholds.completion_rejection_count,
      },
      IDEMPOTENCY_CONFLICT_SPIKE: {
        count: signals.idempotency_conflict_count,
        threshold: thresholds.idempotency_conflict_count,
      },
      AUTH_POLICY_FAILURE_SPIKE: {
        count: signals.auth_policy_rejection_count,
        threshold: thresholds.auth_policy_rejection_count,
      },
      INTAKE_DUPLICATE_SPIKE: { count: duplicates, threshold: duplicateIntakes },
      VISIT_MISSED: { count: unserved.missed, threshold: 1 },
      NOBODY_CAN_GO: { count: unserved.unstaffed, threshold: 1 },
      WORKER_SILENT: { count: silent, threshold: 1 },
      OUTBOX_STUCK: { count: heldBack.events, threshold: 1 },
      OUTBOX_DEAD_LETTERS: { count: deadLetters, threshold: 1 },
      AUDIT_BROKEN: { count: broken.checkpoint, threshold: 1 },
      AUDIT_CHAIN_BROKEN: { count: broken.history, threshold: 1 },
      LOG_LATE: { count: logLag, threshold: lateMinutes + Math.ceil(desk.settings.logEveryMs / 60_000) },
      AUDIT_UNVERIFIED: { count: Math.floor(watched.seconds / 3_600), threshold: unverifiedHours },
      DISK_LOW: {
        count: 100 - free,
        threshold: 100 - desk.settings.alertDiskFree + 1,
        ...(free < desk.settings.alertDiskCritical && { severity: "critical" as const }),
      },
      CONNECTIONS_HIGH: { count: usedPercent(connections), threshold: desk.settings.alertConnections },
      CLOCK_WRONG: { count: Math.round(Math.abs(offset)), threshold: clockWrongSeconds, reason: clockReason(offset) },
      OBJECT_STORE_UNAVAILABLE: { count: storeIsWell ? 0 : 1, threshold: 1 },
      POLICY_UNREADABLE: {
        count: unreadable.length,
        threshold: 1,
        ...(unreadable.length > 0 && { reason: unreadable.map(unreadableReason).join("; ") }),
      },
      PART_RESTARTED: { ...restartsOf(ended ?? [], now), threshold: 1 },
      TASKS_STUCK: { count: stuck.tasks, threshold: 1, ...(stuck.tasks > 0 && { reason: stuckReason(stuck) }) },
      AGENTS_SILENT: { count: missed, threshold: 1 },
      ROOMS_DEAF: { count: deaf.rooms, threshold: 1, ...(deaf.rooms > 0 && { reason: deafReason(deaf) }) },
    };
    return { now, signals, measured };
  };
  const told = ({ now, signals, measured }: Look) => ({
    generated_at: now.toISOString(),
    signals,
    alerts: firing(measured, thresholds.stuck_scheduling_minutes),
  });
  const lastKnown = (): LastKnown | null =>
    known && { ...told(known.look), age_seconds: Math.round((performance.now() - known.at) / 1_000) };
  return {
    async measure() {
      const { measured } = await look();
      return new Map(reportedCodes.map((code) => [code, measured[code]]));
    },
    async report() {
      const found = await look(readWithinMs).catch((error: unknown): never => {
        const failure = readingRefusal(error);
        if (!(failure instanceof Refusal)) throw failure;
        throw new Refusal(failure.code, { ...failure.details, last_known: lastKnown() }, failure);
      });
      const { generated_at, signals, alerts } = told(found);
      return { service: serviceName, generated_at, thresholds, signals, alerts, runbooks };
    },
  };
}

const clockReason = (offset: number): string =>
  `API process ${process.pid}'s clock is ${Math.round(Math.abs(offset))} s ${offset > 0 ? "ahead of" : "behind"} Postgres's; ` +
  "on the machine whose `date -u` is wrong: `timedatectl set-ntp true`, or `chronyc makestep`; nothing need be started again";

const unreadableReason = ({ why, open_tickets: open }: UnreadableVersion): string =>
  open === 0
    ? why
    : `${why}. ${open} open ${open === 1 ? "ticket" : "tickets"} opened under it: listed and planned by the rules in force, and commands ` +
      "that need their own are refused";

const stuckReason = ({ priority, minutes, unmatched_reason }: StuckTasks): string =>
  `the most urgent has priority ${priority} and has waited for ${minutes} min: ${unmatched_reason ?? "not told why"}`;

const deafReason = ({ minutes, lost }: DeafRooms): string =>
  `the first of them for ${minutes} min; pushes given up in the last hour: ${lost}`;

/** @throws Refusal when `read` takes longer; it goes on, and nobody waits for it */
async function within<T>(ms: number, read: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(postgresAway("no_answer", new Error(`no answer within ${ms} ms`), "reading")),
    ms,
  );
  try {
    return await Promise.race([read, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Where a code's page lies, by code. */
export const runbooks: Readonly<Record<string, string>> = Object.fromEntries(
  reportedCodes.map((code) => [code, reportedAlerts[code].runbook]),
);

function thresholdsOf(settings: Settings) {
  return {
    stuck_scheduling_count: settings.alertStuckCount,
    stuck_scheduling_minutes: settings.alertStuckMinutes,
    completion_rejection_count: settings.alertCompletionRejections,
    idempotency_conflict_count: settings.alertIdempotencyConflicts,
    auth_policy_rejection_count: settings.alertAuthRejections,
  };
}

const firing = (measured: Record<ReportedCode, Measured>, staleMinutes: number): Alert[] =>
  reportedCodes
    .filter((code) => measured[code].count >= measured[code].threshold)
    .map((code) => {
      const { severity, runbook } = reportedAlerts[code];
      return {
        code,
        severity,
        ...measured[code],
        ...(code === "STUCK_SCHEDULING" && { stale_minutes: staleMinutes }),
        runbook,
      };
    });
