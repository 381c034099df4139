// Where a correction stands, in which words, and what is found out: by the sentence, the item, the cell.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandEntries } from "../../dispatch/contract/index.ts";
import { effects, type EffectName } from "../../plugin/src/claims/effects.ts";
import { changes, provenBy, proves } from "../../plugin/src/claims/proofs.ts";
import { checkClaims } from "../../plugin/src/claims/check-claims.ts";
import { partsOf } from "../../plugin/src/claims/reply-parts.ts";
import { turnOf } from "./turns.ts";

const check = (calls: string, reply: string) => checkClaims(turnOf(calls), reply);
const corrected = (calls: string, reply: string): string => check(calls, reply).reply;

describe("a correction", () => {
  test("stands behind the sentence that claims, and the rest is what it was", () => {
    assert.equal(
      corrected("-", "Hello  Dana,\n\nI booked T-000123.  It rains.\n"),
      "Hello  Dana,\n\nI booked T-000123. [not done: no receipt in this turn]  It rains.\n",
    );
  });

  test("stands in a sentence without an end as well, which is read in pieces", () => {
    const endless = "and I booked T-000123 and it rains ".repeat(2_000);
    assert.ok(partsOf(endless).every(({ text }) => text.length <= 1_000));
    assert.ok(partsOf(`| ${endless} |`).every(({ text }) => text.length <= 1_000));
    const { reply, findings } = check("-", endless);
    assert.ok(findings.length > 0);
    assert.equal(reply.replaceAll(" [not done: no receipt in this turn]", ""), endless);
  });

  test("leaves a table a table, and a list a list", () => {
    assert.equal(
      corrected(
        "dispatch T-1 ana tue9",
        "| Ticket | Status |\n| --- | --- |\n| T-1 | dispatched |\n| T-2 | dispatched  |",
      ),
      "| Ticket | Status |\n| --- | --- |\n| T-1 | dispatched |\n" +
        "| T-2 | dispatched [not done: no receipt in this turn for this ticket]  |",
    );
    assert.equal(
      corrected("book T-1 ana tue9", "Booked:\n- T-000001\n- T-000002"),
      "Booked:\n- T-000001\n- T-000002 [not done: no receipt in this turn for this ticket]",
    );
  });

  test("is in the reply's language", () => {
    assert.equal(
      corrected("-", "He cancelado T-000045."),
      "He cancelado T-000045. [no hecho: sin recibo en este turno]",
    );
  });

  test("says what lacks", () => {
    const lacks = (calls: string, reply: string) => check(calls, reply).findings.map(({ lack }) => lack);
    assert.deepEqual(lacks("-", "I booked T-1."), ["no receipt"]);
    assert.deepEqual(lacks("!book T-1", "I booked T-1."), ["refused"]);
    assert.deepEqual(lacks("book T-2 ana tue9", "I booked T-1."), ["other ticket"]);
    assert.deepEqual(lacks("book T-1 ana tue9", "I booked T-1 with Ben."), ["technician"]);
    assert.deepEqual(lacks("book T-1 ana tue9", "I booked T-1 for Friday."), ["time"]);
    assert.deepEqual(lacks("invoice T-1 $10", "I invoiced T-1: $11.00."), ["amount"]);
    assert.deepEqual(lacks("=book T-1 ana tue9", "I booked T-1."), ["old"]);
    assert.deepEqual(lacks("book T-1 ana tue9", "I booked all three visits."), ["fewer"]);
    assert.deepEqual(lacks("-", "T-1 is booked."), ["not read"]);
  });

  test("names effect, tickets and the tools that could have shown it, and no word of the reply", () => {
    assert.deepEqual(check("!book T-1; get T-1 NEW", "I booked T-000001 for Mrs Gomez.").findings, [
      { lack: "refused", effect: "book", tickets: ["T-000001"], tools: ["schedule.book"] },
    ]);
  });

  test("has no time of which the receipt's zone is not known for another zone's", () => {
    // Nine at the site is seventeen o'clock in UTC.
    assert.equal(check("book T-1 ana tue9", "I booked T-1 for Tuesday at 17:00.").findings.length, 1);
    assert.equal(check("book T-1 ana tue9", "I booked T-1 for Tuesday at 17:00 UTC.").findings.length, 0);
  });

  test("is not put behind a request that is kept for a person to allow, and is behind what waits for it", () => {
    assert.equal(
      check("^cancel T-1", "I asked for approval to cancel T-1; somebody has to allow it.").findings.length,
      0,
    );
    assert.equal(check("!cancel T-1", "I asked for approval to cancel T-1.").findings.length, 1);
    assert.equal(check("^cancel T-1", "T-1 is cancelled.").findings.length, 1);
  });

  test("is not put behind what another tool than the desk's may have done", () => {
    assert.equal(check("-", "I texted Mrs Gomez.").findings.length, 1);
    assert.equal(check("other", "I texted Mrs Gomez.").findings.length, 0);
  });
});

describe("the words of effects", () => {
  test("every command has an effect that it proves, or says why nobody would claim it", () => {
    for (const [name] of commandEntries) {
      const proven = provenBy[name];
      assert.ok(changes(name), name);
      if (typeof proven === "string") assert.ok(proven.length > 20, name);
      else assert.ok(proven.length > 0 && proven.every((effect) => proves(name, effect)), name);
    }
  });

  test("every effect but what the desk cannot do is proven by some command", () => {
    const proven = new Set(Object.values(provenBy).flatMap((one) => (typeof one === "string" ? [] : one)));
    const names = Object.keys(effects) as EffectName[];
    assert.deepEqual(
      names.filter((name) => !proven.has(name)),
      ["notify"],
    );
  });
});
