// Looks at audit chains and their rows, all the time and a little at a time: within a minute at those that changed lately, are broken, or
// have a row that was written without an event, otherwise at all in turn, round after round. When rows that nothing ever changes were
// changed, a round begins at once and takes no pauses. What it finds raises AUDIT_CHAIN_BROKEN; what it finds whole again ends that.

import { aggregates } from "../aggregates.ts";
import type { Aggregate } from "../kernel/aggregate.ts";
import { noteLook } from "../kernel/audit-faults.ts";
import { verifyNamed, verifyPage, type DatedReport } from "../kernel/verify-audit.ts";
import { claim, keep, longestRestMs, recentChains, type Watch } from "./audit-watch-state.ts";
import { ticketAggregate } from "../ticket/ticket-aggregate.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { pagesToLookThrough, placeNow, writtenTickets, type Place } from "./uncounted-changes.ts";

const chainsAtOnce = 100;
const minuteMs = 60_000;
/** A chain counts as changed lately for so long, and of those the newest so many are looked at. */
const recentForMs = 15 * minuteMs;
const mostRecent = 250;
/** How fast rows are looked through for what was not counted: 12 MB a second, half a gigabyte in 45 s. */
const pagesASecond = 1_500;
/** More of them are not read in one statement, which a slow disk would not end in time: there is the round. */
const mostPages = 65_536;
const mostWritten = 250;
/** From one round's beginning to the next; what takes longer is followed by the next at once. */
const roundAtLeastMs = 45_000;
/** From one look at those that changed lately to the next: with the tick behind it, less than a minute. */
const recentEveryMs = 45_000;
/** A tick looks at what was allowed since the one before. */
const ticksToMakeUp = 2;
/** Of one look; all of them are recorded. */
const mostInLog = 10;
const foundBy = "audit watch";

export function watchAudit({ desk, log }: DutyParts): Duty {
  const { db } = desk;

  /** @returns the events read, at least one for each chain */
  async function note(aggregate: Aggregate, report: DatedReport): Promise<number> {
    const { open, added, mended } = await noteLook(db, aggregate.name, report, foundBy);
    if (added > 0)
      log.error({ found_by: foundBy, faults: open.slice(0, mostInLog), count: open.length }, "worker.audit_broken");
    if (mended.length > 0)
      log.warn({ faults: mended.slice(0, mostInLog), count: mended.length }, "worker.audit_whole_again");
    return Math.max(report.events, report.chains);
  }

  /** A chain that costs more than a tenth of what may be read between two looks, as the desk's own may, is left to the round. */
  const longest = Math.ceil((desk.settings.auditEventsPerSecond * minuteMs) / 1_000 / 10);

  /** What there was when this worker last looked for what was not counted, and when it looks again. */
  let known: { readonly place: Place; readonly until: string } | null = null;

  /** Tickets that were written past Dispatch since the look before, and whether rows are gone; nothing at a worker's first. */
  async function uncounted(now: Date): Promise<{ readonly tickets: readonly string[]; readonly isMissed: boolean }> {
    const nothing = { tickets: [], isMissed: false };
    if (known !== null && !isDue(known.until, now)) return nothing;
    const pages = await pagesToLookThrough(db);
    if (pages > mostPages) return nothing;
    const before = known?.place ?? null;
    const tickets = before === null ? [] : await writtenTickets(db, before, mostWritten);
    const { place, isMissed } = await placeNow(db, before);
    known = { place, until: later(now.toISOString(), (pages / pagesASecond) * 1_000) };
    return { tickets, isMissed };
  }

  async function lookAtRecent(now: Date): Promise<{ readonly events: number; readonly isMissed: boolean }> {
    const recent = await recentChains(db, new Date(now.getTime() - recentForMs), mostRecent);
    const { tickets, isMissed } = await uncounted(now);
    let events = 0;
    for (const aggregate of aggregates) {
      const changed = recent.get(aggregate.name) ?? [];
      const ids = aggregate.name === ticketAggregate.name ? [...new Set([...changed, ...tickets])] : changed;
      if (ids.length > 0) events += await note(aggregate, await verifyNamed(db, aggregate, ids, longest));
    }
    return { events, isMissed };
  }

  async function lookAtPage(now: Date, watch: Watch): Promise<{ readonly watch: Watch; readonly events: number }> {
    const at = now.toISOString();
    const began_at = watch.began_at ?? at;
    const index = aggregates.findIndex(({ name }) => name === watch.aggregate);
    const aggregate = aggregates[Math.max(index, 0)];
    if (!aggregate) throw new Error("there is no aggregate");
    const page = await verifyPage(db, aggregate, index < 0 ? null : watch.after, chainsAtOnce);
    const events = await note(aggregate, page);
    const chains = watch.chains + page.chains;
    const next = aggregates[Math.max(index, 0) + 1];
    if (page.last !== null)
      return { watch: { ...watch, began_at, aggregate: aggregate.name, after: page.last, chains }, events };
    if (next) return { watch: { ...watch, began_at, aggregate: next.name, after: null, chains }, events };
    log.info({ chains, began_at, hurried: watch.hurried }, "worker.audit_looked_through");
    const last = { last_began_at: began_at, last_ended_at: at, last_chains: chains };
    const round_at = later(began_at, roundAtLeastMs);
    return { watch: { ...watch, ...roundless, ...last, round_at, hurried: false }, events };
  }

  /** When as many events may be read again, at the speed that is allowed. */
  function paidFor({ rested_at }: Watch, now: Date, events: number): string {
    const { auditEventsPerSecond, workerLoopMs } = desk.settings;
    const earliest = now.getTime() - ticksToMakeUp * workerLoopMs;
    const from = isDue(rested_at, now)
      ? Math.min(Math.max(Date.parse(rested_at), earliest), now.getTime())
      : Date.parse(rested_at);
    const until = Math.min(from + (events / auditEventsPerSecond) * 1_000, now.getTime() + longestRestMs);
    return new Date(until).toISOString();
  }

  return {
    name: "audit watch",
    async round() {
      const now = desk.clock.now();
      if (known === null) await uncounted(now);
      const claimed = await claim(db, now);
      if (!claimed) return { more: false };
      const { changes_now: changes } = claimed;
      let watch: Watch = { ...claimed, changes };
      const hurry = (rows: number | null): void => {
        log.warn(rows === null ? { counted: false } : { rows }, "worker.audit_history_changed");
        watch = { ...watch, ...roundless, hurried: true };
      };
      if (claimed.changes !== null && changes > claimed.changes) hurry(changes - claimed.changes);
      let events = 0;
      const recentIsDue = isDue(watch.recent_at, now);
      if (!watch.hurried && recentIsDue) {
        const look = await lookAtRecent(now);
        ({ events } = look);
        if (look.isMissed) hurry(null);
      } else if (watch.hurried || watch.began_at !== null || isDue(watch.round_at, now))
        ({ watch, events } = await lookAtPage(now, watch));
      const rested_at = watch.hurried ? watch.rested_at : paidFor(watch, now, events);
      // Where there is no rest, a page comes before those that changed lately are looked at again.
      const recent_at =
        recentIsDue && !watch.hurried
          ? latest(later(now.toISOString(), recentEveryMs), later(rested_at, 1))
          : watch.recent_at;
      await keep(db, now, { ...watch, rested_at, recent_at });
      return { more: watch.hurried || isDue(rested_at, now) };
    },
  };
}

const roundless = { began_at: null, aggregate: null, after: null, chains: 0 } as const;

const later = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();
const latest = (one: string, other: string): string => (one > other ? one : other);

/** @see longestRestMs */
const isDue = (at: string, now: Date): boolean => {
  const ahead = Date.parse(at) - now.getTime();
  return ahead <= 0 || ahead > longestRestMs;
};
