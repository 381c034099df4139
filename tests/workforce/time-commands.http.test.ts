// The same moment put to every tool that judges a time: slots, recommendation, booking and dispatch must agree, on days
// when clocks change on either half of the Earth, over midnight, around breaks, and where technician and site live by
// different clocks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { objectsIn, startTestApi } from "../support/api.ts";
import { acme, addTechnician } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const weekdays = [1, 2, 3, 4, 5, 6, 7];
const la = "America/Los_Angeles";
const Sydney = "Australia/Sydney";
const LordHowe = "Australia/Lord_Howe";
const nineToFive = { start_time: "09:00", end_time: "17:00" };
const night = { start_time: "22:00", end_time: "06:00" };

type Case = {
  readonly what: string;
  readonly shift: object;
  readonly timeOff?: { readonly start: string; readonly end: string };
  readonly window: readonly [start: string, end: string];
  /** What every tool says: free, or why not. */
  readonly says: "free" | "OFF_SHIFT" | "TIME_OFF";
};

const clocksForward: readonly Case[] = [
  {
    what: "at nine of the new time in California",
    shift: { ...nineToFive, time_zone: la },
    window: ["2026-03-08T09:00-07:00", "2026-03-08T10:00-07:00"],
    says: "free",
  },
  {
    what: "at nine of the old time in California is an hour into the shift, at five behind it",
    shift: { ...nineToFive, time_zone: la },
    window: ["2026-03-08T16:00-08:00", "2026-03-08T17:00-08:00"],
    says: "OFF_SHIFT",
  },
  {
    what: "at nine of the new time in Sydney, in October",
    shift: { ...nineToFive, time_zone: Sydney },
    window: ["2026-10-04T09:00+11:00", "2026-10-04T10:00+11:00"],
    says: "free",
  },
  {
    what: "before nine of the new time in Sydney",
    shift: { ...nineToFive, time_zone: Sydney },
    window: ["2026-10-04T08:59+11:00", "2026-10-04T10:00+11:00"],
    says: "OFF_SHIFT",
  },
  {
    what: "by half an hour on Lord Howe Island",
    shift: { ...nineToFive, time_zone: LordHowe },
    window: ["2026-10-04T09:00+11:00", "2026-10-04T10:00+11:00"],
    says: "free",
  },
  {
    what: "a night in Sydney has seven hours",
    shift: { ...night, time_zone: Sydney },
    window: ["2026-10-03T22:00+10:00", "2026-10-04T06:00+11:00"],
    says: "free",
  },
  {
    what: "and not eight",
    shift: { ...night, time_zone: Sydney },
    window: ["2026-10-03T22:00+10:00", "2026-10-04T06:01+11:00"],
    says: "OFF_SHIFT",
  },
];

const clocksBack: readonly Case[] = [
  {
    what: "at nine of the new time in California",
    shift: { ...nineToFive, time_zone: la },
    window: ["2026-11-01T09:00-08:00", "2026-11-01T10:00-08:00"],
    says: "free",
  },
  {
    what: "at nine of the old time in California is before the shift",
    shift: { ...nineToFive, time_zone: la },
    window: ["2026-11-01T09:00-07:00", "2026-11-01T10:00-07:00"],
    says: "OFF_SHIFT",
  },
  {
    what: "at nine of the new time in Sydney, in April",
    shift: { ...nineToFive, time_zone: Sydney },
    window: ["2026-04-05T09:00+10:00", "2026-04-05T10:00+10:00"],
    says: "free",
  },
  {
    what: "at nine of the old time in Sydney is before the shift",
    shift: { ...nineToFive, time_zone: Sydney },
    window: ["2026-04-05T09:00+11:00", "2026-04-05T10:00+11:00"],
    says: "OFF_SHIFT",
  },
  {
    what: "a night in Sydney has nine hours",
    shift: { ...night, time_zone: Sydney },
    window: ["2026-04-04T22:00+11:00", "2026-04-05T06:00+10:00"],
    says: "free",
  },
  {
    what: "by half an hour on Lord Howe Island",
    shift: { ...nineToFive, time_zone: LordHowe },
    window: ["2026-04-05T09:00+10:30", "2026-04-05T17:00+10:30"],
    says: "free",
  },
];

const dayOff = { start: "2026-03-08T00:00-08:00", end: "2026-03-09T00:00-07:00" };
const allDay = { start_time: "00:00", end_time: "00:00", time_zone: la };
const awayAcross: readonly Case[] = [
  {
    what: "a day off of 23 hours holds to its last minute",
    shift: allDay,
    timeOff: dayOff,
    window: ["2026-03-08T23:30-07:00", "2026-03-09T00:30-07:00"],
    says: "TIME_OFF",
  },
  {
    what: "and ends at midnight of the new time",
    shift: allDay,
    timeOff: dayOff,
    window: ["2026-03-09T00:00-07:00", "2026-03-09T01:00-07:00"],
    says: "free",
  },
  {
    what: "a day off of 25 hours holds in its last hour",
    shift: allDay,
    timeOff: { start: "2026-11-01T00:00-07:00", end: "2026-11-02T00:00-08:00" },
    window: ["2026-11-01T23:00-08:00", "2026-11-02T00:00-08:00"],
    says: "TIME_OFF",
  },
  {
    what: "time off over the hour that comes twice leaves the hour before it",
    shift: allDay,
    timeOff: { start: "2026-11-01T01:00-07:00", end: "2026-11-01T02:00-08:00" },
    window: ["2026-11-01T00:00-07:00", "2026-11-01T01:00-07:00"],
    says: "free",
  },
  {
    what: "and takes both of them",
    shift: allDay,
    timeOff: { start: "2026-11-01T01:00-07:00", end: "2026-11-01T02:00-08:00" },
    window: ["2026-11-01T01:15-08:00", "2026-11-01T01:45-08:00"],
    says: "TIME_OFF",
  },
];

const withBreak = { ...nineToFive, time_zone: "UTC", breaks: [{ start: "12:00", end: "12:30" }] };
const nightBreak = { ...night, time_zone: "UTC", breaks: [{ start: "00:00", end: "00:30" }] };
const ordinary: readonly Case[] = [
  {
    what: "a visit over midnight, in a shift over midnight",
    shift: { ...night, time_zone: "UTC" },
    window: ["2026-03-04T23:30Z", "2026-03-05T00:30Z"],
    says: "free",
  },
  {
    what: "a visit over midnight, where two shifts meet",
    shift: { start_time: "00:00", end_time: "24:00", time_zone: "UTC" },
    window: ["2026-03-04T23:30Z", "2026-03-05T00:30Z"],
    says: "free",
  },
  {
    what: "a visit before a shift over midnight begins",
    shift: { ...night, time_zone: "UTC" },
    window: ["2026-03-04T21:59Z", "2026-03-04T23:00Z"],
    says: "OFF_SHIFT",
  },
  { what: "a visit up to a break", shift: withBreak, window: ["2026-03-04T11:00Z", "2026-03-04T12:00Z"], says: "free" },
  {
    what: "a visit from the end of a break on",
    shift: withBreak,
    window: ["2026-03-04T12:30Z", "2026-03-04T13:30Z"],
    says: "free",
  },
  {
    what: "a visit that runs into a break",
    shift: withBreak,
    window: ["2026-03-04T11:30Z", "2026-03-04T12:01Z"],
    says: "OFF_SHIFT",
  },
  {
    what: "a visit around a break at midnight",
    shift: nightBreak,
    window: ["2026-03-04T23:45Z", "2026-03-05T00:45Z"],
    says: "OFF_SHIFT",
  },
  {
    what: "a visit that ends with the shift",
    shift: { ...nineToFive, time_zone: "UTC" },
    window: ["2026-03-04T15:30Z", "2026-03-04T17:00Z"],
    says: "free",
  },
  {
    what: "a visit in the middle of which the shift ends",
    shift: { ...nineToFive, time_zone: "UTC" },
    window: ["2026-03-04T15:31Z", "2026-03-04T17:01Z"],
    says: "OFF_SHIFT",
  },
];

// The site's clock shows California's time; the technician's calendar is New York's.
const eastern = { ...nineToFive, time_zone: "America/New_York" };
const twoZones: readonly Case[] = [
  {
    what: "six in the morning at the site is nine on the technician's wall",
    shift: eastern,
    window: ["2026-03-04T06:00-08:00", "2026-03-04T07:00-08:00"],
    says: "free",
  },
  {
    what: "three in the afternoon at the site is after the technician's hours",
    shift: eastern,
    window: ["2026-03-04T15:00-08:00", "2026-03-04T16:00-08:00"],
    says: "OFF_SHIFT",
  },
  {
    what: "in the weeks when only one of the two has changed clocks: London's five is the site's ten",
    shift: { ...nineToFive, time_zone: "Europe/London" },
    window: ["2026-03-10T09:00-07:00", "2026-03-10T10:00-07:00"],
    says: "free",
  },
  {
    what: "then the site's one in the morning is eight in London",
    shift: { ...nineToFive, time_zone: "Europe/London" },
    window: ["2026-03-10T01:00-07:00", "2026-03-10T01:30-07:00"],
    says: "OFF_SHIFT",
  },
  {
    what: "and three weeks later it is nine again",
    shift: { ...nineToFive, time_zone: "Europe/London" },
    window: ["2026-03-31T01:00-07:00", "2026-03-31T01:30-07:00"],
    says: "free",
  },
];

describe("every tool says the same of", async () => {
  const api = await startTestApi({ profile: "strict" });

  /** Somebody new with this calendar, and nobody else at work. */
  async function arrange({ shift, timeOff }: Case): Promise<string> {
    await api.owner.query("UPDATE technicians SET active = false");
    const { technician } = await api.run("roster.upsert", {
      body: { name: "Somebody", zone: "CA", skills: ["door_hardware"] },
    });
    await api.run("roster.set_shifts", { technician: technician.id, body: { shifts: [{ weekdays, ...shift }] } });
    if (timeOff) await api.run("roster.time_off", { technician: technician.id, body: { add: [timeOff] } });
    return technician.id;
  }

  /** What each tool says of this person in exactly this window. */
  async function verdicts(techId: string, start: string, end: string): Promise<Record<string, string>> {
    const minutes = (Date.parse(end) - Date.parse(start)) / 60_000;
    const wish = { earliest: start, latest: end, duration_minutes: minutes, tech_id: techId };
    const { id: ticket } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: acme.oakland });
    const found = await api.read("schedule.slots", {
      ticket,
      query: new URLSearchParams({ ...wish, duration_minutes: String(minutes) }).toString(),
    });
    const slots = found.slots.some((slot) => Date.parse(slot.start) === Date.parse(start))
      ? "free"
      : (found.rejected[0]?.reason ?? "nothing");

    const ranking = await api.run("assignment.recommend", {
      ticket,
      body: { service_type: "DEFAULT", preferred_window: { start, end } },
    });
    const ranked = ranking.recommendations.some(({ tech_id }) => tech_id === techId);
    const recommend = ranked
      ? "free"
      : (ranking.rejected.find(({ tech_id }) => tech_id === techId)?.reason ?? "nothing");

    const booked = await api.call("schedule.book", { ticket, body: wish });
    const booking: { error?: { rejected: unknown }; booking?: { start: string } } = JSON.parse(booked.text);
    const book = booking.booking ? "free" : String(objectsIn(booking.error?.rejected)[0]?.["reason"]);
    if (booking.booking) await api.run("schedule.reopen", { ticket, body: { reason: "only a test" } });

    const window = { start, end };
    // Strict promises no time that nobody is left for: somebody is, until it is promised.
    const spare = await addTechnician(api.owner);
    const scheduled = await ticketIn(api, "SCHEDULED", { siteId: acme.oakland, window });
    await api.owner.query("UPDATE technicians SET active = false WHERE id = $1", [spare]);
    const sent = await api.call("assignment.dispatch", { ticket: scheduled.id, body: { tech_id: techId } });
    const sending: { error?: { reason: string } } = JSON.parse(sent.text);
    return { slots, recommend, book, dispatch: sending.error?.reason ?? "free" };
  }

  for (const [group, cases] of Object.entries({
    "the day clocks go forward": clocksForward,
    "the day clocks go back": clocksBack,
    "time off while clocks change": awayAcross,
    "an ordinary day": ordinary,
    "a site that lives by another clock than the technician": twoZones,
  })) {
    for (const one of cases) {
      test(`${group}: ${one.what}: ${one.says}`, async () => {
        const techId = await arrange(one);
        const { says } = one;
        assert.deepEqual(await verdicts(techId, ...one.window), {
          slots: says,
          recommend: says,
          book: says,
          dispatch: says,
        });
      });
    }
  }
});

describe("a window without length", async () => {
  const api = await startTestApi();
  const at = "2026-03-04T15:00:00Z";
  const none = { start: at, end: at };
  const backwards = { start: "2026-03-04T16:00:00Z", end: at };
  /** What was wrong: where, and in a sentence. */
  const refused = async (...call: Parameters<typeof api.refuse>): Promise<string[]> => {
    const { status, error } = await api.refuse(...call);
    assert.equal(status, 400);
    return objectsIn(error["validation_errors"]).map(({ path, message }) => `${String(path)}: ${String(message)}`);
  };

  for (const [what, window] of Object.entries({ "of no length": none, "that ends before it begins": backwards })) {
    test(`${what} is refused by every command that takes one, at the field that is wrong`, async () => {
      const ready = (await ticketIn(api, "READY_TO_SCHEDULE")).id;
      const proposed = (await ticketIn(api, "SCHEDULE_PROPOSED")).id;
      const about = async (tool: Parameters<typeof api.refuse>[0], ticket: string, body: object) =>
        (await refused(tool, { ticket, body })).join();
      const where = {
        propose: await about("schedule.propose", ready, { options: [window] }),
        confirm: await about("schedule.confirm", proposed, window),
        hold: await about("schedule.hold", ready, { hold_reason: "CUSTOMER_PENDING", confirmation_window: window }),
        recommend: await about("assignment.recommend", ready, { service_type: "DEFAULT", preferred_window: window }),
        book: await about("schedule.book", ready, { earliest: window.start, latest: window.end }),
        slots: (
          await refused("schedule.slots", { ticket: ready, query: `earliest=${window.start}&latest=${window.end}` })
        ).join(),
      };
      assert.deepEqual(where, {
        propose: "options/0: end must lie after start",
        confirm: ": end must lie after start",
        hold: "confirmation_window: end must lie after start",
        recommend: "preferred_window: end must lie after start",
        book: "latest: must lie after earliest, and in the future",
        slots: "latest: must lie after earliest, and in the future",
      });
    });
  }

  test("and a visit of no minutes likewise", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    assert.match(
      (await refused("schedule.book", { ticket: id, body: { duration_minutes: 0 } })).join(),
      /duration_minutes/,
    );
    assert.match(
      (await refused("schedule.slots", { ticket: id, query: "duration_minutes=0" })).join(),
      /duration_minutes/,
    );
  });
});
