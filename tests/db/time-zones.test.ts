// The time zones of Node, of the embedded Postgres and of the machine are three editions. Only Node's are reckoned with; where the
// others differ within a year is named here, and that no SQL asks Postgres for a local time.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { triedZoneData, zoneData, zoneDataWarning } from "../../dispatch/process/zone-data.ts";
import { localIso } from "../../dispatch/workforce/local-time.ts";
import { loadStatements } from "../../lab/generate/statement-rows.ts";
import { createTestDatabase } from "../support/database.ts";
import { testStatement } from "../support/statement.ts";

/** The year after the edition that this release was tried with. */
const from = Date.UTC(2026, 10, 1, 12);
const dayMs = 86_400_000;
/** One a week: no place changes its clocks for less. */
const days = Array.from({ length: 53 }, (_, week) => from + week * 7 * dayMs);

/** Minutes east of UTC at noon of each of these days, in UTC. */
const nodesOffsets = (zone: string): number[] =>
  days.map((instant) => minutesOf(localIso(instant, zone)?.slice(-6) ?? ""));

function minutesOf(offset: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(offset) ?? assert.fail(`no offset: ${offset}`);
  return (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
}

const postgresOffsets = testStatement(
  "test_zone_offsets",
  `SELECT z.name,
          array_agg((extract(epoch FROM (day AT TIME ZONE z.name) - (day AT TIME ZONE 'UTC')) / 60)::integer ORDER BY day) AS offsets
   FROM pg_timezone_names z,
        generate_series(to_timestamp($1::float8), to_timestamp($1::float8) + interval '364 days', interval '7 days') day
   WHERE z.name = ANY ($2::text[])
   GROUP BY z.name`,
);

const zones = Intl.supportedValuesOf("timeZone");
function differing(known: ReadonlyMap<string, readonly number[]>): string[] {
  return zones.filter((zone) => {
    const nodes = nodesOffsets(zone);
    return known.get(zone)?.some((offset, day) => offset !== nodes[day]);
  });
}

test("the Node of package.json has the edition this release was tried with", () => {
  assert.equal(zoneData(), triedZoneData);
  assert.equal(zoneDataWarning(), null);
  assert.equal(zoneDataWarning("2027a"), null);
  assert.match(zoneDataWarning("2026c") ?? "", /time zones of 2026c, older than 2026e/);
});

test("Node knows the clocks that were changed in 2026", () => {
  const winter = Date.UTC(2026, 11, 1, 12);
  for (const zone of ["America/Winnipeg", "America/Rainy_River"])
    assert.match(localIso(winter, zone) ?? "", /-05:00$/, zone);
  assert.match(localIso(winter, "America/Inuvik") ?? "", /-06:00$/);
});

test("in these zones the embedded Postgres would tell another time", async (t) => {
  const client = new pg.Client({ connectionString: (await createTestDatabase(t)).url });
  await client.connect();
  const { rows } = await client
    .query<{ name: string; offsets: number[] }>(postgresOffsets.text, [from / 1000, zones])
    .finally(() => client.end());
  const known = new Map(rows.map(({ name, offsets }) => [name, offsets]));
  assert.ok(known.size > 400, `Postgres knows ${known.size} of ${zones.length} zones`);
  const differ = differing(known);
  t.diagnostic(`Node ${zoneData()} and this Postgres differ in ${differ.join(", ") || "no zone"}`);
  if (process.env["DISPATCH_TEST_DATABASE_URL"] !== undefined) return;
  assert.deepEqual(differ, [
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Edmonton",
    "America/Inuvik",
    "America/Winnipeg",
  ]);
});

test("and in these the machine itself", async (t) => {
  const read = await promisify(execFile)("zdump", ["-v", "-c", "2026,2028", ...zones], { maxBuffer: 64 << 20 }).catch(
    (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? null : Promise.reject(error)),
  );
  if (read === null) return t.skip("zdump of Debian's libc-bin is not installed");
  const known = new Map<string, number[]>();
  for (const [zone, changes] of changesIn(read.stdout))
    known.set(
      zone,
      days.map((day) => changes.findLast(({ at }) => at <= day)?.offset ?? changes[0]?.offset ?? 0),
    );
  assert.ok(known.size > 100, `zdump tells the changes of ${known.size} zones`);
  t.diagnostic(`Node ${zoneData()} and this machine differ in ${differing(known).join(", ") || "no zone"}`);
  return undefined;
});

/** "Europe/Berlin  Sun Mar 29 01:00:00 2026 UT = Sun Mar 29 03:00:00 2026 CEST isdst=1 gmtoff=7200", of zones whose clocks change. */
function changesIn(text: string): Map<string, { at: number; offset: number }[]> {
  const changes = new Map<string, { at: number; offset: number }[]>();
  for (const [, zone = "", at = "", offset] of text.matchAll(/^(\S+) +\w{3} (.+) UT = .* gmtoff=(-?\d+)$/gm)) {
    const instant = Date.parse(`${at} UTC`);
    if (Number.isNaN(instant)) continue;
    const ofZone = changes.get(zone) ?? [];
    changes.set(zone, ofZone);
    ofZone.push({ at: instant, offset: Number(offset) / 60 });
  }
  return changes;
}

test("no statement asks Postgres for a local time", async () => {
  const local =
    /at time zone(?! 'UTC')|\btimezone\(|current_date|current_time\b|localtime|date_trunc|make_timestamptz|now\(\)::(date|time)/i;
  const asking = (await loadStatements()).filter(({ text }) => local.test(text)).map(({ name }) => name);
  assert.deepEqual(asking, []);
  assert.match(postgresOffsets.text, local);
});
