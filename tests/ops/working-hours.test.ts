// Working hours as people write them in a cell, and names of skills and zones beside those that a desk knows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { judgeName, judgeZone } from "../../dispatch/ops/import/technicians/known-names.ts";
import { readDays, readHours, readTime } from "../../dispatch/ops/import/technicians/working-hours.ts";

/** As short as can be read: "12345 07:00-16:00 (12:00-12:30)". */
function told(written: string): string {
  const read = readHours(written);
  if ("fault" in read) return read.fault;
  return read.shifts
    .map(({ weekdays, start_time, end_time, breaks }) => {
      const pauses = breaks.map(({ start, end }) => ` (${start}-${end})`).join("");
      return `${weekdays.join("")} ${start_time}-${end_time}${pauses}`;
    })
    .join("; ");
}

describe("working hours", () => {
  for (const [written, expected] of [
    ["Mo-Fr 7:00-16:00", "12345 07:00-16:00"],
    ["Mon–Fri 08:00-16:30, Sat 9-12", "12345 08:00-16:30; 6 09:00-12:00"],
    ["Mo-Do 7-16 Uhr; Fr 7-13 Uhr; Pause 12:00-12:30", "1234 07:00-16:00 (12:00-12:30); 5 07:00-13:00 (12:00-12:30)"],
    ["Mo, Mi, Fr 8.00 bis 16.30 Uhr", "135 08:00-16:30"],
    ["Mo.-Fr. 0730-1600", "12345 07:30-16:00"],
    ["Mon-Fri 8am-5pm", "12345 08:00-17:00"],
    ["Sa-Mo 6-14", "167 06:00-14:00"],
    ["täglich 8-18", "1234567 08:00-18:00"],
    ["24/7", "1234567 00:00-24:00"],
    ["22:00-06:00", "12345 22:00-06:00"],
    ["8-12, 13-17", "12345 08:00-12:00; 12345 13:00-17:00"],
    ["nach Absprache", '"nach" is no day of the week and no word we know'],
    ["Mo-Fr", "it names no hours, such as Mon-Fri 08:00-16:30"],
    ["Mo-Fr 8", "the time 08:00 has no end; write 08:00-16:30"],
    ["Mo-Fr 7-25", '"25" is no time of the day'],
    ["Mo- 7-16", 'a range of days that begins with "mo" has no end'],
    ["Mo-Fr 8-16 Sa", "days at its end have no hours"],
    ["Mo-Fr 8-16 Pause 18-19", "the break 18:00-19:00 lies in none of the hours before it"],
    ["Pause 12-13", "a break needs its beginning and end behind the hours it lies in, such as Pause 12:00-12:30"],
  ] as const)
    test(`${written}: ${expected}`, () => assert.equal(told(written), expected));

  test("are days and times alone where a table has columns of their own for them", () => {
    assert.deepEqual(
      [readDays("Mo-Do"), readDays("Mo, Mi"), readDays("weekdays")],
      [
        [1, 2, 3, 4],
        [1, 3],
        [1, 2, 3, 4, 5],
      ],
    );
    assert.deepEqual(
      ["7", "07:30", "5pm", "x", "7-8"].map((time) => readTime(time)),
      ["07:00", "07:30", "17:00", null, null],
    );
    assert.equal(readDays("Mon-Fri 8-9"), null);
  });

  test("come to shifts of a day at least, or to a fault, whatever stands there", () => {
    const pieces = fc.constantFrom(
      "Mo",
      "-",
      "Fr",
      "8",
      "16:30",
      "Pause",
      ",",
      ";",
      " ",
      "Uhr",
      "am",
      "24",
      "x",
      ".",
      "täglich",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const read = readHours(parts.join(" "));
        if ("fault" in read) return assert.notEqual(read.fault, "");
        for (const { weekdays, start_time, end_time } of read.shifts) {
          assert.ok(weekdays.length > 0);
          assert.match(
            `${start_time} ${end_time}`,
            /^[01]\d:[0-5]\d|2[0-3]:[0-5]\d (?:[01]\d:[0-5]\d|2[0-3]:[0-5]\d|24:00)$/,
          );
        }
      }),
    );
  });
});

describe("a name of a table", () => {
  const skills = ["door_hardware", "auto_operator", "glazing"];

  test("is the known one where only blanks, hyphens and letter case differ", () => {
    for (const written of ["door_hardware", "Door hardware", "DOOR-HARDWARE"])
      assert.deepEqual(judgeName(written, skills, false), { is: "known", name: "door_hardware" });
  });

  test("that is nearly a known skill is taken for misspelt, unless it is wanted as it is written", () => {
    assert.deepEqual(judgeName("dor hardware", skills, false), { is: "misspelt", closest: "door_hardware" });
    assert.deepEqual(judgeName("dor hardware", skills, true), { is: "new" });
    assert.deepEqual(judgeName("locksmith", skills, false), { is: "new" });
  });

  test("of a zone is misspelt by one slip within a word, since zones are alike by nature", () => {
    const zones = ["Nord", "Dresden", "Bezirk A", "Leipzig 1"];
    for (const written of ["Nordost", "Bezirk B", "Leipzig 2", "Ost"])
      assert.deepEqual(judgeZone(written, zones, false), { is: "new" }, written);
    for (const written of ["Dresdn", "Drseden", "Dresdten", "dresten"])
      assert.deepEqual(judgeZone(written, zones, false), { is: "misspelt", closest: "Dresden" }, written);
    assert.deepEqual(judgeZone("NORD", zones, false), { is: "known", name: "Nord" });
  });
});
