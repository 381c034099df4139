// Three drills for real, on one stack: what tells of them, what an operator reads first, and that nothing acknowledged is lost.
// How quickly is the scorecard's business on a machine that does nothing else; here it is only waited for.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Drill } from "../../lab/drills/drill.ts";
import { drills } from "../../lab/drills/drills.ts";
import { playDrills } from "../../lab/drills/play.ts";
import type { Scorecard } from "../../lab/drills/scorecard.ts";
import { placeReadyCluster } from "../support/ready-cluster.ts";

const skip = process.platform === "linux" ? false : "the stack's processes are found by /proc";
const played = ["lock-tables", "audit-row-changed", "api-frozen"];
const patience = 20;

/** The pages' commands run on a live stack in runbook-commands.test.ts; here only the one that mends does. */
const withoutPage = (drill: Drill): Drill => ({ ...drill, walks: [] });

const mendsItself = (wanted: string): boolean => drills.find(({ name }) => name === wanted)?.mend.by === "itself";

describe("drills", { skip }, async () => {
  const said: string[] = [];
  const cards: Scorecard[] = [];
  const say = (line: string) => void said.push(line);
  const wanted = drills.filter(({ name }) => played.includes(name)).map(withoutPage);
  const options = { say, signal: new AbortController().signal, patience, furnish: placeReadyCluster };
  await playDrills(wanted, options, (card) => void cards.push(card));

  for (const name of played)
    test(`${name} is told, read as what it is, mended, and costs nothing that was acknowledged`, () => {
      const card = cards.find(({ drill }) => drill === name);
      const all = said.join("\n");
      assert.ok(card?.seen, `${card?.failures.join("; ")}\n${all}`);
      const { told_by, mended_ms, lost, twice, acknowledged, differing } = card.seen;
      // What mends itself may be over before a slow machine has printed a line of it.
      if (!mendsItself(name)) assert.deepEqual(card.untrue, [], all);
      assert.notEqual(told_by, null, all);
      assert.notEqual(mended_ms, null, all);
      assert.deepEqual([lost, twice, differing], [0, 0, []], all);
      assert.ok(acknowledged > 0, all);
    });
});
