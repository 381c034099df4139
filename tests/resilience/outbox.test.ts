// Whoever follows the events misses none and sees none twice, although transactions commit in another order than they
// began, and the API it reads from and Postgres are killed on the way. (One stream at one API: tests/api/events.test.ts.)
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import pg from "pg";
import { followEvents, type EventReader } from "./event-reader.ts";
import { createTicket, layOutField, rowsOf, type Field } from "./field.ts";
import { explainFollowing } from "./following.ts";
import { SupervisedDesk } from "./supervised-desk.ts";

const writers = 8;
const commandsEach = 30;
/** A transaction that began before many others and commits after them, every so many commands. */
const lateEvery = 24;
const lateBy = 8;
/** How far the writers may be ahead of the reader, so that every death finds the stream in use. */
const ahead = 40;
/** Who is killed when so many events were seen: the API they are read from, or Postgres behind it. */
const deaths = new Map<number, "reader" | "postgres">([
  [10, "reader"],
  [50, "reader"],
  [90, "postgres"],
  [130, "reader"],
  [170, "reader"],
  [210, "reader"],
]);

/** Counts, and wakes whoever waits for a count. */
class Count {
  #value = 0;
  #waiting: { at: number; wake: () => void }[] = [];

  add(): void {
    this.#value++;
    this.#waiting.filter(({ at }) => at <= this.#value).forEach(({ wake }) => wake());
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#value);
  }

  reached(at: number): Promise<void> {
    return at <= this.#value ? Promise.resolve() : new Promise((wake) => this.#waiting.push({ at, wake }));
  }
}

/** Writes an event as any transaction may, and commits it only when `lateBy` further commands are through. */
async function commitLate(databaseUrl: string, acknowledged: Count, at: number): Promise<boolean> {
  await acknowledged.reached(at);
  const session = new pg.Client({ connectionString: databaseUrl });
  session.on("error", () => undefined);
  try {
    await session.connect();
    await session.query("BEGIN");
    await session.query("INSERT INTO outbox (subject, event, payload, created_at) VALUES ($1, 'late', '{}', now())", [
      `late.${at}`,
    ]);
    await acknowledged.reached(at + lateBy);
    await session.query("COMMIT");
    return true;
  } catch {
    // Postgres was killed under it; it never happened, and nobody may hear of it.
    return false;
  } finally {
    await session.end().catch(() => undefined);
  }
}

test("every event is seen once and in order, through deaths and late commits", async (t) => {
  let explain: (() => Promise<string>) | null = null;
  // Before the hooks that take the desk away.
  t.after(async () => void (explain && t.diagnostic(await explain())));
  const desk = await SupervisedDesk.start(t);
  const field = await layOutField(desk.postgres.url);
  const seen = new Count();
  const reader = followEvents(desk, async (count, from) => {
    seen.add();
    const victim = deaths.get(count);
    if (victim !== undefined) await desk.kill(victim === "postgres" ? victim : from);
  });
  // Where time runs out nothing behind an await runs, and the reader would follow for ever.
  t.after(() => reader.close());
  explain = () => explainFollowing(desk, reader);
  await reader.open;
  const { lateOnes } = await Promise.race([write(desk, field, seen), reader.broken]);
  await assertAllSeen(t, desk, { reader, seen, lateOnes });
  await reader.close();
  explain = null;
});

/** Commands of many clients, and now and then a transaction that commits behind its followers. */
async function write(desk: SupervisedDesk, field: Field, seen: Count): Promise<{ lateOnes: number }> {
  const acknowledged = new Count();
  let begun = 0;
  const late = Promise.all(
    Array.from({ length: (writers * commandsEach) / lateEvery - 1 }, (_, n) =>
      commitLate(desk.postgres.url, acknowledged, (n + 1) * lateEvery),
    ),
  );
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; n < commandsEach; n++) {
        await seen.reached(begun++ - ahead);
        const reply = await desk.deliver(createTicket(field), randomUUID(), { at: writer, patient: true });
        assert.equal(reply.status, 201);
        acknowledged.add();
      }
    }),
  );
  const lateOnes = (await late).filter(Boolean).length;
  assert.ok(lateOnes > 0, "no transaction committed late, so nothing was shown");
  return { lateOnes };
}

type Following = { reader: EventReader; seen: Count; lateOnes: number };

async function assertAllSeen(
  t: TestContext,
  desk: SupervisedDesk,
  { reader, seen, lateOnes }: Following,
): Promise<void> {
  const all = await rowsOf<{ id: string; subject: string }>(
    desk.postgres.url,
    "SELECT xact || '.' || id AS id, subject FROM outbox ORDER BY outbox.xact, outbox.id",
  );
  await Promise.race([seen.reached(all.length), reader.broken]);
  assert.deepEqual(
    reader.seen,
    all.map(({ id, subject }) => ({ id, subject })),
  );
  assert.equal(all.length, writers * commandsEach + lateOnes);
  assert.ok(reader.openings > deaths.size / 2, "the stream hardly broke, so little was shown");
  assert.deepEqual(desk.fallen, [], "an API ended by itself");
  t.diagnostic(
    `${all.length} events, ${lateOnes} of them late; the stream was opened ${reader.openings} times; met ${JSON.stringify(desk.met)}`,
  );
}
