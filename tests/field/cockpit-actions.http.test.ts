// What a reader of the cockpit may leave out: actions with every row, once for each state, or none; and tickets that wait
// for money alone, which are in the queue only for those who ask.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { acme, addSite } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { allStates } from "../contract/roles-and-states.ts";

const outside = ["VERIFIED", "INVOICED", "CLOSED", "CANCELLED"];
const inQueue = allStates.filter((state) => !outside.includes(state));

describe("a desk with two tickets in every state", async () => {
  const api = await startTestApi();
  const siteId = await addSite(api.owner, { region: "CA", name: 'Zażółć "gęślą" \u2028 {ticketId} 🚪' });
  for (const state of [...allStates, ...allStates]) await ticketIn(api, state, { siteId });
  const asked = `state=${allStates.join(",")}&limit=500`;
  const answer = (query: string) => api.read("dispatcher.cockpit", { query });

  test("answers in full when nothing is asked, in the bytes any serialiser would write", async () => {
    const [plain, full] = [
      await api.call("dispatcher.cockpit", { query: asked }),
      await api.call("dispatcher.cockpit", { query: `${asked}&actions=full` }),
    ];
    assert.equal(plain.text, full.text);
    assert.equal(plain.text, JSON.stringify(JSON.parse(plain.text)));
    assert.equal(Number(plain.headers["content-length"]), Buffer.byteLength(plain.text));
    const head = await api.send("HEAD", `/ux/dispatcher/cockpit?${asked}`, {
      "x-actor-id": "dispatcher-1",
      "x-actor-role": "dispatcher",
    });
    assert.deepEqual([head.text, head.headers["content-length"]], ["", plain.headers["content-length"]]);
    const body = await answer(asked);
    assert.deepEqual(Object.keys(body), [
      "generated_at",
      "actor",
      "filters_applied",
      "queue",
      "next_cursor",
      "selected_ticket",
    ]);
    assert.equal(body.queue.length, 2 * allStates.length);
    for (const row of body.queue) {
      assert.equal(Object.keys(row).at(-1), "actions");
      const own = `/${row.ticket_id}`;
      for (const { endpoint } of row.actions ?? assert.fail()) assert.ok(endpoint.includes(own), endpoint);
    }
  });

  test("says once for each state what it says with each row in full", async () => {
    const full = await answer(asked);
    const { actions_by_state: byState = assert.fail(), ...rest } = await answer(`${asked}&actions=state`);
    const { queue, ...frame } = full;
    const rows = queue.map(({ actions: _, ...row }) => row);
    assert.deepEqual(rest, { ...frame, queue: rows });
    assert.deepEqual(Object.keys(byState).toSorted(), allStates.toSorted());
    for (const { state, ticket_id, actions } of queue) {
      const filledIn = byState[state]?.map((action) => ({
        ...action,
        endpoint: action.endpoint.replace("{ticketId}", ticket_id),
      }));
      assert.deepEqual(filledIn, actions);
    }
    assert.deepEqual(await answer(`${asked}&actions=none`), rest);
  });

  test("names only the states of the page", async () => {
    const page = await answer("state=NEW,ON_HOLD&limit=3&actions=STATE");
    const states = new Set(page.queue.map(({ state }) => state));
    assert.deepEqual(new Set(Object.keys(page.actions_by_state ?? {})), states);
    const empty = await answer(`account_id=${acme.door}&actions=state`);
    assert.deepEqual([empty.queue, empty.actions_by_state], [[], {}]);
  });

  test("goes on from page to page without its actions", async () => {
    const ids: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Awaited<ReturnType<typeof answer>> = await answer(
        `${asked.replace("500", "5")}&actions=none${cursor && `&cursor=${cursor}`}`,
      );
      ids.push(...page.queue.map(({ ticket_id }) => ticket_id));
      assert.ok(ids.length <= 2 * allStates.length, "the pages do not end");
      cursor = page.next_cursor;
    }
    assert.deepEqual(
      ids,
      (await answer(asked)).queue.map(({ ticket_id }) => ticket_id),
    );
  });

  const statesFor = async (query: string) => {
    const { queue } = await answer(`limit=500&actions=none&${query}`);
    return [...new Set(queue.map(({ state }) => state))].toSorted();
  };

  test("leaves out of the queue what waits for money, and what is over", async () => {
    assert.deepEqual(await statesFor(""), inQueue.toSorted());
    assert.deepEqual(await statesFor(`account_id=${acme.id}`), inQueue.toSorted());
    assert.deepEqual(await statesFor("sla_status=breach,warning,healthy"), inQueue.toSorted());
  });

  for (const states of [
    ["VERIFIED"],
    ["INVOICED"],
    ["VERIFIED", "INVOICED"],
    ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"],
    ["CLOSED"],
    ["NEW", "INVOICED", "CANCELLED"],
    ["NEW", "CLOSED"],
  ]) {
    test(`has ${states.join(", ")} when asked for them, of one account too`, async () => {
      assert.deepEqual(await statesFor(`state=${states.join(",")}`), states.toSorted());
      assert.deepEqual(await statesFor(`state=${states.join(",")}&account_id=${acme.id}`), states.toSorted());
      assert.deepEqual(await statesFor(`state=${states.join(",")}&account_id=${acme.door}`), []);
    });
  }

  test("keeps the database's word on the queue equal to that", async () => {
    const { rows } = await api.owner.query<{ state: string; in_queue: boolean }>(
      "SELECT DISTINCT state, in_queue FROM tickets",
    );
    assert.equal(rows.length, allStates.length);
    for (const { state, in_queue } of rows)
      assert.equal(
        in_queue,
        inQueue.some((one) => one === state),
        state,
      );
  });
});
