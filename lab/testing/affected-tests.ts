// Which test files a change can reach, as a pure function of the sources and of the names of what has changed.

import { filesOf, referencesOf } from "./references.ts";

export type Repository = {
  /** Path to text of every source and document. */
  readonly sources: ReadonlyMap<string, string>;
  /** package.json's scripts. */
  readonly scripts: Readonly<Record<string, string>>;
};

export type Affected =
  /** Why it must be everything. */
  { readonly everything: string } | { /** The nearest first. */ readonly tests: readonly string[] };

/** What every test file runs on without importing it: the server they share, and the program that starts them. */
const setup = "tests/support/global-setup.ts";
const runner = ["scripts/test.ts", "tests/support/run-files.ts"];
const isTest = /^tests\/.*\.test\.ts$/;
/** Other files are read by whoever finds them, in ways that no source spells out. */
const isTraced = /\.(?:ts|md)$/;

/** @param changed paths of files that were changed, made or removed */
export function affectedTests({ sources, scripts }: Repository, changed: readonly string[]): Affected {
  const untraced = changed.find((path) => !isTraced.test(path));
  if (untraced !== undefined) return { everything: `what ${untraced} bears on cannot be traced` };
  const changedRunner = changed.find((path) => runner.includes(path));
  if (changedRunner !== undefined) return { everything: `${changedRunner} starts all tests` };
  const reached = reachedFrom(changed, referrers(sources, scripts, changed));
  if (reached.has(setup)) return { everything: `${setup}, on which all tests run, can see the change` };
  return { tests: [...reached].filter((path) => isTest.test(path) && sources.has(path)) };
}

/** Who refers to each file. What was removed counts as being there, or nobody would be found who still needs it. */
function referrers(
  sources: Repository["sources"],
  scripts: Repository["scripts"],
  changed: readonly string[],
): Map<string, string[]> {
  const files = filesOf([...new Set([...sources.keys(), ...changed])], scripts);
  const referring = new Map<string, string[]>();
  for (const [file, source] of sources) {
    // The runner names every test and what it checks before them, and reads none of it.
    if (runner.includes(file)) continue;
    for (const target of referencesOf(file, source, files)) {
      const known = referring.get(target);
      if (known) known.push(file);
      else referring.set(target, [file]);
    }
  }
  return referring;
}

function reachedFrom(changed: readonly string[], referring: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set(changed);
  // A set goes on with what is added while it is walked, and keeps the order: who is fewer steps away comes first.
  for (const file of reached) for (const from of referring.get(file) ?? []) reached.add(from);
  return reached;
}
