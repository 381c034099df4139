// Sixteen clients lead tickets through their lives while the APIs and Postgres are killed under them, at moments drawn
// by a seeded generator and counted in commands, not in seconds. Afterwards everything acknowledged is there, once, and
// everything else happened entirely or not at all.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { reportOn } from "./audit-report.ts";
import { chance, shuffled } from "../../lab/bench/chance.ts";
import { halves } from "../../lab/bench/halves.ts";
import type { Receipt } from "./callers.ts";
import { effectsOfEach } from "./effects.ts";
import { layOutField, rowsOf, type Field } from "./field.ts";
import { lengthOf, lifeNames, lives, type LifeName } from "./lives.ts";
import { GivenUp, SupervisedDesk, victims, type Victim } from "./supervised-desk.ts";

const seed = 20_260_731;
const clients = 16;
const livesPerClient = 6;
const kills: Record<Victim, number> = { "first API": 6, "second API": 6, postgres: 3 };
const endOf = {
  repair: "CLOSED",
  heldByCustomer: "CLOSED",
  changedOnSite: "INVOICED",
  calledOff: "CANCELLED",
  bookedAndPaused: "CLOSED",
} satisfies Record<LifeName, string>;

type Acknowledged = { key: string; receipt: Receipt; text: string };
type Work = { life: LifeName; name: string; day: number; patient: boolean };

/** What the clients know when it is over. */
class Ledger {
  readonly acknowledged: Acknowledged[] = [];
  readonly unanswered: string[] = [];
  readonly ends = new Map<string, string>();
}

/** Kills when so many commands are settled; `settle` resolves when what is due is dead. */
class Fate {
  readonly #desk: SupervisedDesk;
  readonly #due: { at: number; victim: Victim }[];
  readonly done: Victim[] = [];
  #settled = 0;
  #killing: Promise<void> = Promise.resolve();

  constructor(desk: SupervisedDesk, commands: number, next: () => number) {
    const all = shuffled(
      victims.flatMap((victim) => Array.from({ length: kills[victim] }, () => victim)),
      next,
    );
    // From the fourth hundredth of the work to the last tenth: later ones might find nothing left to disturb.
    const moments = all.map(() => Math.floor(commands * (0.04 + 0.86 * next()))).toSorted((one, other) => one - other);
    this.#desk = desk;
    this.#due = all.map((victim, i) => ({ victim, at: moments[i] ?? 0 }));
  }

  async settle(commands = 1): Promise<void> {
    this.#settled += commands;
    const due = this.#due.filter(({ at }) => at <= this.#settled);
    this.#due.splice(0, due.length);
    for (const { victim } of due) {
      this.#killing = this.#killing.then(async () => {
        await this.#desk.kill(victim);
        this.done.push(victim);
      });
    }
    if (due.length > 0) await this.#killing;
  }

  /** Resolves when the last one is dead. */
  over(): Promise<void> {
    assert.deepEqual(this.#due, [], "the work was over before all were killed");
    return this.#killing;
  }
}

/** One life of one ticket; a client without patience drops the ticket at the first command that finds no answer. */
async function lead(
  desk: SupervisedDesk,
  fate: Fate,
  ledger: Ledger,
  field: Field,
  client: number,
  work: Work,
): Promise<void> {
  let said = 0;
  let last: Receipt | undefined;
  try {
    await lives[work.life](
      async (command) => {
        const key = randomUUID();
        try {
          const { body, text } = await desk.deliver(command, key, { at: client, patient: work.patient });
          assert.ok(body.receipt);
          ledger.acknowledged.push({ key, receipt: (last = body.receipt), text });
          said++;
          await fate.settle();
          return body;
        } catch (error) {
          ledger.unanswered.push(key);
          throw error;
        }
      },
      { field, techId: field.techIds[client] ?? "", day: work.day, name: work.name },
    );
    if (last?.ticket_id) ledger.ends.set(last.ticket_id, endOf[work.life]);
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    await fate.settle((await lengthOf(work.life)) - said);
  }
}

function workOf(client: number, next: () => number): Work[] {
  return Array.from({ length: livesPerClient }, (_, n) => ({
    life: lifeNames[Math.floor(next() * lifeNames.length)] ?? "repair",
    name: `client ${client} job ${n}`,
    day: 2 * n,
    patient: next() < 0.75,
  }));
}

test("nothing acknowledged is lost and nothing is done by halves", async (t) => {
  const next = chance(seed);
  const desk = await SupervisedDesk.start(t);
  const field = await layOutField(desk.postgres.url, clients);
  const works = Array.from({ length: clients }, (_, client) => workOf(client, next));
  const lengths = await Promise.all(works.flat().map(({ life }) => lengthOf(life)));
  const fate = new Fate(
    desk,
    lengths.reduce((sum, length) => sum + length, 0),
    next,
  );
  const ledger = new Ledger();

  const begun = performance.now();
  await Promise.all(
    works.map(async (lot, client) => {
      for (const work of lot) await lead(desk, fate, ledger, field, client, work);
    }),
  );
  await fate.over();
  await desk.allUp();
  tell(t, desk, fate, ledger, performance.now() - begun);
  assert.deepEqual(desk.fallen, [], "an API ended by itself");

  await assertAcknowledged(desk.postgres.url, ledger);
  await assertWhole(desk.postgres.url, ledger);
});

function tell(
  t: TestContext,
  desk: SupervisedDesk,
  { done }: Fate,
  { acknowledged, unanswered, ends }: Ledger,
  ms: number,
): void {
  const killed = Map.groupBy(done, (victim) => victim);
  t.diagnostic(
    `seed ${seed}, ${Math.round(ms / 100) / 10} s: ${acknowledged.length} commands acknowledged, ${unanswered.length} given up, ` +
      `${ends.size} tickets to their end; killed ${[...killed].map(([victim, all]) => `${victim} ${all.length}×`).join(", ")}; ` +
      `met ${JSON.stringify(desk.met)}`,
  );
}

/** Every acknowledged command is in the trail exactly once, with the receipt and the answer that were given. */
async function assertAcknowledged(databaseUrl: string, { acknowledged, ends }: Ledger): Promise<void> {
  const wrong = await rowsOf<object>(
    databaseUrl,
    `SELECT told.key, told.hash, array_agg(e.hash) AS hashes, array_agg(k.response_body::text = told.answer) AS same_answer
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS told (key, receipt_id, hash, answer)
     LEFT JOIN audit_events e ON e.request_id = told.key
     LEFT JOIN idempotency_keys k ON k.request_id = told.key
     GROUP BY told.key, told.receipt_id, told.hash
     HAVING count(*) <> 1 OR bool_and(e.id = told.receipt_id AND e.hash = told.hash AND k.response_body::text = told.answer) IS NOT TRUE`,
    [
      acknowledged.map(({ key }) => key),
      acknowledged.map(({ receipt }) => receipt.receipt_id),
      acknowledged.map(({ receipt }) => receipt.hash),
      acknowledged.map(({ text }) => text),
    ],
  );
  assert.deepEqual(wrong, []);
  const states = await rowsOf<{ id: string; state: string }>(
    databaseUrl,
    "SELECT id, state FROM tickets WHERE id = ANY ($1)",
    [[...ends.keys()]],
  );
  assert.deepEqual(new Map(states.map(({ id, state }) => [id, state])), ends);
}

async function assertWhole(databaseUrl: string, { unanswered }: Ledger): Promise<void> {
  for (const [what, sql] of Object.entries(halves)) assert.deepEqual(await rowsOf<object>(databaseUrl, sql), [], what);
  for (const { audit, outbox, answers } of await effectsOfEach(databaseUrl, unanswered)) {
    assert.ok(audit <= 1 && outbox === audit && answers === audit, JSON.stringify({ audit, outbox, answers }));
  }
  const { faults, events } = await reportOn(databaseUrl);
  assert.deepEqual(faults, []);
  assert.ok(events > 0);
}
