// In which order the tests that a change can reach are begun, so that those come first that are most likely to see it: a test that
// was itself changed; one that imports what was changed, is named after it or speaks of its tool; the tests of its room; and
// then by steps from file to file. Where many are as near, one of each folder in turn, the shortest first.

import { basename, dirname } from "node:path";

export type Reached = {
  readonly test: string;
  /** From the nearest changed file. */
  readonly steps: number;
  /** Of the tools it speaks of, the share that was changed. */
  readonly share: number;
};

export function nearestFirst(
  reached: readonly Reached[],
  changed: readonly string[],
  secondsOf: (test: string) => number,
): string[] {
  const places = reached.map(({ test, steps, share }) => {
    const named = Math.max(0, ...changed.map((path) => likeness(path, test)));
    const inRoom = changed.some((path) =>
      dirname(path)
        .split("/")
        .includes(basename(dirname(test))),
    );
    const distance = Math.min(steps, named === 1 ? 1 : Infinity, inRoom ? 2 : Infinity);
    return { test, distance, about: Math.max(named, share), turn: 0, seconds: secondsOf(test) };
  });
  const byKind = Map.groupBy(places, ({ test, distance, about }) => `${distance} ${about} ${dirname(test)}`);
  for (const alike of byKind.values()) {
    alike.sort((one, other) => one.seconds - other.seconds || (one.test < other.test ? -1 : 1));
    alike.forEach((place, turn) => (place.turn = turn));
  }
  return places
    .sort(
      (one, other) =>
        one.distance - other.distance ||
        other.about - one.about ||
        one.turn - other.turn ||
        one.seconds - other.seconds ||
        (one.test < other.test ? -1 : 1),
    )
    .map(({ test }) => test);
}

/** Which share of the words of a file's name the test's path has, `book` in `bookings` for one. */
function likeness(path: string, test: string): number {
  if (path === test) return 1;
  const words = wordsOf(path);
  const others = wordsOf(test);
  const alike = (word: string) =>
    others.some((other) => word === other || (Math.min(word.length, other.length) >= 4 && startsAlike(word, other)));
  return words.length === 0 ? 0 : words.filter(alike).length / words.length;
}

const startsAlike = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

/** A name's words, but for what it ends in and what many names have. */
const wordsOf = (path: string): string[] =>
  basename(path)
    .replace(/\..*$/, "")
    .split(/[-_\d]+/)
    .filter((word) => word !== "" && !common.has(word));
const common: ReadonlySet<string> = new Set([
  "index",
  "list",
  "rows",
  "row",
  "of",
  "and",
  "the",
  "commands",
  "queries",
]);
