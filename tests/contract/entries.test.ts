// The contract's entries are the cases', and every command × every role × every state is refused, by the functions the
// pipeline asks, exactly where the tables say so. The matrix shows over HTTP that each command asks them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandEntries, queryEntries } from "../../dispatch/contract/index.ts";
import { creation, ticketEdges, ticketStates } from "../../dispatch/contract/states.ts";
import { taskEdges, taskStates } from "../../dispatch/contract/task-states.ts";
import { pushEdges, pushStates } from "../../dispatch/contract/room-states.ts";
import { roles } from "../../dispatch/contract/roles.ts";
import { commandCases, commandTable } from "./command-table.ts";
import { expectedRefusal } from "./expected-refusals.ts";
import { pipelineRefusal } from "./pipeline-refusals.ts";
import { queryCases, queryTable } from "./query-cases.ts";
import { allRoles, allStates, allTaskStates, moveTable, pushMoveTable, taskMoveTable } from "./roles-and-states.ts";

describe("the contract's entries", () => {
  test("are the commands of the table, with their paths, roles, states and status", () => {
    const entries = commandEntries.map(([tool, { method, path, roles: may, from, to, status, aggregate, effect }]) => ({
      tool,
      method,
      path,
      roles: may,
      from: [...from].sort(),
      to: [...to].sort(),
      status,
      auditOnly: effect === "touches" && aggregate === "ticket",
    }));
    const expected = commandTable.map(
      ({ tool, method = "POST", path, roles: may, from, to, status, auditOnly = false }) => ({
        tool,
        method,
        path,
        roles: may,
        from: [...from].sort(),
        to: [...to].sort(),
        status,
        auditOnly,
      }),
    );
    assert.deepEqual(Object.keys(commandCases).sort(), commandEntries.map(([tool]) => tool).sort());
    assert.deepEqual(byTool(entries), byTool(expected));
  });

  test("are the queries of the table, with their paths and roles", () => {
    const entries = queryEntries.map(([tool, { path, roles: may }]) => ({ tool, path, roles: may }));
    assert.deepEqual(Object.keys(queryCases).sort(), queryEntries.map(([tool]) => tool).sort());
    assert.deepEqual(
      byTool(entries),
      byTool(queryTable.map(({ tool, path, roles: may }) => ({ tool, path, roles: may }))),
    );
  });

  test("know the roles, the states and the moves of the tables", () => {
    assert.deepEqual([...roles], [...allRoles]);
    assert.deepEqual([...ticketStates], [...allStates]);
    assert.deepEqual([...taskStates], [...allTaskStates]);
    assert.deepEqual(
      [...pushStates],
      pushMoveTable.slice(1).map(([state]) => state),
    );
    for (const [edges, table] of [
      [ticketEdges, moveTable],
      [taskEdges, taskMoveTable],
      [pushEdges, pushMoveTable],
    ] as const) {
      assert.deepEqual(
        [...edges].map(([from, to]) => [from === creation ? "(creation)" : from, [...to]]),
        table.map(([from, to]) => [from, [...to]]),
      );
    }
  });
});

function byTool<Entry extends { readonly tool: string }>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((one, other) => (one.tool < other.tool ? -1 : 1));
}

// Neither role nor state is a matter of the profile, so there is one table of both.
describe("by role and state", () => {
  for (const row of commandTable) {
    const states = row.path.includes("{ticketId}") ? allStates : row.path.includes("{taskId}") ? allTaskStates : [null];

    test(`${row.tool} is for ${row.roles.join(", ")}, from ${row.from.join(", ") || "no state"}`, () => {
      for (const role of allRoles) {
        for (const state of states) {
          assert.deepEqual(
            pipelineRefusal(row.tool, role, state),
            expectedRefusal(row, role, state),
            `${role} in ${state}`,
          );
        }
      }
    });
  }
});
