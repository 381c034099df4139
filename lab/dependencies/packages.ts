// The packages this house stands on, as they are installed: who brings whom, under which licence, and which of them run a
// script when they are installed. Read from node_modules alone, without a network.

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";

const root = join(import.meta.dirname, "../..");
const kinds = ["dependencies", "optionalDependencies", "devDependencies"] as const;
export type Kind = (typeof kinds)[number];

export type Package = {
  readonly name: string;
  readonly version: string;
  /** As the package says; a list of several is joined by OR. */
  readonly licence: string;
  /** Scripts that installing it would run. */
  readonly installScripts: readonly string[];
  readonly folder: string;
  readonly needs: readonly string[];
};

export type Direct = {
  readonly kind: Kind;
  readonly name: string;
  /** As package.json pins it. */
  readonly pin: string;
  /** Null for the binaries of another platform. */
  readonly installed: Package | null;
};

/** What package.json names, in its order. */
export function directPackages(): Direct[] {
  const manifest = objectIn(join(root, "package.json"));
  return kinds.flatMap((kind) =>
    Object.entries(textsOf(manifest[kind])).map(([name, pin]) => ({
      kind,
      name,
      pin,
      installed: packageNear(root, name),
    })),
  );
}

/** These packages and all that they bring, each once. */
export function withAllTheyBring(packages: readonly Package[]): Package[] {
  const found = new Map(packages.map((one) => [one.folder, one]));
  for (const { folder, needs } of found.values()) {
    for (const name of needs) {
      const brought = packageNear(folder, name);
      if (brought) found.set(brought.folder, brought);
    }
  }
  return [...found.values()];
}

/** The installed packages behind the named kinds of dependency. */
export const installedBehind = (...of: readonly Kind[]): Package[] =>
  withAllTheyBring(
    directPackages().flatMap(({ kind, installed }) => (of.includes(kind) && installed ? [installed] : [])),
  );

/** As node finds it from that folder; null when it is not installed. */
function packageNear(from: string, name: string): Package | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return packageIn(realpathSync(candidate));
    if (dirname(folder) === folder) return null;
  }
}

function packageIn(folder: string): Package {
  const manifest = objectIn(join(folder, "package.json"));
  const scripts = ["preinstall", "install", "postinstall"].filter((script) => script in textsOf(manifest["scripts"]));
  // Without a script of its own such a package is compiled all the same.
  if (scripts.length === 0 && existsSync(join(folder, "binding.gyp"))) scripts.push("binding.gyp");
  return {
    name: String(manifest["name"]),
    version: String(manifest["version"]),
    licence: licenceOf(manifest),
    installScripts: scripts,
    folder,
    needs: Object.keys({
      ...textsOf(manifest["dependencies"]),
      ...textsOf(manifest["optionalDependencies"]),
      ...requiredPeers(manifest),
    }),
  };
}

function requiredPeers({ peerDependencies, peerDependenciesMeta }: JsonObject): Record<string, string> {
  const meta = isObject(peerDependenciesMeta) ? peerDependenciesMeta : {};
  return Object.fromEntries(
    Object.entries(textsOf(peerDependencies)).filter(
      ([name]) => !isObject(meta[name]) || meta[name]["optional"] !== true,
    ),
  );
}

/** Packages whose manifest says none: what the LICENSE file in them says, as somebody read it. */
const saidInFile: ReadonlyMap<string, string> = new Map([["png-js@2.0.0", "MIT"]]);

function licenceOf({ name, version, license, licenses }: JsonObject): string {
  const said = [license ?? licenses ?? []].flat().map((one: unknown) => (isObject(one) ? one["type"] : one));
  return (
    said.filter((one) => typeof one === "string").join(" OR ") ||
    saidInFile.get(`${String(name)}@${String(version)}`) ||
    "none said"
  );
}

function objectIn(file: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isObject(value)) throw new Error(`${file} holds no object`);
  return value;
}

const textsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).flatMap(([key, one]) => (typeof one === "string" ? [[key, one]] : [])),
  );

/** Which packages may run a script when they are installed, as pnpm-workspace.yaml says. */
export function allowedBuilds(): ReadonlyMap<string, boolean> {
  const [, list = ""] =
    /^allowBuilds:\n((?: {2}.+\n?)+)/m.exec(readFileSync(join(root, "pnpm-workspace.yaml"), "utf8")) ?? [];
  return new Map(
    [...list.matchAll(/^ {2}"?([^":]+)"?: (true|false)$/gm)].map(([, name = "", allowed]) => [
      name,
      allowed === "true",
    ]),
  );
}
