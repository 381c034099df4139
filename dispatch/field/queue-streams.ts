// The cockpit's queue as streams, each in the order of an index: visits at which somebody should have arrived, by when;
// clocks that run, by their deadline; clocks that stand for a customer, by the time they have left; what is done. A page is the
// first of each, merged. `t` is the ticket; how queue_at is written, migration 0016 says.

export type QueueStream = {
  /** Which tickets; no ticket is in two streams. */
  where(now: string): string;
  /** What an index holds the order of. */
  readonly position: string;
  /** From when the column counts the minutes left. */
  zero(now: string): string;
  /** The minutes left at such a position, as the queue sorts them. */
  minutes(position: string, now: string, warningMinutes: string): string;
  /** The first minute that may still sort at or behind this one. */
  from(minute: string, warningMinutes: string): string;
};

const standingZero = "timestamptz '0500-01-01 00:00:00+00'";
const runningFrom = "timestamptz '1900-01-01 00:00:00+00'";
const doneFrom = "timestamptz '9900-01-01 00:00:00+00'";

const isLate = (now: string) => `t.arrival_due AND t.arrive_by < ${now}`;
const whole = (position: string, zero: string) => `floor(extract(epoch FROM ${position} - ${zero}) / 60)::bigint`;

const late: QueueStream = {
  where: isLate,
  position: "t.arrive_by",
  zero: (now) => now,
  minutes: whole,
  from: (minute) => minute,
};

const running: QueueStream = {
  where: (now) => `t.queue_at >= ${runningFrom} AND t.queue_at < ${doneFrom} AND NOT (${isLate(now)})`,
  position: "t.queue_at",
  zero: (now) => now,
  minutes: whole,
  from: (minute) => minute,
};

/**
 * What stands is in time or, when it had run out before, late, and never nearly late; so what has less than that left sorts
 * as the first that is in time.
 */
const standing: QueueStream = {
  where: (now) => `t.queue_at < ${runningFrom} AND NOT (${isLate(now)})`,
  position: "t.queue_at",
  zero: () => standingZero,
  minutes: (position, _, warning) => {
    const left = whole(position, standingZero);
    return `CASE WHEN ${position} < ${standingZero} THEN ${left} ELSE greatest(${left}, ${warning} + 1) END`;
  },
  from: (minute, warning) => `CASE WHEN ${minute} BETWEEN 0 AND ${warning} + 1 THEN 0 ELSE ${minute} END`,
};

const done: QueueStream = {
  where: () => `t.queue_at >= ${doneFrom}`,
  position: "t.queue_at",
  zero: () => "timestamptz 'epoch'",
  minutes: (position) => whole(position, "timestamptz 'epoch'"),
  from: (minute) => minute,
};

/** Of tickets that are all done. */
export const doneStreams: readonly QueueStream[] = [done];
export const queueStreams: readonly QueueStream[] = [late, running, standing, done];

/** What the SLA says of a ticket, by the same facts as its place in the queue. */
export const slaStatusSql = (now: string, warningMinutes: string): string => `
  CASE WHEN ${isLate(now)} THEN 'breach'
       WHEN t.queue_at >= ${doneFrom} THEN 'healthy'
       WHEN t.queue_at < ${runningFrom} THEN CASE WHEN t.queue_at < ${standingZero} THEN 'breach' ELSE 'healthy' END
       WHEN t.queue_at < ${now} THEN 'breach'
       WHEN t.queue_at < ${now} + (${warningMinutes} + 1) * interval '1 minute' THEN 'warning'
       ELSE 'healthy' END`;
