// The repository's TypeScript, file by file, and what each file imports.

import { glob, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** Each names in its group what is imported. */
const imported = [
  /(?:^|\n)\s*(?:import|export)[^"'`;]*?from\s+["']([^"']+)["']/g,
  /(?:^|\n)import\s+["']([^"']+)["']/g,
  /import\(\s*["']([^"']+)["']\s*\)/g,
  /new URL\(\s*["']([^"']+\.ts)["'],\s*import\.meta\.url\)/g,
];

/** Every file that is ours, by its path from the root. */
export async function sourceFiles(): Promise<string[]> {
  const files: string[] = [];
  const foreign = new Set(["node_modules", "dist", ".dispatch", "coverage"]);
  for await (const file of glob("**/*.ts", { cwd: root, exclude: (name) => foreign.has(name) })) files.push(file);
  return files.toSorted();
}

export const textOf = (file: string): Promise<string> => readFile(join(root, file), "utf8");

/** What a file imports, as it is written there: statically, dynamically, or as the module of a thread. */
export async function importsOf(file: string): Promise<string[]> {
  const text = await textOf(file);
  return imported.flatMap((form) => [...text.matchAll(form)].map(([, specifier = ""]) => specifier));
}

/** The path of an imported file from the root; null for a package or a module of node's own. */
export const targetOf = (file: string, specifier: string): string | null =>
  specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : null;

/** All files that are loaded from `entries`, these included, and the packages they import. */
export async function reachableFrom(
  entries: readonly string[],
): Promise<{ files: ReadonlySet<string>; packages: ReadonlySet<string> }> {
  const files = new Set(entries);
  const packages = new Set<string>();
  // A Set is iterated over what is added meanwhile, too.
  for (const file of files) {
    if (!file.endsWith(".ts")) continue;
    for (const specifier of await importsOf(file)) {
      const target = targetOf(file, specifier);
      if (target !== null) files.add(target);
      else if (!specifier.startsWith("node:")) packages.add(packageOf(specifier));
    }
  }
  return { files, packages };
}

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
