// What the process keeps of turns: which receipts count for which reply, for how long, and what leaves of what was said.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  beginTurn,
  checkSaid,
  deliveredFor,
  markedIn,
  newTurnStore,
  recordCall,
  speakOwn,
} from "../../plugin/src/claims/turn-store.ts";
import { done, refused } from "../../plugin/src/tool-result.ts";

const now = Date.parse("2026-11-30T18:00:00Z");
const key = "agent:main:main";
const ticketId = "01a1f8e9-0000-7001-8000-000000000001";
const booked = (occurredAt = "2026-11-30T18:00:00Z", replayed = false) =>
  done(
    "schedule.book",
    "DONE",
    {
      ticket: { id: ticketId, number: "T-000001", state: "SCHEDULED" },
      receipt: { receipt_id: ticketId, ticket_id: ticketId, after_state: "SCHEDULED", occurred_at: occurredAt },
    },
    replayed,
  );
const call = (result = booked()) => ({ tool: "schedule.book", args: { ticket_id: "T-000001" }, result });
const claim = "I booked T-000001.";

describe("the turns of a process", () => {
  test("a receipt counts in its own turn and conversation alone", () => {
    const store = newTurnStore();
    beginTurn(store, key, "run 1", now);
    recordCall(store, key, call(), now);
    beginTurn(store, key, "run 1", now);
    assert.equal(checkSaid(store, key, claim, now).findings.length, 0, "a further prompt of the same run");
    assert.equal(checkSaid(store, "agent:main:other", claim, now).findings.length, 1, "another conversation");
    beginTurn(store, key, "run 2", now);
    assert.equal(checkSaid(store, key, claim, now).findings.length, 1, "the next turn");
    assert.equal(checkSaid(store, key, "Earlier I booked T-000001.", now).findings.length, 0, "told as what was");
  });

  test("what a person is told may be said once more; of what a push of the desk began nobody waits", () => {
    const store = newTurnStore();
    beginTurn(store, key, "run 1", now);
    checkSaid(store, key, claim, now);
    assert.equal(markedIn(store, key), "I booked T-000001. [not done: no receipt in this turn]");
    checkSaid(store, key, "Nothing was booked.", now);
    assert.equal(markedIn(store, key), null);
    beginTurn(store, key, "run 2", now, false);
    checkSaid(store, key, claim, now);
    assert.equal(markedIn(store, key), null);
  });

  test("a gateway that knows of no turn shows nothing", () => {
    assert.equal(checkSaid(newTurnStore(), key, claim, now).findings.length, 1);
  });

  test("a refusal is no receipt; one given again is, unless it is of long ago", () => {
    for (const [result, findings] of [
      [refused("schedule.book", { code: "INVALID_STATE", message: "No", details: {} }), 1],
      [booked("2026-11-30T17:58:00Z", true), 0],
      [booked("2026-11-29T17:58:00Z", true), 1],
    ] as const) {
      const store = newTurnStore();
      beginTurn(store, key, "run", now);
      recordCall(store, key, call(result), now);
      assert.equal(checkSaid(store, key, claim, now).findings.length, findings);
    }
  });

  test("what leaves is what was kept, also when the next turn has begun", () => {
    const store = newTurnStore();
    beginTurn(store, key, "run 1", now);
    recordCall(store, key, call(), now);
    checkSaid(store, key, claim, now);
    const lie = "I invoiced T-000001.";
    const { reply } = checkSaid(store, key, lie, now);
    beginTurn(store, key, "run 2", now);
    assert.equal(deliveredFor(store, key, claim, "run 1", now)?.reply, claim);
    assert.equal(deliveredFor(store, key, lie, "run 1", now)?.reply, reply);
    assert.equal(deliveredFor(store, key, reply, null, now), null, "a second look at it changes nothing");
  });

  test("a piece of the run that goes on is checked as it leaves, and what is no model's is let be", () => {
    const store = newTurnStore();
    beginTurn(store, key, "run 1", now);
    assert.equal(deliveredFor(store, key, claim, "run 1", now)?.findings.length, 1);
    assert.equal(deliveredFor(store, key, "I booked T-000002.", null, now), null);
    speakOwn(store, "DONE schedule.book\nI booked T-000003.");
    assert.equal(checkSaid(store, key, "DONE schedule.book\nI booked T-000003.", now).findings.length, 0);
  });

  test("what is kept is bounded", () => {
    const store = newTurnStore();
    for (let nth = 0; nth < 1_000; nth++) {
      beginTurn(store, `conversation ${nth}`, "run", now);
      recordCall(store, key, call(), now);
      checkSaid(store, key, `Reply ${nth}`, now);
    }
    assert.ok(store.conversations.size <= 500);
    const one = store.conversations.get(key);
    assert.ok(one && one.calls.length <= 100 && one.said.size <= 40);
  });
});
