// Every command on a task × every role × every state × both profiles: it is obeyed where the document says so, along the moves it says,
// and refused everywhere else with the reason, and then leaves nothing behind.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { actorIdOf, profiles, startTestApi, type TestApi } from "../support/api.ts";
import { everyCase } from "../support/cases.ts";
import { taskIn, type BuiltTask } from "../support/task-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";
import type { ObeyedTask } from "./command-cases/case.ts";
import { commandTable, waysOnTask, type CommandRow } from "./command-table.ts";
import { expectedRefusal } from "./expected-refusals.ts";
import { allRoles, allTaskStates, leadsTo, type RoleName, type TaskStateName } from "./roles-and-states.ts";

const onTasks = commandTable.filter(({ path }) => path.includes("{taskId}"));

type Case = { readonly role: RoleName; readonly state: TaskStateName };
type ObeyedCase = Case & { readonly how: ObeyedTask };

const everywhere = allRoles.flatMap((role) => allTaskStates.map((state) => ({ role, state })));
const nameOf = ({ role, state, how }: Case & { readonly how?: ObeyedTask }): string =>
  [role, "in", state, how?.way].join(" ");

function obeyedCases({ tool, roles: may, from }: CommandRow): ObeyedCase[] {
  return everywhere
    .filter(({ role, state }) => may.includes(role) && from.includes(state))
    .flatMap(({ role, state }) =>
      waysOnTask(tool, state)
        .filter(({ roles = may }) => roles.includes(role))
        .map((how) => ({ role, state, how })),
    );
}

for (const profile of profiles) {
  describe(`in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    /** One task per state, of the clerk's, for everything that must leave it as it is. */
    const untouched = new Map<TaskStateName, BuiltTask>();

    before(async () => {
      for (const state of allTaskStates) untouched.set(state, await taskIn(api, state));
    });

    for (const row of onTasks) {
      test(`${row.tool} is refused wherever role or state is wrong`, async () => {
        const refused = everywhere.filter(({ role, state }) => expectedRefusal(row, role, state) !== null);
        assert.ok(refused.length > 0);
        const traces = await tracesLeft(api.owner);
        await everyCase(refused, nameOf, (one) => isRefused(api, row, one, untouched.get(one.state)));
        assert.deepEqual(await tracesLeft(api.owner), traces);
      });

      test(`${row.tool} is obeyed for ${row.roles.join(", ")} from ${row.from.join(", ")}`, async () => {
        const cases = obeyedCases(row);
        assert.deepEqual(new Set(cases.map(({ state }) => state)), new Set(row.from));
        // One after the other: each looks at what it alone has written.
        await everyCase(cases, nameOf, (one) => isObeyed(api, row, one), 1);
      });
    }

    test("task.update leads along every edge that people move tasks by, and along no other", async () => {
      const targets = [
        "cancelled",
        "pending",
        "unassigned",
        "blocked",
        "in_progress",
        "in_review",
        "completed",
      ] as const;
      const byNobody = ["assigned", "awaiting_review", "failed", "timed_out"] as const;
      const cases = allTaskStates.flatMap((state) =>
        [...targets.filter((to) => !leadsTo(state).includes(to)), ...byNobody].map((to) => ({ state, to })),
      );
      const traces = await tracesLeft(api.owner);
      await everyCase(
        cases,
        ({ state, to }) => `${state} to ${to}`,
        async ({ state, to }) => {
          const body = { status: to, reason: "to see whether it goes" };
          const { status, error } = await api.refuse("task.update", { task: untouched.get(state)?.id ?? "", body });
          const { code, from_state, to_state, allowed_to_states } = error;
          assert.deepEqual(
            { status, code, from_state, to_state, allowed_to_states },
            {
              status: 409,
              code: "INVALID_STATE_TRANSITION",
              from_state: state,
              to_state: to,
              allowed_to_states: leadsTo(state),
            },
          );
        },
      );
      assert.deepEqual(await tracesLeft(api.owner), traces);
    });

    test("task.update accepts nothing that nobody has reviewed", async () => {
      for (const reviewed of [true, false]) {
        const { id: task } = await taskIn(api, "in_progress", { reviewed });
        const body = { status: "completed", reason: "it looks good from here" };
        const { code, allowed_from_states, allowed_to_states } = (await api.refuse("task.update", { task, body }))
          .error;
        assert.deepEqual(
          { code, allowed_from_states, allowed_to_states },
          {
            code: "INVALID_STATE_TRANSITION",
            allowed_from_states: ["in_review"],
            allowed_to_states: leadsTo("in_progress"),
          },
        );
      }
    });

    test("and all of it left an audit trail that holds", async () => {
      const { chains, faults, uncovered } = await verifyAudit(api.desk.db, aggregates);
      assert.ok(chains > allTaskStates.length);
      assert.deepEqual({ faults, uncovered }, { faults: [], uncovered: { rows: 0, parts: 0 } });
    });
  });
}

/** The role is asked about before the state: whoever may not do it at all is told so in any state. */
async function isRefused(api: TestApi, row: CommandRow, { role, state }: Case, task: BuiltTask | undefined) {
  const key = randomUUID();
  // What it would lead to hangs on whether the task needs a review.
  const isReviewed = state === "awaiting_review" || state === "in_review";
  const ways = waysOnTask(row.tool, row.from[0] ?? state);
  const how = ways.find(({ plan }) => (plan?.reviewed ?? false) === isReviewed) ?? ways[0];
  assert.ok(task && how);
  // Of a task that somebody has, its state is only the assignee's to hear of.
  const actor = row.roles.includes(role) ? task.assignee : actorIdOf(role);
  const { status, error } = await api.refuse(row.tool, { as: role, actor, task: task.id, key, body: how.body });
  const { message, correlation_id, ...rest } = error;
  assert.ok(message.length > 0 && correlation_id !== null);
  const to = how.path.at(-1);
  assert.deepEqual({ status, ...rest }, { request_id: key, ...expectedRefusal(row, role, state, to) });
}

async function isObeyed(api: TestApi, row: CommandRow, { role, state, how }: ObeyedCase): Promise<void> {
  const { id: task } = await taskIn(api, state, how.plan);
  await how.arrange?.(api);
  const was = await api.read("task.check", { task });
  assert.equal(was.status, state);
  const { receipt } = await api.run(row.tool, { as: role, task, body: how.body });
  const is = await api.read("task.check", { task });

  const reached = how.path.at(-1) ?? state;
  assert.equal(is.status, reached);
  assert.ok(row.to.length === 0 || row.to.includes(reached));
  // How far it has come is said beside the task, and changes nothing of it but that it begins.
  assert.equal(is.version, was.version + (row.tool === "task.progress" && how.path.length === 0 ? 0 : 1));
  const { tool_name, ticket_id, aggregate, aggregate_id, before_state, after_state } = receipt;
  assert.deepEqual(
    { tool_name, ticket_id, aggregate, aggregate_id, before_state, after_state },
    {
      tool_name: row.tool,
      ticket_id: null,
      aggregate: "task",
      aggregate_id: task,
      before_state: state,
      after_state: reached,
    },
  );
  const step = (await api.read("task.events", { task })).at(-1);
  assert.deepEqual(
    [step?.event_id, step?.tool, step?.actor, step?.from, step?.to],
    [receipt.receipt_id, row.tool, actorIdOf(role), state, reached],
  );
  const { rows } = await api.owner.query<{ from_state: string; to_state: string }>(
    "SELECT from_state, to_state FROM state_transitions WHERE audit_event_id = $1 ORDER BY step",
    [receipt.receipt_id],
  );
  assert.deepEqual(
    rows.map(({ from_state, to_state }) => [from_state, to_state]),
    how.path.map((to, at) => [how.path[at - 1] ?? state, to]),
  );
}
