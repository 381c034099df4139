// Times in answers on the clock of the site they are about, beside those in UTC.

import type { TicketBody } from "../contract/responses.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { localIso } from "../workforce/local-time.ts";
import { partsIn, type Bookings } from "./assign.ts";

type Site = { readonly timezone: string };
/** Null where the site is not on record. */
type Zoned = Site | null;

/** One time on the site's clock; null where there is no time, or the zone is none. */
export const localOf = (time: string | null, site: Zoned): string | null =>
  time === null || site === null ? null : localIso(Date.parse(time), site.timezone);

/** A span, with both its ends on the site's clock too. */
export const spanAt = <T extends { readonly start: string; readonly end: string }>(span: T, site: Zoned) => ({
  ...span,
  start_local: localOf(span.start, site),
  end_local: localOf(span.end, site),
});

/** What an answer says of a visit's parts; nothing where it is of one piece. */
export function partsAt({ all }: Pick<Bookings, "all">, site: Zoned) {
  const { parts } = partsIn({ all });
  return parts ? { parts: parts.map((part) => spanAt(part, site)) } : {};
}

type Scheduled = Pick<TicketBody, "scheduled_start" | "scheduled_end" | "arrival_window">;

const visitTimes = (
  { scheduled_start: start, scheduled_end: end, arrival_window: promise }: Scheduled,
  site: Site,
) => ({
  scheduled_start_local: localOf(start, site),
  scheduled_end_local: localOf(end, site),
  arrival_window: promise && spanAt(promise, site),
  timezone: site.timezone,
});

/** A ticket with the times of its visit on the site's clock too, where it has one. */
export const ticketAt = (ticket: TicketBody, site: Zoned): TicketBody =>
  ticket.scheduled_start === null || site === null ? ticket : { ...ticket, ...visitTimes(ticket, site) };

type Promised = Pick<TicketRow, "arrival_start" | "arrival_end">;

/** What the customer was promised, in UTC and on the site's clock; null where that is the visit's own time. */
export const promiseAt = ({ arrival_start: start, arrival_end: end }: Promised, site: Zoned) =>
  start !== null && end !== null ? spanAt({ start, end }, site) : null;
