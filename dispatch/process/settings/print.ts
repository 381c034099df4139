// The settings in force as text for a person: YAML as a file of settings has it, and behind each value where it comes from.
// Nothing secret is in it.

import { writtenBy, type Setting } from "./setting.ts";
import { configVariable, settingEntries, type Configuration } from "./settings-list.ts";

/** Stands for what is secret; no setting may hold it, so that what was printed is not taken for a file of settings. */
export const mask = "***";

/** What --print-config says: the settings to stdout, warnings to stderr. */
export function tellSettings(configuration: Configuration): void {
  for (const warning of configuration.warnings) process.stderr.write(`${warning}\n`);
  process.stdout.write(printed(configuration));
}

/** The settings with their origins, secrets masked. */
export function printed({ settings, origins, file }: Configuration): string {
  const groups = new Map<string, string[]>();
  for (const [name, one] of settingEntries) {
    const [group = "", key = ""] = one.key.split(".");
    const lines = groups.get(group) ?? [];
    groups.set(group, lines);
    lines.push(`  ${key}: ${shown(one, settings[name])}  # ${inOneLine(origins[name] ?? "default")}`);
  }
  return [
    "# The settings in force, secrets masked; behind each where it comes from: default < file < environment.",
    `# ${configVariable}: ${file === null ? "none" : inOneLine(file)}; NODE_ENV: ${settings.production ? "production" : "not production"}`,
    ...[...groups].flatMap(([group, lines]) => [`${group}:`, ...lines]),
    "",
  ].join("\n");
}

function shown(one: Setting<unknown>, value: unknown): string {
  if (value === null) return one.kind.write ? JSON.stringify(writtenBy(one.kind, value)) : "null";
  if (one.secret) return JSON.stringify(one.kind.isUrl === true ? serverAlone(new URL(String(value))) : mask);
  return JSON.stringify(typeof value === "string" ? withoutCredentials(value) : value);
}

/** Of a secret address its server, which says which one it is. With an @ behind it, a password may be what looks like the server. */
const serverAlone = ({ protocol, host, pathname, search, hash }: URL): string =>
  `${pathname}${search}${hash}`.includes("@") ? mask : `${protocol}//${mask}@${host}/${mask}`;

/** Without names and passwords before an @, and what stands behind the path. */
const withoutCredentials = (text: string): string =>
  text.replaceAll(/(?<=:\/\/)[^\s?#]*@/g, `${mask}@`).replaceAll(/(?<=:\/\/[^\s?#]*[?#])\S*/g, mask);

const inOneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, "?");
