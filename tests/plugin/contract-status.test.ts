// dispatch_contract_status tells a person at once what is wrong: nothing listens, another version, something else.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { contractHash } from "../../dispatch/contract/hash.ts";
import { triedZoneData } from "../../dispatch/process/zone-data.ts";
import { tools } from "../../plugin/src/tool-catalog.ts";
import { contractStatus } from "../../plugin/src/contract-status.ts";
import { startTestApi } from "../support/api.ts";
import { textOf } from "../../plugin/src/tool-result.ts";
import { believing, openChat, theOwner } from "./chat.ts";
import { deadPort, json, refusal, standIn, type Answer } from "./stand-in.ts";

/** @param timeoutMs short only where no answer comes: a slow machine would miss one */
async function statusAt(url: string, timeoutMs = 20_000, now = Date.now) {
  const { desk } = openChat(url, { timeoutMs });
  const reading = { configuration: desk.configuration, problems: [] } as const;
  const { content, details } = await contractStatus(
    { plugin: "dispatch", version: "1.2.3", contractHash: contractHash(), reading, desk, now },
    theOwner,
  );
  return { text: textOf({ content }), details };
}

test("all is well", async (t) => {
  const api = await startTestApi({ env: believing, t });
  const clock = api.clock.now().getTime();
  const { text, details } = await statusAt(api.url, 20_000, () => clock - 60_000);
  assert.match(text, /^READ dispatch_contract_status\neverything is there\nplugin dispatch 1\.2\.3, /);
  assert.match(text, new RegExp(`\ntime zones of ${process.versions.tz}(\n|$)`));
  assert.match(text, /approvals by a person required; development headers loopback/);
  const { incidentTypes } = api.desk.policies.live;
  const kinds = Object.values(incidentTypes).map(({ incidentType, title }) => `"${incidentType}" "${title}"`);
  assert.ok(kinds.length > 5 && text.includes(`\nkinds of work: ${kinds.join(", ")}`), text);
  const { profile, human_approval, granted_roles, incident_types, ...rest } = details;
  assert.equal(Object(incident_types).length, kinds.length);
  assert.ok(profile && human_approval && Array.isArray(granted_roles));
  assert.deepEqual(rest, {
    tool: "dispatch_contract_status",
    outcome: "read",
    tool_names: tools.map(({ chatName }) => chatName),
    plugin: "dispatch",
    version: "1.2.3",
    contract_hash: contractHash(),
    configured: true,
    approval_requests: [],
    base_url: api.url,
    api_reachable: true,
    api_contract_hash: contractHash(),
    time_zones: { version: process.versions.tz, tried_with: triedZoneData },
    clock_behind_seconds: 60,
    policy_version: null,
    policy_unreadable: [],
    development_headers: "loopback",
    actor: "dana",
    problems: [],
  });
  assert.doesNotMatch(text, /desk tasks/);
  await api.run("task.create", { body: { title: "Check the warranty", scope: "warranty" } });
  const withTasks = await statusAt(api.url, 20_000, () => clock);
  assert.match(
    withTasks.text,
    /\ndesk tasks: pending 1, in progress 0, in review 0; need a person: .*; agents: awake 0, silent 0\n/,
  );
  assert.equal(Object(withTasks.details["desk_work"]).tasks.pending, 1);
  const behind = await statusAt(api.url, 20_000, () => clock - 121_000);
  assert.match(
    behind.text,
    /\nWRONG:\n- the gateway's clock is 121 s behind dispatch-api's \(20\S+Z here, 20\S+Z there\): set both by NTP; .*from 180 s on/,
  );
  const ahead = await statusAt(api.url, 20_000, () => clock + 61_000);
  assert.match(ahead.text, /the gateway's clock is 61 s ahead of dispatch-api's/);
});

const contract = {
  service: "dispatch-api",
  contract_hash: contractHash(),
  profile: {},
  human_approval: { required: false, rules: [] },
};
const wrong: readonly (readonly [string, Answer, RegExp, reachable: boolean, timeoutMs?: number])[] = [
  [
    "another version of the contract",
    (_request, response) => json(response, 200, { ...contract, contract_hash: "0".repeat(64) }),
    /another version of the contract.*update the older/,
    true,
  ],
  [
    "an API whose Node has old time zones",
    (_request, response) => json(response, 200, { ...contract, time_zones: { version: "2026c", tried_with: "2026e" } }),
    /time zones of 2026c, older than 2026e.*newer Node/,
    true,
  ],
  [
    "a version of the policy that the API cannot read",
    (_request, response) =>
      json(response, 200, {
        ...contract,
        policy_unreadable: [{ version: 6, newest: true, open_tickets: 3, why: "version 6 cannot be read" }],
      }),
    /version 6 cannot be read \(open tickets that opened under it: 3\)/,
    true,
  ],
  [
    "an API that believes development headers from anywhere",
    (_request, response) => json(response, 200, { ...contract, development_headers: "anywhere" }),
    /whoever reaches it is whoever they say; set DISPATCH_AUTH_ALLOW_DEV_HEADERS=false/,
    true,
  ],
  [
    "an API that does not tell its contract",
    (_request, response) => refusal(response, 404, "NOT_FOUND"),
    /does not tell its contract: it is older/,
    true,
  ],
  [
    "a signature that is not believed",
    (_request, response) => refusal(response, 401, "INVALID_AUTH_TOKEN"),
    /refuses this plugin's signature: INVALID_AUTH_TOKEN/,
    true,
  ],
  [
    "another service that speaks JSON",
    (_request, response) => json(response, 200, { ok: true }),
    /is not dispatch-api/,
    false,
  ],
  ["a page of HTML", (_request, response) => response.end("<h1>It works!</h1>"), /is not dispatch-api/, false],
  ["no answer", () => undefined, /did not answer within/, false, 500],
  [
    "its database away",
    (_request, response) => refusal(response, 503, "DEPENDENCY_UNAVAILABLE"),
    /DEPENDENCY_UNAVAILABLE/,
    false,
  ],
];
// Beside each other: what may be tried again is, for three seconds.
describe("what is wrong", { concurrency: true }, () => {
  for (const [what, answer, said, reachable, timeoutMs] of wrong) {
    test(`${what} is said`, async (t) => {
      const { text, details } = await statusAt((await standIn(t, answer)).url, timeoutMs);
      assert.match(text, /\nWRONG:\n- /);
      assert.match(text, said);
      assert.equal(details["api_reachable"], reachable);
    });
  }

  test("nothing that listens is said", async () => {
    const { text, details } = await statusAt(`http://127.0.0.1:${await deadPort()}`);
    assert.match(text, /WRONG:\n- dispatch-api at http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/);
    assert.equal(details["api_reachable"], false);
  });
});
