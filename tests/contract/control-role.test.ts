// Whoever holds a control room watches and hands out: of every command and query they may give exactly those whose entry names their
// role, and none of these is work.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { commandEntries, toolEntries } from "../../dispatch/contract/index.ts";
import { profiles, startTestApi } from "../support/api.ts";
import { everyCase } from "../support/cases.ts";

/** By the first word of a tool: all its commands are work. */
const work = ["tech", "closeout", "qa", "approval", "billing", "schedule"];
const workToo = ["assignment.dispatch", "task.progress", "task.complete", "task.fail", "event.report"];

for (const profile of profiles) {
  describe(`the role control in ${profile}`, async () => {
    const api = await startTestApi({ profile });

    test("may give what names it, and is refused everything else", async () => {
      const named = toolEntries.filter(([, { roles }]) => roles.includes("control"));
      assert.ok(named.length > 10 && named.length < toolEntries.length / 2);
      await everyCase(
        toolEntries,
        ([tool]) => tool,
        async ([tool, { roles, example }]) => {
          const { status, text } = await api.call(tool, { as: "control", ...nowhere(), body: example });
          if (roles.includes("control")) assert.notEqual(status, 403, text);
          else {
            assert.equal(status, 403, text);
            assert.match(text, /"code":"FORBIDDEN".*"actor_role":"control"/);
          }
        },
        1,
      );
    });
  });
}

const nowhere = () => ({
  ticket: randomUUID(),
  receipt: randomUUID(),
  technician: randomUUID(),
  plan: randomUUID(),
  evidence: randomUUID(),
  invoice: randomUUID(),
  account: randomUUID(),
  site: randomUUID(),
  contact: randomUUID(),
  asset: randomUUID(),
  task: randomUUID(),
  worker: "nobody",
  room: randomUUID(),
  approvalRequest: "a-999999",
});

test("no command that is work names the role control", () => {
  const isWork = (tool: string): boolean => work.includes(tool.split(".")[0] ?? "") || workToo.includes(tool);
  const listed = commandEntries.filter(([tool, { executes }]) => executes === true || isWork(tool));
  assert.ok(listed.length > 25, `${listed.length}`);
  assert.deepEqual(
    listed.filter(([, { roles }]) => roles.includes("control")).map(([tool]) => tool),
    [],
  );
});
