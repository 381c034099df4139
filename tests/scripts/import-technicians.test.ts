// `pnpm dispatch:import --kind technicians` as an operator runs it on a roster.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { TechnicianBody } from "../../dispatch/contract/roster-responses.ts";
import { startTestApi } from "../support/api.ts";
import { importTables } from "./import-tables.ts";
import { workbookOf, zipOf } from "../support/workbook-file.ts";

const rowOf = (cells: readonly string[]): string =>
  `<row>${cells.map((text) => `<c t="inlineStr"><is><t>${text}</t></is></c>`).join("")}</row>`;

/** As people have them: a title above, semicolons, umlauts, words of their own for skills, and every kind of slip. */
const messy = [
  "Monteure Stand 01.11.2026;;;;;;;;;",
  "Personalnummer;Vorname;Nachname;Gebiet;Fähigkeiten;Werkzeuge;Arbeitszeit;Zeitzone;Wohnort;Handy",
  'P-1;Jörg;Größ;"Dresden; Leipzig";"Door hardware, Glazing";multimeter;Mo-Fr 7:00-15:30, Pause 12:00-12:30;;Dresden;0171 1111111',
  "P-2;Änne;Süß;Dresden;auto_operator;;Mo-Do 7-16 Uhr, Fr 7-13 Uhr;Europe/Berlin;Pirna;0171 2222222",
  "P-3;Karl;Öhm;Dresdn;dor hardware;;Mo-Fr 8-16;;Dresden;0171 3333333",
  'P-4;Uwe;Faß;"Dresden; Leipzig";;;Mo-Fr 8-16;CET;Leipzig;',
  "P-5;Ida;Weiß;Leipzig;Schlösser;;nach Absprache;;Leipzig;",
  "P-6;;;Leipzig;;;;;;",
  "P-1;Jörg;Größ;Dresden;;;;;Dresden;",
  "Summe;;;;;;;;;",
].join("\r\n");

describe("dispatch:import --kind technicians", async () => {
  const api = await startTestApi({ profile: "strict" });
  const tables = await importTables(api, after);
  const { write } = tables;
  const run = (...args: string[]) => tables.import("--kind", "technicians", ...args);
  const roster = async (): Promise<readonly TechnicianBody[]> => (await api.read("roster.list")).technicians;
  const named = async (name: string): Promise<TechnicianBody | undefined> =>
    (await roster()).find((one) => one.name === name);

  test("says of a messy file what would happen, row by row with the way out, and writes nothing", async () => {
    const before = await roster();
    const file = await write("monteure.csv", Buffer.from(messy, "latin1"));
    const { code, stdout } = await run("--dry-run", "--time-zone", "Europe/Berlin", file);
    assert.equal(code, 1);
    for (const line of [
      "CSV, semicolon, Windows-1252; columns in row 2, 7 rows, each a technician",
      "not kept  Wohnort → technician.home_address, Handy → technician.phone",
      "skipped   row 10: a total",
      "technicians           2          0          0",
      "cannot be used: 5 rows",
      'row 5  technician.zone "Dresdn" is not known; perhaps Dresden is meant. Write that, or take names as they are',
      'row 5  technician.skills "dor hardware" is not known; perhaps door_hardware is meant.',
      'row 6  technician.time_zone "CET" is no place\'s time zone; name the zone of the place: perhaps Europe/Berlin or Europe/Paris',
      'row 7  technician.hours "nach Absprache": "nach" is no day of the week and no word we know',
      "row 8  technician.name is required: the row names nobody",
      'row 9  technician.name "Jörg Größ" is whom row 3 means; leave one of the two',
      "Nothing was written: this was a dry run.",
    ])
      assert.ok(stdout.includes(line), `${line}\nis not in\n${stdout}`);
    const whole = await run("--time-zone", "Europe/Berlin", file);
    assert.deepEqual([whole.code, await roster()], [1, before]);
    assert.match(whole.stdout, /Nothing was written, since rows cannot be used/);
  });

  test("makes who is new with their hours, and nothing a second time", async () => {
    const file = await write("monteure.csv", Buffer.from(messy, "latin1"));
    const args = ["--skip-refused", "--time-zone", "Europe/Berlin", "--source", "lexware", file];
    const first = await run(...args);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    const made = await named("Jörg Größ");
    assert.ok(made);
    const { zone, zones, skills, tools, abilities_on_record, shifts } = made;
    assert.deepEqual(
      { zone, zones, skills, tools, abilities_on_record, shifts },
      {
        zone: "Dresden",
        zones: ["Dresden", "Leipzig"],
        skills: ["door_hardware", "glazing"],
        tools: ["multimeter"],
        abilities_on_record: true,
        shifts: [
          {
            weekdays: [1, 2, 3, 4, 5],
            start_time: "07:00",
            end_time: "15:30",
            time_zone: "Europe/Berlin",
            breaks: [{ start: "12:00", end: "12:30" }],
            valid_from: null,
            valid_to: null,
            on_call: false,
          },
        ],
      },
    );
    const before = await roster();
    const again = await run(...args);
    assert.match(again.stdout, /technicians +0 +0 +2\n/);
    assert.deepEqual([again.code, await roster()], [0, before]);
    const { rows } = await api.owner.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM audit_events WHERE payload->>'technician_id' = $1",
      [made.id],
    );
    assert.deepEqual(rows, [{ n: 2 }], "one event of roster.upsert and one of roster.set_shifts");
  });

  test("changes what a later file says, and leaves shifts on call and what it does not say", async () => {
    const { id, shifts: had } = (await named("Jörg Größ")) ?? assert.fail();
    const onCall = { weekdays: [6], start_time: "08:00", end_time: "20:00", time_zone: "Europe/Berlin", on_call: true };
    const weekly = had.map(({ valid_from: _from, valid_to: _to, on_call: _call, ...shift }) => shift);
    await api.run("roster.set_shifts", { body: { shifts: [...weekly, onCall] }, technician: id });
    const file = await write(
      "later.csv",
      "ID,Technician,Working hours,Latitude,Longitude\nP-1,Jörg Größ,Mo-Fr 6-14,51.05,13.74\n",
    );
    const { code, stdout } = await run("--source", "lexware", "--time-zone", "Europe/Berlin", file);
    assert.deepEqual([code, /technicians +0 +1 +0\n/.test(stdout)], [0, true], stdout);
    const { skills, home_lat, shifts } = (await named("Jörg Größ")) ?? assert.fail();
    assert.deepEqual([skills, home_lat], [["door_hardware", "glazing"], 51.05]);
    assert.deepEqual(
      shifts.map(({ weekdays, start_time, on_call }) => [weekdays, start_time, on_call]),
      [
        [[1, 2, 3, 4, 5], "06:00", false],
        [[6], "08:00", true],
      ],
    );
  });

  test("finds who has no external id by their name, and tells of a new one who is called like another", async () => {
    const file = await write("names.csv", "Name;Skills\notto  kranz;Glazing\n");
    await api.run("roster.upsert", { body: { name: "Otto Kranz", zone: "Dresden" } });
    const changed = await run(file);
    assert.match(changed.stdout, /technicians +0 +1 +0\n/, changed.stdout + changed.stderr);
    assert.deepEqual((await named("Otto Kranz"))?.skills, ["glazing"], "who keeps their name as the desk writes it");
    const twin = await write("twin.csv", "ID;Name;Hours;Skills\nX-9;Otto Kranz;Mo-Fr 8-16;Glazing\n");
    const { stdout } = await run("--dry-run", "--time-zone", "Europe/Berlin", twin);
    assert.match(stdout, /are called like one on the roster[^\n]*\n +row 2 {2}"Otto Kranz" \([0-9a-f-]{36}\)/);
  });

  test("reads a workbook, columns in English, and time zones by row", async () => {
    const sheet = [
      [
        "Employee ID",
        "Full name",
        "Territory",
        "Skills",
        "Days",
        "Shift start",
        "Shift end",
        "Time zone",
        "Hourly cost",
      ],
      ["E-1", "Nora Reyes", "Boston", "glazing / locksmith", "Mon-Thu", "06:30", "15:00", "America/New_York", "41.50"],
    ];
    const file = await write("crew.xlsx", zipOf(workbookOf([{ name: "Crew", rows: sheet.map(rowOf).join("") }])));
    const { code, stdout } = await run(file);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /row 2 {2}technician\.skills "locksmith" is new: no kind of work asks for it; known: auto_operator, /,
    );
    assert.match(stdout, /not kept {2}Hourly cost → technician\.cost/);
    const { skills, shifts } = (await named("Nora Reyes")) ?? assert.fail();
    assert.deepEqual(
      [skills, shifts[0]?.weekdays, shifts[0]?.time_zone],
      [["glazing", "locksmith"], [1, 2, 3, 4], "America/New_York"],
    );
  });

  test("is asked for where a table without a kind looks like technicians, so that they do not become customers", async () => {
    const file = await write("nobody-said.csv", "Name;Skills\nEva Süß;Glazing\n");
    const { stderr } = await tables.import("--dry-run", file);
    assert.match(stderr, /The column Skills looks as if each row were a technician: say --kind technicians\./);
  });

  test("says what is wrong with an option or a file before it writes", async () => {
    const file = await write("one.csv", "Name;Arbeitszeit\nEva Süß;Mo-Fr 8-16\n");
    for (const [args, words] of [
      [
        ["--time-zone", "Berlin", file],
        /--time-zone "Berlin" is no time zone's full name; name the zone of the place: Europe\/Berlin/,
      ],
      [
        [file],
        /row 2 {2}technician\.time_zone is required for working hours: add a column Time zone, or say --time-zone/,
      ],
      [[await write("none.csv", "A;B\n1;2\n")], /No column is known: A, B\./],
      [["--kind", "vans", file], /--kind must be one of account, site, contact, asset, technician, not vans/],
    ] as const) {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 1, stdout);
      assert.match(stdout + stderr, words);
    }
    assert.equal(await named("Eva Süß"), undefined);
  });
});
