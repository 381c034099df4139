// POST /claims: what was said of the desk and shown by no receipt is counted and told as an event, without a word of the chat.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { call, dispatcher, errorOf, newTicket } from "./calls.ts";

const one = { lack: "no receipt", effect: "close", tickets: ["T-000123"], tools: ["ticket.close"] };

describe("POST /claims", async () => {
  const api = await startTestApi();
  const tell = (body: object, headers: Record<string, string> = dispatcher) =>
    call(api, "/claims", { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  const told = async () =>
    (
      await api.owner.query(
        "SELECT subject, event, account_id, payload FROM outbox WHERE event = 'claim.unproven' ORDER BY id",
      )
    ).rows;

  test("keeps an event for each that was not shown, and counts both", async () => {
    const { status, body } = await tell({ checked: 3, unproven: [one, { ...one, lack: "time" }] });
    assert.deepEqual([status, body], [200, { kept: 2 }]);
    const data = (lack: string) => ({ data: { ...one, lack, actor_id: "dora" } });
    assert.deepEqual(await told(), [
      { subject: "desk.claim.unproven", event: "claim.unproven", account_id: null, payload: data("no receipt") },
      { subject: "desk.claim.unproven", event: "claim.unproven", account_id: null, payload: data("time") },
    ]);
    const metrics = await (await fetch(`${api.url}/metrics`, { headers: { accept: "text/plain" } })).text();
    assert.match(metrics, /^dispatch_claims_checked_total 3$/m);
    assert.match(metrics, /^dispatch_claims_unproven_total\{lack="no receipt"\} 1$/m);
  });

  test("keeps nothing where everything was shown", async () => {
    assert.deepEqual((await tell({ checked: 2, unproven: [] })).body, { kept: 0 });
    assert.equal((await told()).length, 2);
  });

  test("takes no sentence, nor more than a reply has, and nothing from a stranger", async () => {
    const sentence = "I booked it, said the model; and so on.";
    for (const [body, field] of [
      [{ checked: -1, unproven: [] }, "checked"],
      [{ checked: 1 }, "unproven"],
      [{ checked: 1, unproven: Array.from({ length: 51 }, () => one) }, "unproven"],
      [{ checked: 1, unproven: [{ ...one, lack: "whatever" }] }, "unproven.0.lack"],
      [{ checked: 1, unproven: [{ ...one, effect: sentence }] }, "unproven.0.effect"],
      [{ checked: 1, unproven: [{ ...one, tickets: [sentence] }] }, "unproven.0.tickets"],
      [{ checked: 1, unproven: [{ ...one, tools: [sentence] }] }, "unproven.0.tools"],
    ] as const) {
      const answer = await tell(body);
      assert.deepEqual([answer.status, errorOf(answer)["field"]], [400, field], answer.text);
    }
    const stranger = await tell({ checked: 1, unproven: [one] }, {});
    assert.deepEqual([stranger.status, errorOf(stranger)["code"]], [400, "MISSING_ACTOR_CONTEXT"], stranger.text);
    assert.equal((await told()).length, 2);
  });
});

test("claims are taken as often in a minute as commands, of a service any number, and count apart from commands", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_RATE_LIMIT_PER_MINUTE: "2" } });
  const tell = async (headers = dispatcher) => {
    const sent = { ...headers, "content-type": "application/json" };
    return call(api, "/claims", { method: "POST", body: { checked: 1, unproven: [one] }, headers: sent });
  };
  assert.deepEqual([(await tell()).status, (await tell()).status], [200, 200]);
  const refused = await tell();
  assert.deepEqual([refused.status, errorOf(refused)["code"]], [429, "RATE_LIMITED"], refused.text);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  const { rows } = await api.owner.query("SELECT count(*)::int AS told FROM outbox WHERE event = 'claim.unproven'");
  assert.equal(rows[0].told, 2, "what is refused is not told");
  const service = { ...dispatcher, "x-actor-type": "SERVICE", "x-actor-id": "gateway" };
  for (let n = 0; n < 4; n++) assert.equal((await tell(service)).status, 200);
  await newTicket(api);
  api.clock.advance(1);
  assert.equal((await tell()).status, 200);
});
