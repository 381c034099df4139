// Why somebody is left out, as a dispatcher reads it in the chat: each reason made by the roster's commands and put to the
// tools, names instead of ids, and short also when the whole roster is left out.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeReading } from "../../plugin/src/describe-reading.ts";
import { arrange, reasons, visitMinutes, window } from "../field/arranged-reasons.ts";
import { startTestApi } from "../support/api.ts";
import { ana } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { believing, openChat } from "./chat.ts";

/** The line a dispatcher reads for each. */
const read: Readonly<Record<keyof typeof reasons, string>> = {
  NO_SHIFT: 'left out, NO_SHIFT (has no shift on record): "Dev Patel"',
  OFF_SHIFT: 'left out, OFF_SHIFT (is off shift or on a break then): "Dev Patel"',
  SITE_CLOSED:
    'left out, SITE_CLOSED ("the site is open 09:01-12:00 on Tuesday 2026-03-03 (local time, UTC)"): "Dev Patel"',
  TIME_OFF: 'left out, TIME_OFF (has time off then): "Dev Patel"',
  BUSY: 'left out, BUSY (is at work on site, and has not checked out): "Dev Patel"',
  BOOKED: 'left out, BOOKED (has other work then): "Dev Patel"',
  SKILL_MISSING: 'left out, SKILL_MISSING ("lacks auto_operator"): "Dev Patel"',
  TOOL_MISSING: 'left out, TOOL_MISSING ("has no multimeter"): "Dev Patel"',
  ZONE_MISMATCH: 'left out, ZONE_MISMATCH ("works in NV, the site is in CA"): "Dev Patel"',
  DRAINED: 'left out, DRAINED (takes no new work): "Dev Patel"',
  INACTIVE: 'left out, INACTIVE (no longer works here): "Dev Patel"',
  TOO_FAR: 'left out, TOO_FAR (cannot drive there and on to the next stop in time): "Dev Patel"',
  AUTONOMY_PAUSED: 'left out, AUTONOMY_PAUSED (automatic work is paused; a person may still assign): "Dev Patel"',
};

const hasLine = (text: string, line: string): void =>
  assert.ok(text.split("\n").includes(line), `${line}\nnot in\n${text}`);

describe("in the chat", async () => {
  const api = await startTestApi({ profile: "strict", env: believing });
  const chat = openChat(api.url, { clock: api.clock });

  for (const [reason, arranged] of Object.entries(reasons)) {
    test(`${reason} reads as a dispatcher says it`, async () => {
      await api.owner.query("UPDATE technicians SET active = false");
      const { techId, ticket } = await arrange(api, arranged);
      const line = read[reason] ?? assert.fail(reason);
      const wish = {
        ticket_id: ticket,
        earliest: window.start,
        latest: window.end,
        duration_minutes: visitMinutes,
        tech_id: techId,
      };
      if (arranged.asking) {
        // No chat speaks for a machine; the worker's own answer, described.
        const query = new URLSearchParams({
          earliest: window.start,
          latest: window.end,
          duration_minutes: String(visitMinutes),
          tech_id: techId,
        }).toString();
        return hasLine(
          describeReading("schedule.slots", await api.read("schedule.slots", { ticket, query, ...arranged.asking }), [
            "dispatcher",
          ]),
          line,
        );
      }
      const slots = await chat.say("schedule.slots", wish);
      hasLine(slots.text, "no free slot");
      hasLine(slots.text, line);
      const booking = await chat.say("schedule.book", wish);
      assert.match(booking.first, /^REFUSED NO_FEASIBLE_SLOT /);
      hasLine(booking.text, line);
      assert.ok(!booking.text.includes(techId), "names, not ids");
      const ranking = await chat.say("assignment.recommend", {
        ticket_id: ticket,
        service_type: "DEFAULT",
        preferred_window: window,
      });
      assert.match(ranking.first, /^DONE /);
      assert.ok(ranking.text.includes(line), ranking.text);
    });
  }

  test("a dispatch that is refused says why, in the same words", async () => {
    const { techId } = await arrange(api, reasons["BOOKED"] ?? assert.fail());
    const { id } = await ticketIn(api, "SCHEDULED", {
      window: { start: "2026-03-03T10:00:00.000Z", end: "2026-03-03T11:00:00.000Z" },
    });
    const { first, text } = await chat.say(
      "assignment.dispatch",
      { ticket_id: id, tech_id: techId },
      { card: "allow-once" },
    );
    assert.match(first, /^REFUSED TECH_UNAVAILABLE /);
    hasLine(text, "reason: BOOKED (has other work then)");
  });

  test("a booking names who was left out beside the one who comes, and the drive", async () => {
    await api.owner.query("UPDATE technicians SET active = id = $1, home_lat = 37.83, home_lon = -122.27", [ana]);
    await arrange(api, { person: { skills: [] } });
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { incidentType: "AUTO_OPERATOR_FAULT" });
    const slots = await chat.say("schedule.slots", { ticket_id: id, limit: 1 });
    assert.match(
      slots.text,
      /^1\. .* "Ana Alvarez" score -?\d+, drive 8 min \(estimated\) \(at the site \S+ to \S+\)$/m,
    );
    const { text } = await chat.say("schedule.book", { ticket_id: id });
    assert.match(text, /^booking \S+ tech_id \S+ \S+ to \S+, drive 8 min \(estimated\) \(at the site \S+ to \S+\)$/m);
    hasLine(text, 'left out, SKILL_MISSING ("lacks auto_operator"): "Dev Patel"');
  });

  test("forty people left out are a few lines: the nearest to able first, six names a line, and how many more", async () => {
    await api.owner.query("UPDATE technicians SET active = false");
    await api.owner.query("UPDATE technicians SET name = 'Gone ' || substr(id::text, 1, 4)");
    await api.owner.query(
      `INSERT INTO technicians (id, name, zone, skills, tools, drained_at)
       SELECT gen_random_uuid(), 'Technician ' || n, CASE WHEN n <= 10 THEN 'NV' ELSE 'CA' END,
              CASE WHEN n <= 20 THEN ARRAY['auto_operator'] ELSE '{}' END,
              '{multimeter}', CASE WHEN n > 30 THEN now() END
       FROM generate_series(1, 40) AS n`,
    );
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { incidentType: "AUTO_OPERATOR_FAULT" });
    const { text } = await chat.say("schedule.book", { ticket_id: id });
    const lines = text.split("\n").filter((line) => line.startsWith("left out"));
    assert.deepEqual(
      lines.map((line) => /^left out, (\w+) /.exec(line)?.[1]),
      ["DRAINED", "NO_SHIFT", "ZONE_MISMATCH", "SKILL_MISSING", "INACTIVE"],
    );
    for (const line of lines.slice(0, 4)) {
      assert.equal(line.match(/"Technician \d+"/g)?.length, 6, line);
      assert.match(line, / and 4 more$/);
    }
    assert.ok(text.length < 1_600, String(text.length));
  });

  test("what nobody can do is said at triage, and by every recommendation", async () => {
    await api.owner.query("UPDATE technicians SET active = true, skills = '{door_hardware}', tools = '{}'");
    const { id } = await ticketIn(api, "NEW");
    const warnings = [
      'WARNING NOBODY_ABLE "Nobody on the roster has the skill glazing, which this incident type requires."',
      'WARNING NOBODY_ABLE "Nobody on the roster carries the tool glass_lifter, which this incident type requires."',
    ];
    const triage = await chat.say("ticket.triage", {
      ticket_id: id,
      priority: "URGENT",
      incident_type: "FRAME_OR_GLASS_DAMAGE",
      ready_to_schedule: true,
    });
    for (const line of warnings) hasLine(triage.text, line);
    const ranking = await chat.say("assignment.recommend", { ticket_id: id, service_type: "DEFAULT" });
    for (const line of warnings) hasLine(ranking.text, line);
  });
});
