/**
 * Builders for technicians with calendars, in minutes of one made-up day, and the slow, obvious answer the
 * fast code is compared with: it looks at every minute and shares no code with it.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import type { IneligibleReason } from "../../dispatch/workforce/ability.ts";
import type { FirstDrive } from "../../dispatch/workforce/first-drive.ts";
import type { BusyRange, CalendarTechnician } from "../../dispatch/workforce/availability.ts";
import type { SlotRequest } from "../../dispatch/workforce/find-slots.ts";
import type { Pause, Shift } from "../../dispatch/workforce/shift-ranges.ts";
import type { Place, TravelEstimate } from "../../dispatch/travel/estimate.ts";
import { idNamed } from "../support/ids.ts";

export const dayZero = Date.parse("2025-06-02T00:00:00Z");
export const ms = (minutes: number): number => dayZero + minutes * 60_000;
export const minutesOf = (iso: string): number => (Date.parse(iso) - dayZero) / 60_000;

/** Places on a line: driving takes as many minutes as the longitudes differ, plus one against the numbers. */
export const at = (lon: number): Place => ({ lat: 0, lon });
export const lineTravel: TravelEstimate = (from, to) => {
  if (from === null || to === null) return null;
  return Math.abs(from.lon - to.lon) + (from.lon > to.lon ? 1 : 0);
};

export function shift(from: number, to: number, pauses: readonly [number, number, Pause["kind"]?][] = []): Shift {
  return {
    start: ms(from),
    end: ms(to),
    pauses: pauses.map(([start, end, kind = "break"]) => ({ start: ms(start), end: ms(end), kind })),
  };
}

export function busy(from: number, to: number, place: Place | null = null): BusyRange {
  return { start: ms(from), end: ms(to), place };
}

export function technician(techId: string, over: Partial<CalendarTechnician> = {}): CalendarTechnician {
  return {
    techId: idNamed<TechnicianId>(techId),
    techName: `Tech ${techId}`,
    home: null,
    zones: ["CA"],
    serviceTypes: ["DEFAULT"],
    skills: [],
    tools: [],
    shifts: [shift(480, 960)],
    busy: [],
    ineligible: null,
    ...over,
  };
}

export function request(over: Partial<SlotRequest> = {}): SlotRequest {
  return {
    earliest: ms(0),
    latest: ms(1440),
    durationMinutes: 60,
    place: null,
    serviceType: null,
    requiredSkills: [],
    requiredTools: [],
    region: "CA",
    strategy: "earliest",
    limit: 10_000,
    ...over,
  };
}

type MinuteAnswer = {
  readonly start: number;
  readonly travelBefore: number | null;
  readonly travelAfter: number | null;
};

/** Every start at which the job fits, found by trying each minute; bookings must not overlap one another. */
export function startsByMinute(
  tech: CalendarTechnician,
  job: SlotRequest,
  travel: TravelEstimate,
  firstDrive: FirstDrive = "in_shift",
): MinuteAnswer[] {
  const answers: MinuteAnswer[] = [];
  for (let t = (job.earliest - dayZero) / 60_000; ms(t + job.durationMinutes) <= job.latest; t += 1) {
    const legs = fitsAtMinute(tech, job, t, travel, firstDrive);
    if (legs !== null && (t % 15 === 0 || isFirstMoment(tech, job, t, travel, firstDrive)))
      answers.push({ start: t, ...legs });
  }
  return answers;
}

const covers = (range: { start: number; end: number }, minute: number): boolean =>
  range.start <= ms(minute) && ms(minute) < range.end;

function legOf(tech: CalendarTechnician, whole: Shift, t: number, end: number) {
  const inShift = tech.busy.filter((one) => one.start < whole.end && one.end > whole.start);
  const before = inShift.filter((one) => one.end <= ms(t)).sort((a, b) => b.end - a.end)[0];
  const after = inShift.filter((one) => one.start >= ms(end)).sort((a, b) => a.start - b.start)[0];
  return {
    leaves: before?.end ?? whole.start,
    from: before === undefined ? tech.home : before.place,
    due: after?.start ?? whole.end,
    to: after === undefined ? tech.home : after.place,
    hasBefore: before !== undefined,
  };
}

function freeMinutes(whole: Shift, from: number, to: number): number {
  let free = 0;
  for (let minute = (from - dayZero) / 60_000; ms(minute) < to; minute += 1) {
    if (!whole.pauses.some((pause) => covers(pause, minute))) free += 1;
  }
  return free;
}

/** Minutes before the shift in which somebody at home may drive to its first job: none of another shift, or of work. */
function minutesBefore(tech: CalendarTechnician, whole: Shift): number {
  const taken = [...(tech.shifts ?? []), ...tech.busy];
  let minutes = 0;
  for (let t = (whole.start - dayZero) / 60_000 - 1; minutes < 480 && !taken.some((one) => covers(one, t)); t -= 1)
    minutes += 1;
  return minutes;
}

/** The driving around a job at minute t, or null when it does not fit there. */
export function fitsAtMinute(
  tech: CalendarTechnician,
  job: SlotRequest,
  t: number,
  travel: TravelEstimate,
  firstDrive: FirstDrive = "in_shift",
) {
  const end = t + job.durationMinutes;
  const whole = (tech.shifts ?? []).find((one) => one.start <= ms(t) && ms(end) <= one.end);
  if (whole === undefined) return null;
  for (let minute = t; minute < end; minute += 1) {
    if ([...whole.pauses, ...tech.busy].some((range) => covers(range, minute))) return null;
  }
  const leg = legOf(tech, whole, t, end);
  const travelBefore = travel(leg.from, job.place);
  const travelAfter = travel(job.place, leg.to);
  const before = firstDrive === "before_shift" && !leg.hasBefore ? minutesBefore(tech, whole) : 0;
  if (before + freeMinutes(whole, leg.leaves, ms(t)) < (travelBefore ?? 0)) return null;
  if (freeMinutes(whole, ms(end), leg.due) < (travelAfter ?? 0)) return null;
  return { travelBefore, travelAfter };
}

// The first minute somebody can be there after a booking or a pause: there now, and not a minute ago.
function isFirstMoment(
  tech: CalendarTechnician,
  job: SlotRequest,
  t: number,
  travel: TravelEstimate,
  firstDrive: FirstDrive,
): boolean {
  const whole = (tech.shifts ?? []).find((one) => covers(one, t)) ?? assert.fail();
  const leg = legOf(tech, whole, t, t);
  const before = firstDrive === "before_shift" && !leg.hasBefore ? minutesBefore(tech, whole) : 0;
  const there = (minute: number): boolean =>
    ms(minute) >= leg.leaves &&
    !whole.pauses.some((pause) => covers(pause, minute)) &&
    before + freeMinutes(whole, leg.leaves, ms(minute)) >= (travel(leg.from, job.place) ?? 0);
  const pauseBefore = whole.pauses.some((pause) => pause.end <= ms(t) && pause.end > leg.leaves);
  return there(t) && !there(t - 1) && (leg.hasBefore || pauseBefore);
}

/** The reason to leave somebody out who has no start, found by giving back one obstacle after the other. */
export function reasonByMinute(tech: CalendarTechnician, job: SlotRequest): IneligibleReason {
  const noDriving: TravelEstimate = () => 0;
  const hasStart = (over: Partial<CalendarTechnician>): boolean =>
    startsByMinute({ ...tech, ...over }, job, noDriving).length > 0;
  const breaksOnly = (tech.shifts ?? []).map((one) => ({
    ...one,
    pauses: one.pauses.filter((pause) => pause.kind === "break"),
  }));
  if (!hasStart({ busy: [], shifts: breaksOnly })) return "OFF_SHIFT";
  if (!hasStart({ busy: [] })) return "TIME_OFF";
  return hasStart({}) ? "TOO_FAR" : "BOOKED";
}

const place = fc.constantFrom(at(0), at(7), at(25), at(60), null);

/** A technician with up to two shifts in 30 hours, pauses that may overlap and bookings that do not. */
export function anyTechnician(techId: string): fc.Arbitrary<CalendarTechnician> {
  const cuts = fc
    .uniqueArray(fc.integer({ min: 0, max: 1_800 }), { minLength: 2, maxLength: 4 })
    .map((all) => all.sort((a, b) => a - b));
  const pause = fc.record({
    offset: fc.nat(600),
    length: fc.integer({ min: 1, max: 90 }),
    kind: fc.constantFrom("break" as const, "time_off" as const),
  });
  const job = fc.record({
    gap: fc.constantFrom(0, 5, 30, 75, 140, 300),
    length: fc.integer({ min: 1, max: 200 }),
    place,
  });
  return fc
    .record({ cuts, pauses: fc.array(pause, { maxLength: 3 }), jobs: fc.array(job, { maxLength: 6 }), home: place })
    .map((drawn) => {
      const shifts: Shift[] = [];
      for (let i = 0; i + 1 < drawn.cuts.length; i += 2) {
        const [from, to] = [drawn.cuts[i] ?? 0, drawn.cuts[i + 1] ?? 0];
        const inside = drawn.pauses
          .map(({ offset, length, kind }): [number, number, Pause["kind"]] => [
            from + offset,
            Math.min(from + offset + length, to),
            kind,
          ])
          .filter(([start, end]) => start < end)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        const previous = shifts.at(-1);
        shifts.push({ ...shift(from, to, inside), ...(previous && { previousEnd: previous.end }) });
      }
      const bookings: BusyRange[] = [];
      let cursor = 0;
      for (const { gap, length, place: where } of drawn.jobs) {
        bookings.push(busy(cursor + gap, cursor + gap + length, where));
        cursor += gap + length;
      }
      return technician(techId, { shifts, busy: bookings, home: drawn.home });
    });
}

export const anyRequest: fc.Arbitrary<SlotRequest> = fc
  .record({
    earliest: fc.nat(900),
    length: fc.integer({ min: 0, max: 1_400 }),
    durationMinutes: fc.integer({ min: 1, max: 150 }),
    place,
  })
  .map(({ earliest, length, durationMinutes, place: where }) =>
    request({ earliest: ms(earliest), latest: ms(earliest + length), durationMinutes, place: where }),
  );
