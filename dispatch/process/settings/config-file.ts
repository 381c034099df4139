// The file of settings, YAML or JSON: read within a bound, every value as the text that stands there, every fault with its line.
// What YAML can do beyond groups and values is refused: anchors, aliases, tags, a key twice, a second document.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import type { Node, Pair, ParsedNode, YAMLMap } from "yaml";
import { closestName } from "../../policy/likeness.ts";
import { isReadByOthers } from "../own-file.ts";
import type { Setting } from "./setting.ts";
import type { Fault } from "./settings-error.ts";

/** The settings fit many times over. */
export const maxConfigBytes = 65_536;
/** Of what is wrong with keys and values; more help nobody. */
const mostFaults = 50;

const require = createRequire(import.meta.url);
/** Loaded with the first file: most processes read none. */
const library = () => require("yaml") as typeof import("yaml");

/** What a file gives for a setting; `at` is the key, the file and the line. */
export type FileValue = { readonly text: string; readonly at: string };

export type ConfigFile = {
  /** By the setting's key. */
  readonly values: ReadonlyMap<string, FileValue>;
  readonly faults: readonly Fault[];
  readonly isReadByOthers: boolean;
};

/**
 * Reads a file of settings; what is wrong with it is among its faults.
 * @param named the variable that names the file
 */
export function readConfigFile(path: string, named: string, settings: readonly Setting<unknown>[]): ConfigFile {
  try {
    const { text, byOthers } = readOwnText(path, maxConfigBytes);
    return { ...configFileFrom(text, path, settings), isReadByOthers: byOthers };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      values: new Map(),
      faults: [{ at: named, rule: `must name a file of settings in YAML or JSON: ${path}: ${why}` }],
      isReadByOthers: false,
    };
  }
}

/** The text of a file that an operator wrote. @throws Error that says why it is not read */
export function readOwnText(path: string, maxBytes: number): { text: string; byOthers: boolean } {
  // Without waiting for a writer of a named pipe.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error("is no file");
    const bytes = Buffer.alloc(maxBytes + 1);
    const size = readSync(file, bytes, 0, bytes.length, 0);
    if (size > maxBytes) throw new Error(`has more than ${maxBytes} bytes`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, size));
    return { text, byOthers: isReadByOthers(stats) };
  } finally {
    closeSync(file);
  }
}

/** The settings that stand in a file's text. */
export function configFileFrom(
  text: string,
  path: string,
  settings: readonly Setting<unknown>[],
): Pick<ConfigFile, "values" | "faults"> {
  const { LineCounter, parseDocument } = library();
  const lines = new LineCounter();
  // Of keys that stand twice each is told below. Its own words may quote what stands there, which may be a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line } = lines.linePos(broken.pos[0]);
    const what = broken.code.toLowerCase().replaceAll("_", " ");
    return { values: new Map(), faults: [{ at: `${path}:${line}`, rule: `cannot be read as YAML or JSON: ${what}` }] };
  }
  return new FileReading(path, settings, (node) => lines.linePos(node.range?.[0] ?? 0).line).read(document.contents);
}

class FileReading {
  readonly #yaml = library();
  readonly #path: string;
  readonly #settings: ReadonlyMap<string, Setting<unknown>>;
  readonly #keys: readonly string[];
  readonly #lineOf: (node: Node) => number;
  readonly #values = new Map<string, FileValue>();
  readonly #faults: Fault[] = [];

  constructor(path: string, settings: readonly Setting<unknown>[], lineOf: (node: Node) => number) {
    this.#path = path;
    this.#settings = new Map(settings.map((one) => [one.key, one]));
    this.#keys = [...this.#settings.keys()];
    this.#lineOf = lineOf;
  }

  read(top: ParsedNode | null): Pick<ConfigFile, "values" | "faults"> {
    if (this.#yaml.isMap(top)) this.#readGroup(top, "");
    else if (top !== null && !isNothing(this.#yaml, top))
      this.#faults.push({
        at: this.#path,
        rule: "must hold groups of settings, such as server: and below it port: 8080",
      });
    return { values: this.#values, faults: this.#faults };
  }

  #fault(key: string, node: Node, rule: string): void {
    this.#faults.push({ at: `${key} (${this.#path}:${this.#lineOf(node)})`, rule });
  }

  #readGroup(group: YAMLMap, above: string): void {
    const seen = new Set<string>();
    for (const pair of group.items) {
      if (this.#faults.length >= mostFaults) return;
      this.#readPair(pair, above, seen);
    }
  }

  #readPair({ key: name, value }: Pair, above: string, seen: Set<string>): void {
    const { isNode, isScalar } = this.#yaml;
    if (!isNode(name)) return;
    const at = isNode(value) ? value : name;
    if (!isScalar(name) || isBeyondPlain(this.#yaml, name))
      return this.#fault(
        above === "" ? "a key" : `a key below ${above}`,
        name,
        "must be the name of a setting or a group",
      );
    const written = String(name.source ?? name.value);
    const key = above === "" ? written : `${above}.${written}`;
    if (seen.has(written)) return this.#fault(key, name, "stands there twice: leave one out");
    seen.add(written);
    if (isNode(value) && isBeyondPlain(this.#yaml, value))
      return this.#fault(key, at, "must be written out: anchors, aliases and tags are not taken");
    if (written.includes("."))
      return this.#fault(JSON.stringify(written), name, "must have no dot: write the group, and the setting below it");
    const setting = this.#settings.get(key);
    if (setting !== undefined) return this.#readValue(setting, isNode(value) ? value : null);
    if (this.#yaml.isMap(value)) return this.#readGroup(value, key);
    if (this.#keys.some((one) => one.startsWith(`${key}.`))) {
      if (!isNode(value) || isNothing(this.#yaml, value)) return;
      return this.#fault(key, at, "is a group: write its settings below it");
    }
    const closest = closestName(key, this.#keys, 0);
    this.#fault(key, name, `is no setting; the closest is ${closest ?? ""}`);
  }

  #readValue(setting: Setting<unknown>, node: Node | null): void {
    const { isScalar, isSeq, isNode } = this.#yaml;
    if (node === null || isNothing(this.#yaml, node)) return;
    const at = `${setting.key} (${this.#path}:${this.#lineOf(node)})`;
    const items: readonly unknown[] = isSeq(node) && setting.kind.isList === true ? node.items : [node];
    const texts = items.map((item) =>
      isNode(item) && isScalar(item) && !isBeyondPlain(this.#yaml, item) ? textIn(item) : null,
    );
    if (texts.includes(null)) return this.#fault(setting.key, node, `must be one value, such as ${setting.example}`);
    const text = texts.join(",");
    if (text !== "") this.#values.set(setting.key, { text, at });
  }
}

/** As it stands there, so that 0123 stays what was written. */
const textIn = ({ source, value }: { readonly source?: string; readonly value: unknown }): string =>
  (source ?? String(value)).trim();

const isNothing = ({ isScalar }: typeof import("yaml"), node: Node): boolean => isScalar(node) && node.value === null;

const isBeyondPlain = ({ isAlias }: typeof import("yaml"), node: Node): boolean =>
  isAlias(node) || node.tag !== undefined || ("anchor" in node && node.anchor !== undefined);
