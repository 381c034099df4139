// By when somebody has to arrive, and what becomes of the promise to the customer when a ticket changes. Pure.

/** The visit, and the promise beside it. Times are ISO 8601 in UTC. */
export type Promised = {
  readonly scheduled_start: string | null;
  readonly scheduled_end: string | null;
  readonly arrival_start: string | null;
  readonly arrival_end: string | null;
};

/** The end of what was promised, else the start of the visit; null where it has no time. In SQL it is the column arrive_by. */
export const arriveBy = ({
  scheduled_start: start,
  arrival_end: end = null,
}: Pick<Promised, "scheduled_start"> & Partial<Pick<Promised, "arrival_end">>): string | null => end ?? start;

/** Whether the visit keeps the promise, where there are both. */
export const keepsPromise = ({ scheduled_start, scheduled_end, arrival_start, arrival_end }: Promised): boolean =>
  scheduled_start !== null &&
  scheduled_end !== null &&
  arrival_start !== null &&
  arrival_end !== null &&
  arrival_start <= scheduled_start &&
  scheduled_end <= arrival_end;

/** What is still promised after a change: nothing once the visit has no time, or another than was promised. */
export const arrivalAfter = (after: Promised): Pick<Promised, "arrival_start" | "arrival_end"> =>
  keepsPromise(after)
    ? { arrival_start: after.arrival_start, arrival_end: after.arrival_end }
    : { arrival_start: null, arrival_end: null };
