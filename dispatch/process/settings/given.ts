// What the environment gives for a setting: by its variable, by an alias, or for a secret by a file that a variable names.

import { readFileSync } from "node:fs";
import { fileVariable, type Setting } from "./setting.ts";
import type { Fault } from "./settings-error.ts";

/** A setting's text and where it came from. */
export type Given = { readonly text: string; readonly at: string };

/** @returns null where nothing is given; an empty variable counts as unset */
export function givenIn(environment: NodeJS.ProcessEnv, setting: Setting<unknown>): Given | Fault | null {
  const given: Given[] = [];
  for (const variable of [setting.variable, ...setting.aliases]) {
    const text = environment[variable]?.trim();
    if (text) given.push({ text, at: variable });
    if (!setting.secret) continue;
    const byFile = givenByFile(fileVariable(variable), environment);
    if (byFile === null) continue;
    if ("rule" in byFile) return byFile;
    given.push(byFile);
  }
  const [first, ...others] = given;
  const other = others.find(({ at, text }) => text !== first?.text || isFile(setting, at) || isFile(setting, first.at));
  if (first === undefined || other === undefined) return first ?? null;
  const [one, another] = isFile(setting, other.at) ? [other.at, first.at] : [first.at, other.at];
  return { at: one, rule: `and ${another} are both set, and which one holds is not guessed: leave one out` };
}

const isFile = ({ variable, aliases }: Setting<unknown>, at: string): boolean => ![variable, ...aliases].includes(at);

/** What the file of a secret holds, without the line's end. */
function givenByFile(at: string, environment: NodeJS.ProcessEnv): Given | Fault | null {
  const path = environment[at]?.trim();
  if (!path) return null;
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? { at, rule: `must name a file that holds the secret; ${path} is empty` } : { at, text };
  } catch (error) {
    return { at, rule: `must name a file that can be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
