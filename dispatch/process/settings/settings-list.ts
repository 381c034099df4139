// Which settings there are: the one list that reading, the file's keys, --print-config, the page of settings and the check of
// docker-compose.yml go by. Each is declared in one of the files below, by what it is about.

import { alertSettings } from "./alert-settings.ts";
import { demoSettings } from "./demo-settings.ts";
import { ruleSettings } from "./rule-settings.ts";
import { serverSettings } from "./server-settings.ts";
import type { Setting } from "./setting.ts";
import { storeSettings } from "./store-settings.ts";
import { workSettings } from "./work-settings.ts";

export const settingsList = {
  ...serverSettings,
  ...storeSettings,
  ...ruleSettings,
  ...workSettings,
  ...alertSettings,
  ...demoSettings,
} as const;

export type SettingName = keyof typeof settingsList;
type ValueOf<S> = S extends { readonly fallback: (...args: never[]) => infer T } ? T : never;

/** The settings in force. */
export type Settings = { readonly [N in SettingName]: ValueOf<(typeof settingsList)[N]> } & {
  readonly production: boolean;
};

/** All of them with their names. */
export const settingEntries = Object.entries(settingsList) as [SettingName, Setting<unknown>][];

/** The settings, and what is known of them besides. */
export type Configuration = {
  readonly settings: Settings;
  /** Where each comes from: a variable, or a key with its file and line; null for a default. */
  readonly origins: Readonly<Record<SettingName, string | null>>;
  /** The file of settings; null without one. */
  readonly file: string | null;
  /** What an operator should hear, though it stops nothing. */
  readonly warnings: readonly string[];
};

/** The variable that names the file. */
export const configVariable = "DISPATCH_CONFIG";
