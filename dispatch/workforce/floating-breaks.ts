/**
 * Breaks that are owed within a span and taken whenever work leaves room for them ("half an hour between 11 and 14").
 * Pure. Work is never placed so that a break which still had room has none any more.
 */
import type { FloatingBreak, Pause, Shift, TimeRange } from "./shift-ranges.ts";

/** Time between two stops: it holds pauses, the drive from the one to the other, and whatever breaks fit beside those. */
export type Stretch = TimeRange & { readonly pauses: readonly TimeRange[]; readonly driveMs: number };

/**
 * A time for each break, the one that must be over first placed first and as early as it can be; null where no stretch has
 * room. With breaks whose spans overlap in more than one way another order might place more of them; nobody has such.
 */
export function placeBreaks(
  breaks: readonly FloatingBreak[],
  stretches: readonly Stretch[],
): ReadonlyMap<FloatingBreak, TimeRange | null> {
  const open = stretches
    .map((stretch) => ({ ...stretch, pauses: stretch.pauses.toSorted((a, b) => a.start - b.start) }))
    .sort((a, b) => a.start - b.start);
  const placed = new Map<FloatingBreak, TimeRange | null>();
  for (const one of breaks.toSorted((a, b) => a.end - b.end || a.start - b.start)) {
    let time: TimeRange | null = null;
    for (const stretch of open) {
      time = timeIn(stretch, one);
      if (time === null) continue;
      stretch.pauses = [...stretch.pauses, time].sort((a, b) => a.start - b.start);
      break;
    }
    placed.set(one, time);
  }
  return placed;
}

/** The earliest time in a stretch that is within the break's span, between pauses, and leaves time for the drive. */
function timeIn({ start, end, pauses, driveMs }: Stretch, one: FloatingBreak): TimeRange | null {
  let busyMs = driveMs;
  let from = Math.max(start, one.start);
  for (const pause of pauses) {
    const cut = { start: Math.max(pause.start, start), end: Math.min(pause.end, end) };
    if (cut.start >= cut.end) continue;
    busyMs += cut.end - cut.start;
    if (cut.start < from + one.ms && from < cut.end) from = cut.end;
  }
  const fits = from + one.ms <= Math.min(end, one.end) && end - start - busyMs >= one.ms;
  return fits ? { start: from, end: from + one.ms } : null;
}

/** The shift with its floating breaks laid where this work leaves room, as pauses like any other; one without room falls away. */
export function withBreaksLaid(shift: Shift, work: readonly TimeRange[]): Shift {
  const { floating = [], ...rest } = shift;
  if (floating.length === 0) return shift;
  const stretches: Stretch[] = [];
  let from = shift.start;
  for (const one of work.toSorted((a, b) => a.start - b.start)) {
    if (one.start >= shift.end) break;
    if (one.start > from) stretches.push({ start: from, end: one.start, pauses: shift.pauses, driveMs: 0 });
    from = Math.max(from, one.end);
  }
  if (from < shift.end) stretches.push({ start: from, end: shift.end, pauses: shift.pauses, driveMs: 0 });
  const laid = [...placeBreaks(floating, stretches).values()].flatMap((time): Pause[] =>
    time === null ? [] : [{ ...time, kind: "break" }],
  );
  return { ...rest, pauses: [...shift.pauses, ...laid].sort((a, b) => a.start - b.start || a.end - b.end) };
}
