// What agents say of themselves beside the tools: each field is held to its rule, whoever says it, and nothing of it is a defect.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { profiles, startTestApi, type Reply } from "../support/api.ts";
import { parseRefusal } from "../support/response-schemas.ts";
import { addAgent, heartbeat, tell } from "./agents.ts";

const started = "swarm.agent.clerk.started";
const refused = ({ status, text }: Reply) => {
  const { code, field } = parseRefusal(JSON.parse(text));
  return [status, code, field];
};

describe("an agent's own words", async () => {
  const api = await startTestApi();
  await addAgent(api, "clerk");

  test("name a run by a uuid, in any letter case, and by nothing else", async () => {
    const run = "6d8e6d50-2b7e-4c5e-9a55-0d1d0d6f0a0b";
    assert.equal((await tell(api, "clerk", started, { run })).status, 202);
    assert.deepEqual(refused(await tell(api, "clerk", started, { run: "second" })), [400, "INVALID_REQUEST", "run"]);
    const again = await tell(api, "clerk", started, { run: run.toUpperCase() });
    assert.equal(again.status, 202);
    const { rows } = await api.owner.query<{ replaced: string | null }>(
      "SELECT payload->>'replaced' AS replaced FROM audit_events WHERE tool_name = 'worker.started' ORDER BY seq",
    );
    assert.deepEqual(
      rows.map(({ replaced }) => replaced),
      [null, null],
    );
  });

  test("come with an Idempotency-Key that is a uuid, or with none", async () => {
    const headers = { "x-agent-id": "clerk", "content-type": "application/json", "idempotency-key": "once" };
    for (const [path, body] of [
      ["/api/v1/events", { subject: started }],
      ["/api/v1/agents/clerk/heartbeat", { activity: "working" }],
    ] as const) {
      const reply = await api.send("POST", path, headers, JSON.stringify(body));
      assert.deepEqual(
        [reply.status, parseRefusal(JSON.parse(reply.text)).code],
        [400, "INVALID_IDEMPOTENCY_KEY"],
        path,
      );
    }
  });
});

for (const profile of profiles)
  test(`what is no field of theirs is treated as in any other body, under ${profile}`, async (t) => {
    const api = await startTestApi({ t, profile });
    await addAgent(api, "clerk");
    const replies = [
      await heartbeat(api, "clerk", { activity: "idle", mood: "good" }),
      await api.send(
        "POST",
        "/api/v1/events",
        { "x-agent-id": "clerk", "x-actor-id": "clerk", "x-actor-role": "agent", "content-type": "application/json" },
        JSON.stringify({ subject: started, mood: "good" }),
      ),
    ];
    const known = await tell(api, "clerk", started, { mood: "good" });
    for (const reply of [...replies, known])
      if (profile === "strict") assert.deepEqual(refused(reply), [400, "INVALID_REQUEST", "mood"]);
      else assert.ok(reply.status < 300, reply.text);
  });
