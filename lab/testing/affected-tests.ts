// Which test files a change can reach, as a pure function of the sources and of the names of what has changed.

import { nearestFirst } from "./closeness.ts";
import { filesOf, readsEverything, referencesOf } from "./references.ts";
import { toolFilesNamedIn, toolsIn } from "./tool-names.ts";

export type Repository = {
  /** Path to text of every source and document. */
  readonly sources: ReadonlyMap<string, string>;
  /** package.json's scripts. */
  readonly scripts: Readonly<Record<string, string>>;
};

export type Affected = {
  /** The nearest first. */
  readonly tests: readonly string[];
  /** How many of them were changed themselves; they are at the head. */
  readonly changed: number;
  /** Why it must be everything, where it must. */
  readonly everything?: string;
};

/** What every test file runs on without importing it: the server they share, and the program that starts them. */
const setup = "tests/support/global-setup.ts";
const runner = [
  "scripts/test.ts",
  ...["run-files", "run-group", "shared-process", "last-test"].map((name) => `tests/support/${name}.ts`),
];
/** The tests of this very choice name files of every kind, as examples. */
const examples = ["tests/house/affected-tests.test.ts", "tests/house/nearest-tests.test.ts"];
const isTest = /^tests\/.*\.test\.ts$/;
/** Helpers, but for those that nearly all tests use. */
const isShared = /^tests\/(?!support\/).*(?<!\.test)\.ts$/;
/** Other files are read by whoever finds them, in ways that no source spells out. */
const isTraced = /\.(?:ts|md)$/;
/**
 * But the plugin's manifest changes with nearly every change of the contract it is made from. The host reads it with the plugin,
 * so who sees the one sees the other.
 */
const readWith: Readonly<Record<string, string>> = { "plugin/openclaw.plugin.json": "plugin/src/tool-catalog.ts" };

/**
 * @param paths of files that were changed, made or removed
 * @param secondsOf how long a test file takes, as far as that is known
 */
export function affectedTests(
  repository: Repository,
  paths: readonly string[],
  secondsOf: (test: string) => number = () => 0,
): Affected {
  const changed = [...new Set(paths.map((path) => readWith[path] ?? path))];
  const { sources } = repository;
  const graph = referrers(repository, changed);
  const seeing = stepsFrom(changed, graph.referring);
  const everything = whyEverything(changed, seeing);
  // Those who read all there is see any change, but are about none.
  const reading = changed.length === 0 ? new Map<string, number>() : stepsFrom(graph.readers, graph.referring);
  // A tool's name makes a test nearer; whether it can see the change at all, imports and paths tell.
  const steps = stepsFrom(changed, graph.referring, graph.naming);
  for (const [file, further] of reading) steps.set(file, Math.min(steps.get(file) ?? Infinity, further + 3));
  const far = Math.max(0, ...steps.values()) + 1;
  const sees = (path: string) => everything !== undefined || seeing.has(path) || reading.has(path);
  const tests = [...sources.keys()].filter((path) => isTest.test(path) && sees(path));
  const reached = tests.map((test) => {
    const times = graph.tools.get(test) ?? new Map<string, number>();
    const all = [...times.values()].reduce((sum, n) => sum + n, 0);
    const ours = changed.reduce((sum, path) => sum + (times.get(path) ?? 0), 0);
    return { test, steps: steps.get(test) ?? far, share: all === 0 ? 0 : ours / all };
  });
  return {
    tests: nearestFirst(reached, changed, secondsOf),
    changed: tests.filter((test) => changed.includes(test)).length,
    ...(everything !== undefined && { everything }),
  };
}

function whyEverything(changed: readonly string[], steps: ReadonlyMap<string, number>): string | undefined {
  const untraced = changed.find((path) => !isTraced.test(path));
  if (untraced !== undefined) return `what ${untraced} bears on cannot be traced`;
  const changedRunner = changed.find((path) => runner.includes(path));
  if (changedRunner !== undefined) return `${changedRunner} starts all tests`;
  return steps.has(setup) ? `${setup}, on which all tests run, can see the change` : undefined;
}

type Referring = ReadonlyMap<string, readonly string[]>;
type Graph = {
  /** Who refers to each file. */
  readonly referring: Referring;
  /** Which tests speak of the tools it declares. */
  readonly naming: Referring;
  /** Who reads every file. */
  readonly readers: readonly string[];
  /** How often each test speaks of the tools that a file declares. */
  readonly tools: ReadonlyMap<string, ReadonlyMap<string, number>>;
};

/** What was removed counts as being there, or nobody would be found who still needs it. */
function referrers({ sources, scripts }: Repository, changed: readonly string[]): Graph {
  const files = filesOf([...new Set([...sources.keys(), ...changed])], scripts);
  const toolFiles = toolsIn(sources);
  const referring = new Map<string, string[]>();
  const naming = new Map<string, string[]>();
  const tools = new Map<string, ReadonlyMap<string, number>>();
  const readers: string[] = [];
  for (const [file, source] of sources) {
    // The runner names every test and what it checks before them, and reads none of it.
    if (runner.includes(file)) continue;
    if (examples.includes(file)) {
      readers.push(file);
      continue;
    }
    if (readsEverything(file, source)) readers.push(file);
    const named = toolFilesNamedIn(file, source, toolFiles);
    tools.set(file, named);
    note(naming, named.keys(), file);
    note(referring, referencesOf(file, source, files), file);
  }
  return { referring, naming, readers, tools };
}

function note(graph: Map<string, string[]>, targets: Iterable<string>, from: string): void {
  for (const target of targets) {
    const known = graph.get(target);
    if (known) known.push(from);
    else graph.set(target, [from]);
  }
}

/** How far each file is. What lies beside the tests that share it counts as a part of them. */
function stepsFrom(from: readonly string[], ...graphs: readonly Referring[]): Map<string, number> {
  const steps = new Map(from.map((path) => [path, 0]));
  let level = [...from];
  for (let step = 0; level.length > 0; step++) {
    const next = new Set<string>();
    // An array goes on with what is added while it is walked.
    for (const file of level) {
      for (const by of graphs.flatMap((graph) => graph.get(file) ?? [])) {
        if (steps.has(by)) continue;
        if (isShared.test(by)) {
          steps.set(by, step);
          level.push(by);
        } else next.add(by);
      }
    }
    level = [...next].filter((by) => !steps.has(by));
    for (const by of level) steps.set(by, step + 1);
  }
  return steps;
}
