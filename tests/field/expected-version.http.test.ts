// expected_version: whoever says which version of a ticket they read does not overwrite what somebody else has done since.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { commands } from "../../dispatch/contract/index.ts";
import { commandTable, waysToObey } from "../contract/command-table.ts";
import { allStates } from "../contract/roles-and-states.ts";
import { startTestApi, type Reply } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";

// Of the directory's rows tests/directory holds the same.
const guarded = commandTable.filter(
  ({ tool }) =>
    commands[tool].aggregate === "ticket" && Object.hasOwn(commands[tool].input.properties, "expected_version"),
);

test("is asked of what replaces what people read of a ticket", () => {
  assert.deepEqual(guarded.map(({ tool }) => tool).sort(), [
    "assignment.override",
    "assignment.transfer",
    "assignment.unassign",
    "schedule.move",
    "ticket.triage",
    "ticket.update",
  ]);
  for (const { tool } of guarded) assert.equal(commands[tool].effect, "changes", tool);
});

describe("a version that was read", async () => {
  const api = await startTestApi();
  const beside = await startTestApi({ beside: api });
  const read = (ticket: string) => api.read("ticket.get", { ticket });

  for (const { tool, from, roles } of guarded) {
    test(`lets ${tool} through while it is current, and not afterwards`, async () => {
      const states = allStates.filter((one) => from.includes(one));
      const state = states.find((one) => one === "SCHEDULED") ?? states[0] ?? assert.fail(tool);
      const how = waysToObey(tool, state)[0] ?? assert.fail(tool);
      const ticket = await ticketIn(api, state, how.plan);
      await how.arrange?.(api, ticket);
      const before = await read(ticket.id);
      await api.run("ticket.update", { ticket: ticket.id, body: { customer_name: "Somebody else" } });
      const now = await read(ticket.id);
      const send = (expected_version: number) => ({
        as: roles[0] ?? assert.fail(tool),
        ticket: ticket.id,
        body: { ...how.body(api, ticket), expected_version },
      });
      const { status, error } = await api.refuse(tool, send(before.version));
      assert.partialDeepStrictEqual(
        { status, ...error },
        { status: 409, code: "VERSION_CONFLICT", current_version: now.version, policy_error: { dimension: "state" } },
      );
      assert.deepEqual(await read(ticket.id), now, "nothing of it was done");
      await api.run(tool, send(now.version));
      assert.equal((await read(ticket.id)).version, now.version + 1);
    });
  }

  test("lets one of many who read the same win, whichever process they reach, and tells the others what is current", async () => {
    const { id } = await ticketIn(api, "TRIAGED");
    const { version } = await read(id);
    const writers = Array.from({ length: 8 }, (_, index) => `Words of writer ${index}`);
    const replies = await Promise.all(
      writers.map((summary, index) =>
        (index % 2 === 0 ? api : beside).call("ticket.update", {
          ticket: id,
          body: { summary, expected_version: version },
        }),
      ),
    );
    const codes = replies.map(({ status, text }: Reply) => [status, JSON.parse(text).error?.current_version]);
    const won = codes.findIndex(([status]) => status === 200);
    assert.deepEqual(
      codes.toSorted(([one], [other]) => one - other),
      [[200, undefined], ...writers.slice(1).map(() => [409, version + 1])],
    );
    const { summary, version: after } = await read(id);
    assert.deepEqual([summary, after], [writers[won], version + 1]);
  });

  test("is no matter of a retry: the answer that was given is given again", async () => {
    const { id } = await ticketIn(api, "NEW");
    const { version } = await read(id);
    const call = { ticket: id, key: randomUUID(), body: { summary: "Other words", expected_version: version } };
    const first = await api.run("ticket.update", call);
    assert.equal(first.version, version + 1);
    assert.deepEqual(await api.run("ticket.update", call), first);
  });

  test("is no change of its own", async () => {
    const { id } = await ticketIn(api, "NEW");
    const { error } = await api.refuse("ticket.update", { ticket: id, body: { expected_version: 0 } });
    assert.equal(error.code, "INVALID_REQUEST");
  });
});
