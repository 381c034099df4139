// Every command and query of the contract, in both profiles, under a flood of requests made from its own schema: valid,
// nearly valid and wrong. No answer breaks the rules, the process outlives it, and its memory stays where it was.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ToolName } from "../../dispatch/contract/index.ts";
import { profiles } from "../support/api.ts";
import { ana, ben } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { judge, Tally } from "./answer-rules.ts";
import { startAttackedApi, type AttackedApi, type Vitals } from "./attacked-api.ts";
import { inLanes, shares, spared, type Lane } from "./lanes.ts";
import { describeRequest, requestBytes } from "./request-bytes.ts";
import { slowHeads } from "./slow-heads.ts";
import { TicketPool } from "./ticket-pool.ts";
import { allTools, requestOf, toolCalls, type ToolCall } from "./tool-requests.ts";

/** From this many requests on, memory has settled and luck evened out. */
const enough = 6_000;
/** How many looks at the process's memory, spread evenly over the flood. */
const looks = 24;
/** What the medians of a late and an early stretch of the flood may differ by, after a forced collection. Beyond the heap the
 * process keeps what ended threads and compiled schemas leave to the allocator.
 * The pool and those who hold connections open come and go by a dozen files; a leak opens many more. */
const margins = { heapUsed: 3 * 2 ** 20, rss: 96 * 2 ** 20, openFiles: 16 };

/** The flood names no entry of the directory by its id, and so gets to none: tests/directory and the tenancy test do. */
const ofOneEntry = /^(?:account|site|contact|asset)\.(?:archive|merge|get)$/;

for (const profile of profiles) {
  test(`a flood of requests from the contract's schemas, ${profile}`, async (t) => {
    const api = await startAttackedApi(t, profile);
    const pool = new TicketPool(api.aside);
    await pool.stock();
    const tally = new Tally();
    // The code is the same under both profiles: what takes many requests to show is looked for under one of them.
    const requests = profile === "pilot" ? spared(shares.contractPilot, 0.6) : spared(shares.contractStrict);
    const isLong = requests >= enough;
    // Others hold connections open meanwhile; one profile's run is long enough to see the end of that.
    const slow = profile === "pilot" ? slowHeads(api.port) : null;
    const memory = new MemoryLog(api, Math.floor(requests / looks));

    const flood = (share: number, tools: readonly ToolName[], go = 0) => {
      const send = async (call: ToolCall, { wire }: Lane): Promise<void> => {
        const request = requestOf(call, pool);
        const answer = await wire.ask(requestBytes(request, api.credentials(request.headers)));
        if (!answer) assert.fail(`no answer to\n${describeRequest(request)}`);
        if (answer.status === 500)
          assert.fail(`${answer.status} ${answer.text}\n${describeRequest(request)}\n${await api.defects()}`);
        const verdict = judge(request, call.tool, answer);
        tally.add(verdict, call.tool);
        if (verdict.code === null) pool.learn(verdict.body);
        pool.topUp(800);
        // Each look is a collection of everything.
        if (isLong) await memory.look(tally.total);
      };
      return inLanes(api.port, share, toolCalls(tools), send, go);
    };
    await flood(requests, allTools);
    const neverObeyed = () => tally.neverObeyed().filter((tool) => !ofOneEntry.test(tool));
    // Those that luck has passed over get another go, or what lies behind their checks would stay untried.
    for (let go = 1; isLong && go <= 5 && neverObeyed().length > 0; go++) {
      await freeBen(api);
      await pool.settled();
      await pool.restock();
      for (const tool of neverObeyed()) {
        t.diagnostic(`another go (${go}) for ${tool}: ${tally.refusalsOf(tool)}`);
        await flood(300, [tool], go);
      }
    }

    await Promise.all([pool.settled(), slow]);
    await assertLongVisitsCostLittle(api);
    await api.assertWell();
    t.diagnostic(tally.report(requests));
    t.diagnostic(`least obeyed: ${tally.leastObeyed()}`);
    if (!isLong) return;
    t.diagnostic(memory.assertFlat());
    const unmet = neverObeyed().map((tool) => `${tool}: ${tally.refusalsOf(tool)}`);
    assert.deepEqual(unmet, [], "the flood did not get past the checks of these, and why");
  });
}

/** After thousands of requests everybody is at work on site, for as long as nobody completes it. */
async function freeBen({ aside: { owner } }: AttackedApi): Promise<void> {
  await owner.query(
    "UPDATE bookings SET state = 'released' WHERE technician_id = $1 AND state IN ('tentative', 'firm')",
    [ben],
  );
  await owner.query("UPDATE tickets SET assigned_tech_id = $2 WHERE assigned_tech_id = $1 AND (in_work OR asking)", [
    ben,
    ana,
  ]);
}

/** No visit is of seven thousand years, but one may be asked about; working out everybody's shifts would take a minute. */
async function assertLongVisitsCostLittle({ aside, front }: AttackedApi): Promise<void> {
  const window = { start: new Date(Date.now() + 3_600_000).toISOString(), end: "9000-01-01T00:00:00.000Z" };
  const { id } = await ticketIn(aside, "SCHEDULED");
  const recommend = (wanted: object) =>
    timed(() => front.run("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT", ...wanted } }));
  const usualMs = await recommend({});
  const longMs = await recommend({ preferred_window: window });
  const movedMs = await timed(async () => {
    const moved = await front.refuse("schedule.move", { ticket: id, body: { ...window, reason: "by a slip" } });
    assert.equal(moved.error.code, "INVALID_REQUEST");
  });
  // A machine that needs seconds for the usual may need them for this.
  assert.ok(longMs + movedMs < 20_000 + 20 * usualMs, `took ${longMs} and ${movedMs} ms where ${usualMs} are usual`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

class MemoryLog {
  readonly #api: AttackedApi;
  readonly #every: number;
  readonly #vitals: Vitals[] = [];
  #next: number;

  constructor(api: AttackedApi, every: number) {
    this.#api = api;
    this.#every = every;
    this.#next = every;
  }

  async look(requests: number): Promise<void> {
    if (requests < this.#next) return;
    this.#next += this.#every;
    this.#vitals.push(await this.#api.vitals());
  }

  /** Compares the stretch from 30 to 60 % with the last 30 %: what comes before is code warming up and caches filling. */
  assertFlat(): string {
    const part = (from: number, to: number) =>
      this.#vitals.slice(Math.floor(this.#vitals.length * from), Math.ceil(this.#vitals.length * to));
    const [early, late] = [part(0.3, 0.6), part(0.7, 1)];
    const told = (["heapUsed", "rss", "openFiles"] as const).map((what) => {
      const [before, after] = [medianOf(early, what), medianOf(late, what)];
      assert.ok(after - before <= margins[what], `${what} grew from ${before} to ${after}`);
      return what === "openFiles"
        ? `${what} ${before} → ${after}`
        : `${what} ${mebibytes(before)} → ${mebibytes(after)} MiB`;
    });
    return `after forced collections: ${told.join(", ")}`;
  }
}

function medianOf(vitals: readonly Vitals[], what: "heapUsed" | "rss" | "openFiles"): number {
  const values = vitals.map((one) => one[what] ?? 0).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
