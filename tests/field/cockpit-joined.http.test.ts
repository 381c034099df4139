// Readers of the cockpit who ask the same at the same time share a read. Nobody who asks after a change was acknowledged
// misses it, nobody is shown another's scope, and a read that fails fails those who shared it.

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { Database } from "../../dispatch/db/pool.ts";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { dispatcherCockpit } from "../../dispatch/field/dispatcher-cockpit.ts";
import { queryHandlers } from "../../dispatch/handlers.ts";
import { deskQuery } from "../../dispatch/kernel/answer-query.ts";
import type { Desk } from "../../dispatch/kernel/desk.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import { startTestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

/** A step of the test that others wait for. */
class Count {
  #count = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();

  up(): number {
    this.#waiting.get(++this.#count)?.resolve();
    return this.#count;
  }

  get value(): number {
    return this.#count;
  }

  reaches(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve();
    const waiting = this.#waiting.get(count) ?? Promise.withResolvers<void>();
    this.#waiting.set(count, waiting);
    return waiting.promise;
  }
}

/** An API whose reads of the queue look at the database, and then wait at a gate with what they saw. */
async function gatedApi(t: TestContext) {
  const [arrived, begun, looked] = [new Count(), new Count(), new Count()];
  const gates: PromiseWithResolvers<void>[] = [];
  let released = false;
  // Before the API's own end, which waits for requests in hand.
  t.after(async () => {
    released = true;
    for (const gate of gates) gate.resolve();
  });
  const gated = new WeakMap<Desk, Desk>();
  const gatedDesk = (desk: Desk): Desk => {
    const rows: Database["rows"] = async (statement, values) => {
      if (!statement.name.startsWith("cockpit_queue")) return desk.db.rows(statement, values);
      begun.up();
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      const seen = await desk.db.rows(statement, values);
      looked.up();
      if (!released) await gate.promise;
      return seen;
    };
    const made = gated.get(desk) ?? { ...desk, db: { ...desk.db, rows } };
    gated.set(desk, made);
    return made;
  };
  const cockpit = deskQuery("dispatcher.cockpit", (call) => {
    assert.equal(dispatcherCockpit.on, "desk");
    const answer = dispatcherCockpit.read({ ...call, desk: gatedDesk(call.desk) });
    // By now the reader has asked: all up to its first wait has run.
    arrived.up();
    return answer;
  });
  const api = await startTestApi({
    t,
    handlers: { commands: commandHandlers, queries: { ...queryHandlers, "dispatcher.cockpit": cockpit } },
  });
  return {
    api,
    arrived,
    begun,
    looked,
    open: (read: number) => (gates[read - 1] ?? assert.fail(`there was no read ${read}`)).resolve(),
    fail: (read: number, error: Error) => (gates[read - 1] ?? assert.fail(`there was no read ${read}`)).reject(error),
  };
}

const idsIn = ({ queue }: { queue: readonly { readonly ticket_id: string }[] }) =>
  queue.map(({ ticket_id }) => ticket_id).toSorted();

describe("readers of one question", () => {
  test("who come after an acknowledged change see it, and share one read", async (t) => {
    const { api, arrived, begun, looked, open } = await gatedApi(t);
    const { id: old } = await ticketIn(api, "NEW");
    const early = api.read("dispatcher.cockpit");
    await looked.reaches(1);
    const { id: fresh } = await ticketIn(api, "NEW");
    const late = ["dana", "erin", "finn"].map((actor) => api.read("dispatcher.cockpit", { actor }));
    await arrived.reaches(4);
    assert.equal(begun.value, 1, "they wait for the next read");
    open(1);
    // What the read under way saw was true when its reader asked, and would be stale for the others.
    assert.deepEqual(idsIn(await early), [old]);
    assert.equal(begun.value, 2, "the next read begins where the one before ends");
    await looked.reaches(2);

    const { id: freshest } = await ticketIn(api, "NEW");
    const last = api.read("dispatcher.cockpit", { actor: "gus" });
    await arrived.reaches(5);
    open(2);
    for (const [at, actor] of ["dana", "erin", "finn"].entries()) {
      const answer = await (late[at] ?? assert.fail());
      assert.deepEqual(idsIn(answer), [old, fresh].toSorted());
      assert.equal(answer.actor.actor_id, actor);
    }
    assert.equal(begun.value, 3);
    open(3);
    assert.deepEqual(idsIn(await last), [old, fresh, freshest].toSorted());
    assert.equal(begun.value, 3);
  });

  test("each get the ticket they selected", async (t) => {
    const { api, arrived, begun, looked, open } = await gatedApi(t);
    const [{ id: one }, { id: other }] = [await ticketIn(api, "NEW"), await ticketIn(api, "NEW")];
    const first = api.read("dispatcher.cockpit");
    await looked.reaches(1);
    const answers = [one, other].map((id) => api.read("dispatcher.cockpit", { query: `ticket_id=${id}` }));
    const refused = api.refuse("dispatcher.cockpit", { query: `ticket_id=${acme.door}` });
    await arrived.reaches(4);
    assert.equal((await refused).error.code, "TICKET_NOT_FOUND");
    open(1);
    await first;
    assert.equal(begun.value, 2);
    open(2);
    for (const [at, id] of [one, other].entries()) {
      const answer = await (answers[at] ?? assert.fail());
      assert.deepEqual([answer.selected_ticket?.ticket.id, answer.filters_applied["ticket_id"]], [id, id]);
      assert.deepEqual(idsIn(answer), [one, other].toSorted());
    }
    assert.equal(begun.value, 2);
  });

  test("are all told when their read fails, and the next readers are served", async (t) => {
    const { api, arrived, begun, looked, open, fail } = await gatedApi(t);
    const { id } = await ticketIn(api, "NEW");
    const first = api.read("dispatcher.cockpit");
    await looked.reaches(1);
    const doomed = [1, 2].map(() => api.refuse("dispatcher.cockpit"));
    await arrived.reaches(3);
    open(1);
    assert.deepEqual(idsIn(await first), [id]);
    assert.equal(begun.value, 2);
    const next = api.read("dispatcher.cockpit");
    await arrived.reaches(4);
    await looked.reaches(2);
    fail(2, new Refusal("DEPENDENCY_UNAVAILABLE", { dependency: "postgres" }));
    for (const answer of doomed) {
      const { status, error } = await answer;
      assert.deepEqual([status, error.code], [503, "DEPENDENCY_UNAVAILABLE"]);
    }
    assert.equal(begun.value, 3);
    open(3);
    assert.deepEqual(idsIn(await next), [id]);
  });
});

test("readers of different questions share nothing, least of all their scope", async (t) => {
  const { api, arrived, begun, open } = await gatedApi(t);
  const { id: mine } = await ticketIn(api, "NEW");
  const { id: theirs } = await ticketIn(api, "TRIAGED", { accountId: borealis.id, siteId: borealis.albany });
  const both = [mine, theirs].toSorted();
  const questions = [
    { ids: both },
    { ids: both, query: "actions=state" },
    { ids: both, query: "actions=none" },
    { ids: both, query: "limit=100" },
    { ids: both, query: "sla_status=healthy" },
    { ids: [mine], query: `account_id=${acme.id}` },
    { ids: [mine], query: `site_id=${acme.oakland}` },
    { ids: [mine], headers: { "x-account-scope": acme.id } },
    { ids: [theirs], headers: { "x-account-scope": borealis.id } },
    { ids: [], headers: { "x-account-scope": "" } },
    { ids: [theirs], headers: { "x-site-scope": borealis.albany } },
    { ids: [], headers: { "x-account-scope": acme.id, "x-site-scope": borealis.albany } },
    { ids: [mine], query: "state=NEW" },
    { ids: [theirs], query: "state=TRIAGED" },
    { ids: both, query: "priority=ROUTINE" },
    { ids: [theirs], query: "incident_type=DOOR_WONT_LATCH" },
    { ids: [], query: `assigned_tech_id=${acme.door}` },
  ];
  const answers = questions.map(({ ids: _, ...asked }) => api.read("dispatcher.cockpit", asked));
  await arrived.reaches(questions.length);
  assert.equal(begun.value, questions.length, "none waits for another");
  for (const at of questions.keys()) open(at + 1);
  for (const [at, { ids, ...asked }] of questions.entries())
    assert.deepEqual(idsIn(await (answers[at] ?? assert.fail())), ids, JSON.stringify(asked));
});
