// A technician's visits as a calendar at a secret address, read by two parsers that know nothing of each other or of us; and who may
// read it, for how long, and what is kept of the secret.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import ICAL from "ical.js";
import ical from "node-ical";
import { asText, asTime, calendarText } from "../../dispatch/field/icalendar.ts";
import { startTestApi } from "../support/api.ts";
import { addTechnician, ana, ben, cleo } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

/** The events as ical.js reads them. */
const eventsIn = (text: string) =>
  new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    const value = (name: string) => component.getFirstPropertyValue(name);
    return {
      uid: event.uid,
      start: event.startDate.toJSDate().toISOString(),
      end: event.endDate.toJSDate().toISOString(),
      sequence: event.sequence,
      status: String(value("status")),
      summary: event.summary,
      location: event.location,
      description: event.description,
      geo: value("geo"),
    };
  });

/** The same as node-ical reads them. */
const eventsByOther = (text: string) =>
  Object.values(ical.sync.parseICS(text)).flatMap((one) =>
    one?.type === "VEVENT"
      ? [
          {
            uid: one.uid,
            start: one.start.toISOString(),
            end: one.end?.toISOString(),
            status: one.status,
            summary: one.summary,
          },
        ]
      : [],
  );

test("the writer folds by octets, escapes, and is read back as it was written by both", () => {
  const words = 'Łódź – Café №5 🚪; "glass, door" \\ back\nsecond line\r\nthird '.repeat(9).trim();
  const text = calendarText(
    [
      ["VERSION", "2.0"],
      ["PRODID", "-//x//y//EN"],
    ],
    [
      [
        ["UID", "1@x"],
        ["DTSTAMP", asTime("2026-03-02T17:00:00.500Z")],
        ["DTSTART", asTime("2026-03-02T17:00:00.000Z")],
        ["DTEND", asTime("2026-03-02T18:00:00.000Z")],
        ["SUMMARY", asText(`${words}\u0000\u0007`)],
      ],
    ],
  );
  const lines = text.split("\r\n");
  assert.equal(lines.pop(), "");
  for (const line of lines) {
    assert.ok(Buffer.byteLength(line) <= 75, line);
    assert.ok(!/[\r\n]/.test(line) && line.isWellFormed(), line);
  }
  assert.ok(lines.some((line) => Buffer.byteLength(line) === 75) && lines.some((line) => line.startsWith(" ")));
  const read = words.replaceAll("\r\n", "\n");
  assert.equal(eventsIn(text)[0]?.summary, read);
  assert.equal(eventsByOther(text)[0]?.summary, read);
});

describe("a technician's calendar", async () => {
  const api = await startTestApi({ logged: true });
  await addTechnician(api.owner, { id: cleo, name: "Cleo Dale", maxConcurrent: 50 });
  const linkOf = async (technician: string, body = {}) => api.run("tech.calendar_link", { technician, body });
  const pathOf = async (technician: string) => {
    const { url } = await linkOf(technician);
    return new URL(url ?? assert.fail()).pathname;
  };
  const read = async (path: string, headers = {}) => api.send("GET", path, headers);
  const events = async (path: string) => {
    const { status, text } = await read(path);
    assert.equal(status, 200, text);
    const found = eventsIn(text);
    assert.deepEqual(
      eventsByOther(text).toSorted((a, b) => (a.uid < b.uid ? -1 : 1)),
      found
        .map(({ uid, start, end, status: told, summary }) => ({ uid, start, end, status: told, summary }))
        .toSorted((a, b) => (a.uid < b.uid ? -1 : 1)),
    );
    return found;
  };
  const hourAt = (start: string) => ({ start, end: new Date(Date.parse(start) + 3_600_000).toISOString() });

  test("tells of a visit from booked to moved to taken away, under one name and with growing numbers", async () => {
    const path = await pathOf(ana);
    const { id } = await ticketIn(api, "SCHEDULED", {
      booked: true,
      techId: ana,
      window: hourAt("2026-03-03T17:00:00.000Z"),
    });
    const { number } = await api.read("ticket.get", { ticket: id });
    const [booked = assert.fail(), ...more] = await events(path);
    assert.deepEqual(more, []);
    assert.partialDeepStrictEqual(booked, {
      start: "2026-03-03T17:00:00.000Z",
      end: "2026-03-03T18:00:00.000Z",
      status: "CONFIRMED",
      summary: "Acme Oakland: door wont latch",
      location: "Acme Oakland, 1 Broadway, Oakland, CA 94607, US",
      description: `${number}\nroutine`,
    });
    assert.deepEqual(booked.geo, [37.8, -122.27]);
    const moved = { start: "2026-03-04T19:00:00.000Z", end: "2026-03-04T20:00:00.000Z" };
    await api.run("schedule.move", { ticket: id, body: { ...moved, reason: "the customer is away" } });
    const [later = assert.fail(), ...others] = await events(path);
    assert.deepEqual([later.uid, later.start, others], [booked.uid, moved.start, []]);
    assert.ok(later.sequence > booked.sequence);
    await api.run("schedule.reopen", { ticket: id, body: { reason: "no part yet" } });
    const [gone = assert.fail()] = await events(path);
    assert.deepEqual([gone.uid, gone.status, gone.summary], [booked.uid, "CANCELLED", `Cancelled: ${number}`]);
    assert.ok(gone.sequence > later.sequence && !gone.location && !gone.description);
    const window = { earliest: "2026-03-05T17:00:00.000Z", latest: "2026-03-05T18:00:00.000Z", duration_minutes: 60 };
    await api.run("schedule.book", { ticket: id, body: { tech_id: ana, ...window } });
    const [back = assert.fail(), ...rest] = await events(path);
    assert.deepEqual([back.uid, back.status, back.start, rest], [booked.uid, "CONFIRMED", window.earliest, []]);
    assert.ok(back.sequence > gone.sequence);
    await api.run("ticket.cancel", { ticket: id, body: { reason: "called off" } });
    assert.equal((await events(path))[0]?.status, "CANCELLED");
    const now = api.clock.iso;
    api.clock.set("2026-03-07T00:00:00.000Z");
    assert.deepEqual(await events(path), [], "a day later it matters no more");
    api.clock.set(now);
  });

  test("is a helper's too, and holds nothing that customers wrote or that opens a door", async () => {
    const { id } = await ticketIn(api, "DISPATCHED", { techId: ben, window: hourAt("2026-03-02T19:00:00.000Z") });
    await api.run("ticket.update", { ticket: id, body: { customer_name: "Cal Lane", customer_phone: "+14155552671" } });
    await api.run("assignment.crew", { ticket: id, body: { add: [cleo], reason: "it is heavy" } });
    const path = await pathOf(cleo);
    const { text } = await read(path);
    const [visit, ...more] = await events(path);
    assert.deepEqual([visit?.start, more], ["2026-03-02T19:00:00.000Z", []]);
    assert.match(visit?.description ?? "", /\nYou help\.\nWith Ben Okafor\.$/);
    for (const hidden of ["Cal Lane", "4155552671", "Ring at the dock", "does not latch"])
      assert.ok(!text.includes(hidden), hidden);
    assert.match(text, /\r\nX-WR-CALNAME:Visits of Cleo Dale\r\n/);
    assert.match(text, /\r\nREFRESH-INTERVAL;VALUE=DURATION:PT5M\r\n/);
  });

  test("is sent again only when it has changed, and kept by nobody between", async () => {
    const path = await pathOf(ben);
    const { headers } = await read(path);
    assert.equal(headers["content-type"], "text/calendar; charset=utf-8");
    assert.equal(headers["cache-control"], "private, no-cache");
    const etag = String(headers.etag);
    api.clock.advance(1);
    const same = await read(path, { "if-none-match": etag });
    assert.deepEqual([same.status, same.text], [304, ""]);
    await ticketIn(api, "SCHEDULED", { booked: true, techId: ben, window: hourAt("2026-03-03T20:00:00.000Z") });
    const changed = await read(path, { "if-none-match": etag });
    assert.ok(changed.status === 200 && changed.headers.etag !== etag);
  });

  test("its address is shown once, stored as a hash, and written to no log, answer or history", async () => {
    const key = "00000000-0000-4000-8000-0000000000ca";
    const made = await api.run("tech.calendar_link", { technician: ana, body: {}, key });
    const path = new URL(made.url ?? assert.fail()).pathname;
    const secret = /cal_[\w-]{43}/.exec(path)?.[0] ?? assert.fail(path);
    const again = await api.run("tech.calendar_link", { technician: ana, body: {}, key });
    assert.deepEqual(again, { ...made, url: null });
    assert.equal((await read(path)).status, 200);
    await api.send("POST", path);
    await api.send("GET", `/nowhere/${secret}`);
    const { rows } = await api.owner.query<{ kept: string }>(
      `SELECT secret_hash AS kept FROM technician_calendars WHERE technician_id = $1`,
      [ana],
    );
    assert.deepEqual(rows, [{ kept: createHash("sha256").update(secret).digest("hex") }]);
    for (const table of ["idempotency_keys", "audit_events", "outbox", "rejections", "technician_calendars"]) {
      const held = await api.owner.query(`SELECT FROM ${table} AS t WHERE t::text LIKE '%' || $1 || '%'`, [secret]);
      assert.equal(held.rowCount, 0, table);
    }
    const logged = JSON.stringify(api.log);
    assert.ok(logged.includes("/calendar/[calendar].ics") && logged.includes("/calendar/{*}"));
    assert.ok(!logged.includes(secret));
  });

  test("ends with the next address, when it is withdrawn, and when the technician leaves; all alike", async () => {
    const first = await pathOf(ana);
    const second = await pathOf(ana);
    const unknown = await read(`/calendar/cal_${"x".repeat(43)}.ics`);
    const refusalOf = async (path: string) => {
      const { status, text } = await read(path, { "x-correlation-id": "c" });
      return [status, text];
    };
    const nothing = await refusalOf(`/calendar/cal_${"x".repeat(43)}.ics`);
    assert.equal(unknown.status, 404);
    for (const path of [first, "/calendar/x.ics", "/calendar/", "/calendar/a/b.ics", second.replace(".ics", "")])
      assert.deepEqual(await refusalOf(path), nothing, path);
    assert.equal((await read(second)).status, 200);
    const { url, made_at, ended_previous } = await linkOf(ana, { withdraw: true });
    assert.deepEqual([url, made_at, ended_previous], [null, null, true]);
    assert.deepEqual(await refusalOf(second), nothing);
    const third = await pathOf(cleo);
    await api.run("roster.upsert", { body: { tech_id: cleo, active: false } });
    assert.deepEqual(await refusalOf(third), nothing);
    const { error } = await api.refuse("tech.calendar_link", { technician: cleo, body: {} });
    assert.equal(error.code, "TECH_UNAVAILABLE");
    await api.run("roster.upsert", { body: { tech_id: cleo, active: true } });
    assert.equal((await read(third)).status, 200, "who is back reads on");
    await linkOf(cleo, { withdraw: true });
    assert.deepEqual(await refusalOf(third), nothing);
  });

  test("whoever guesses is soon told to wait, while those who have an address are not", async () => {
    const path = await pathOf(ben);
    assert.equal((await read(path)).status, 200);
    const guesses = [];
    for (let n = 0; n < 40; n++) guesses.push(await read(`/calendar/cal_${String(n).padStart(43, "0")}.ics`));
    const last = guesses.at(-1);
    assert.deepEqual([last?.status, Number(last?.headers["retry-after"]) > 0], [429, true]);
    assert.equal((await read(path)).status, 200);
    api.clock.advance(2);
    assert.equal((await read("/calendar/x.ics")).status, 404);
  });
});
