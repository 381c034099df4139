// Whoever looks for a tool by the words people use finds it: a host that hides tools behind a search ranks their names, words and
// parameters against the question, as here (Okapi BM25, without the words that say nothing).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tools, type Tool } from "../../plugin/src/tool-catalog.ts";

const saysNothing = new Set(
  (
    "a an and are as at be but by can do for from had has have he her him his i if in is it its me my of on or our she so " +
    "that the their them they this to up us was we were will with you your"
  ).split(" "),
);
const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !saysNothing.has(word));

const documents = tools.map((tool) => ({ tool, words: wordsOf(`${tool.name} ${tool.label} ${tool.description}`) }));
const meanLength = documents.reduce((sum, { words }) => sum + words.length, 0) / documents.length;

/** The tools for a question, best first. */
function ranked(question: string): Tool[] {
  const asked = [...new Set(wordsOf(question))].map((word) => {
    const holding = documents.filter(({ words }) => words.includes(word)).length;
    return { word, rarity: Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5)) };
  });
  const scored = documents.map(({ tool, words }) => {
    const score = asked.reduce((sum, { word, rarity }) => {
      const often = words.filter((one) => one === word).length;
      return sum + (rarity * often * 2.2) / (often + 1.2 * (0.25 + (0.75 * words.length) / meanLength));
    }, 0);
    return { tool, score };
  });
  return scored
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score)
    .map(({ tool }) => tool);
}

describe("a tool is found by", () => {
  const withWords = tools.filter(({ entry }) => entry.said !== undefined);
  for (const { name, entry } of withWords)
    for (const sentence of entry.said ?? [])
      test(`${sentence}: ${name}`, () => assert.equal(ranked(sentence)[0]?.name, name));

  for (const [question, name] of [
    ["customer called, wants it moved to Thursday", "schedule.move"],
    ["reschedule the visit to another day", "schedule.move"],
    ["give Bob's job to somebody else, he has to leave", "assignment.transfer"],
    ["a helper should go along, the door is heavy", "assignment.crew"],
    ["nobody home, the gate was locked", "closeout.no_work"],
    ["the closer leaks again at the same door", "ticket.follow_up"],
    ["warranty work, fault is back", "ticket.follow_up"],
    ["wrong phone number on the ticket, change it", "ticket.update"],
    ["write a note with the gate code", "ticket.add_note"],
    ["reopen verified work, wrong photo", "qa.reopen"],
    ["more money than the limit, ask for $200 more", "billing.request_limit"],
  ] as const) {
    test(`other words too: ${question}`, () => {
      const found = ranked(question)
        .slice(0, 3)
        .map((tool) => tool.name);
      assert.ok(found.includes(name), found.join(", "));
    });
  }
});
