// What other files of this repository a source file can reach: by imports, and by the paths in its strings, since tests and
// the stack start programs by path and read folders. It finds more than is run, never less. What is imported as a type alone
// cannot change what runs, and tsc looks at it.

import { basename, dirname, join, matchesGlob } from "node:path";

/** The files there are, by their paths from the repository's root. */
export type Files = {
  readonly all: readonly string[];
  readonly paths: ReadonlySet<string>;
  readonly byName: ReadonlyMap<string, readonly string[]>;
  readonly byFolder: ReadonlyMap<string, readonly string[]>;
  /** What each script of package.json starts, by its name. */
  readonly commands: ReadonlyMap<string, readonly string[]>;
};

/** @param scripts package.json's, for example `node scripts/demo.ts --ci` under `dispatch:demo:ci` */
export function filesOf(all: readonly string[], scripts: Readonly<Record<string, string>>): Files {
  const byFolder = new Map<string, string[]>();
  for (const path of all) {
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
      const inside = byFolder.get(folder);
      if (inside) inside.push(path);
      else byFolder.set(folder, [path]);
    }
  }
  const paths = new Set(all);
  const started = (line: string) => line.split(" ").filter((word) => paths.has(word));
  return {
    all,
    paths,
    byName: Map.groupBy(all, (path) => basename(path)),
    byFolder,
    commands: new Map(Object.entries(scripts).map(([name, line]) => [name, started(line)])),
  };
}

const quoted = /"((?:[^"\\\n]|\\.)*)"/g;
const template = /`((?:[^`\\]|\\[^])*)`/g;
/** A runbook's blocks so marked are run as they stand on the page. */
const block = /^```sh run\n([^]*?)^```/gm;
const command = /\bpnpm (?:-s )?([\w:]+)/g;
const isSource = /\.(?:ts|md)$/;
/** Reads what package.json has under "scripts", to try each. */
const startsCommands = /\.scripts\b/;

const typesAlone = /^(?:import|export) type [^;=]*?;$/gm;

/** A test that goes through all files there are. */
export const readsEverything = (file: string, source: string): boolean =>
  file.startsWith("tests/") && (source.includes('"ls-files"') || source.includes(`"${everySource}"`));
const everySource = "**/*.ts";

/** But for what readsEverything tells. */
export function referencesOf(file: string, source: string, files: Files): Set<string> {
  if (file.endsWith(".md")) {
    const run = [...source.matchAll(block)].map(([, commands = ""]) => commands).join("");
    return new Set([...run.matchAll(command)].flatMap(([, name = ""]) => files.commands.get(name) ?? []));
  }
  const names = textsIn(source.replaceAll(typesAlone, "")).filter(
    (name) => name !== "" && name !== everySource && !/\s/.test(name),
  );
  const folders = names.flatMap((name) => folderNamed(file, name, files) ?? []);
  const found = new Set<string>();
  const reach = (paths: readonly string[]) => paths.forEach((path) => found.add(path));
  for (const name of names) reach(name.includes("*") ? matching(file, name, folders, files) : named(file, name, files));
  // Of a folder that is read as a whole; programs in it are started by their names.
  for (const folder of folders) reach((files.byFolder.get(folder) ?? []).filter((path) => path.endsWith(".md")));
  if (file.startsWith("tests/") && source.includes("package.json") && startsCommands.test(source))
    reach([...files.commands.values()].flat());
  return new Set([...found].filter((path) => path !== file && reads(file, path)));
}

/** What stands in quotes, the fixed parts of templates, and what stands in quotes between those. */
function textsIn(source: string): string[] {
  const inQuotes = (code: string) => [...code.matchAll(quoted)].map(([, words = ""]) => words);
  const inTemplates = [...source.matchAll(template)].flatMap(([, whole = ""]) => {
    // Every second piece is code.
    const pieces = whole.split(/\$\{([^}]*)\}/);
    return pieces.flatMap((piece, at) => (at % 2 === 0 ? [piece] : inQuotes(piece)));
  });
  return [...inQuotes(source), ...inTemplates];
}

/** Documents are read by tests and by what is in lab; the plugin's travel with it. */
const reads = (file: string, path: string): boolean =>
  !path.endsWith(".md") || path.startsWith("plugin/") || /^(?:tests|lab)\//.test(file);

const isRelative = (name: string): boolean => /^\.\.?\//.test(name);

function named(file: string, name: string, { paths, byName }: Files): readonly string[] {
  const path = isRelative(name) ? join(dirname(file), name) : name.replace(/^\/+/, "");
  if (paths.has(path) && name.includes("/")) return [path];
  // Joined to a folder that is said elsewhere.
  const ends = (one: string) => one === path || one.endsWith(`/${path}`);
  return isSource.test(path) && !isRelative(name) ? (byName.get(basename(path)) ?? []).filter(ends) : [];
}

/** Undefined where it is none, or one of the words that name a room: those are rarely meant as folders. */
function folderNamed(file: string, name: string, { byFolder }: Files): string | undefined {
  const path = (isRelative(name) ? join(dirname(file), name) : name).replace(/\/$/, "");
  return name.includes("/") && byFolder.has(path) ? path : undefined;
}

/** What a pattern counts from is said elsewhere: a folder that the same source names, the root, or the file's own folder. */
function matching(file: string, pattern: string, folders: readonly string[], { all }: Files): string[] {
  if (!isSource.test(pattern)) return [];
  const root = pattern.includes("/") || folders.length === 0 ? ["."] : [];
  const patterns = [...root, dirname(file), ...folders].map((folder) => join(folder, pattern));
  return all.filter((path) => patterns.some((one) => matchesGlob(path, one)));
}
