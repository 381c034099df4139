// The machines of states as the database holds them: exactly the moves of the contract's tables, and no other can be stored,
// whatever the code above does.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { operatorPhases } from "../../dispatch/contract/states.ts";
import { startTestApi } from "../support/api.ts";
import { taskIn } from "../support/task-builder.ts";
import { pushTo, roomOf } from "../support/room-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { allStates, allTaskStates, moveTable, pushMoveTable, taskMoveTable } from "./roles-and-states.ts";

const columns = "(audit_event_id, step, aggregate, aggregate_id, from_state, to_state, created_at)";
const stored = (from: string): string => (from === "(creation)" ? "@new" : from);
const machines: readonly (readonly [
  aggregate: "ticket" | "task" | "push",
  states: readonly string[],
  moves: readonly (readonly [from: string, to: readonly string[]])[],
])[] = [
  ["ticket", allStates, moveTable],
  ["task", allTaskStates, taskMoveTable],
  ["push", pushMoveTable.slice(1).map(([state]) => state), pushMoveTable],
];

describe("the states in the database", async () => {
  const api = await startTestApi();
  const { owner } = api;
  const made = {
    ticket: () => ticketIn(api, "NEW"),
    task: () => taskIn(api, "pending"),
    push: async () => pushTo(api, await roomOf(api)),
  };

  for (const [aggregate, states, moves] of machines) {
    test(`have the edges of a ${aggregate}'s table`, async () => {
      const { rows } = await owner.query<{ from_state: string; to_states: string[] }>(
        `SELECT from_state, array_agg(to_state ORDER BY to_state COLLATE "C") AS to_states
         FROM machine_edges WHERE aggregate = $1 GROUP BY from_state ORDER BY from_state COLLATE "C"`,
        [aggregate],
      );
      const expected = moves
        .filter(([, to]) => to.length > 0)
        .map(([from, to]) => ({ from_state: stored(from), to_states: to.toSorted() }))
        .sort((one, other) => (one.from_state < other.from_state ? -1 : 1));
      assert.deepEqual(rows, expected);
    });

    test(`take a transition row of a ${aggregate} for an edge and for nothing else`, async () => {
      const { id } = await made[aggregate]();
      const {
        rows: [event],
      } = await owner.query<{ id: string }>("SELECT id FROM audit_events WHERE aggregate_id = $1::text", [id]);
      const client = await owner.connect();
      const taken: string[] = [];
      try {
        await client.query("BEGIN");
        for (const from of ["@new", ...states]) {
          for (const to of [...states, "@new", "GONE"]) {
            await client.query("SAVEPOINT one");
            const values = [event?.id, taken.length + 10, aggregate, id, from, to, new Date()];
            const insert = client.query(
              `INSERT INTO state_transitions ${columns} VALUES ($1, $2, $3, $4, $5, $6, $7)`,
              values,
            );
            await insert.then(
              () => taken.push(`${from} to ${to}`),
              (error: { code?: string }) => assert.equal(error.code, "23503", `${from} to ${to}`),
            );
            await client.query("ROLLBACK TO one");
          }
        }
      } finally {
        await client.query("ROLLBACK");
        client.release();
      }
      assert.deepEqual(
        taken.sort(),
        moves.flatMap(([from, tos]) => tos.map((to) => `${stored(from)} to ${to}`)).sort(),
      );
    });
  }

  test("fall into the operators' phases, each into one", () => {
    assert.deepEqual(operatorPhases, {
      new: ["NEW", "NEEDS_INFO"],
      triaged: ["TRIAGED", "APPROVAL_REQUIRED"],
      schedulable: ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "PENDING_CUSTOMER_CONFIRMATION"],
      scheduled: ["SCHEDULED"],
      dispatched: ["DISPATCHED"],
      onsite: ["ON_SITE", "IN_PROGRESS", "ON_HOLD"],
      closeout_pending: ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"],
      closed: ["CLOSED"],
      cancelled: ["CANCELLED"],
    });
    assert.deepEqual(Object.values(operatorPhases).flat().sort(), [...allStates].sort());
  });
});
