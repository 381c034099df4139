// Reads the settings, once and in one place: default, then the file that DISPATCH_CONFIG names, then the environment. Whatever
// is wrong stops the start, all of it at once, each with the place it came from. Which settings there are says
// settings/settings-list.ts.

import { resolve } from "node:path";
import { checks, type Places } from "./settings/checks.ts";
import { readConfigFile, type ConfigFile } from "./settings/config-file.ts";
import { givenIn, type Given } from "./settings/given.ts";
import { isProduction, nodeEnvironmentFaults } from "./settings/node-environment.ts";
import { mask } from "./settings/print.ts";
import type { Setting } from "./settings/setting.ts";
import { SettingsError, type Fault } from "./settings/settings-error.ts";
import {
  configVariable,
  settingEntries,
  settingsList,
  type Configuration,
  type SettingName,
  type Settings,
} from "./settings/settings-list.ts";

export type { Configuration, Settings } from "./settings/settings-list.ts";

const noFile: ConfigFile = { values: new Map(), faults: [], isReadByOthers: false };

/** The settings in force. @throws SettingsError as configurationFrom does */
export const readSettings = (environment: NodeJS.ProcessEnv = process.env): Settings =>
  configurationFrom(environment).settings;

/**
 * Reads the settings and where each comes from. An empty variable counts as unset.
 * @param defaults in place of the declared ones
 * @throws SettingsError with all that is wrong
 */
export function configurationFrom(
  environment: NodeJS.ProcessEnv = process.env,
  defaults: Partial<Settings> = {},
): Configuration {
  const named = environment[configVariable]?.trim();
  const path = named ? resolve(named) : null;
  const file = path === null ? noFile : readConfigFile(path, configVariable, Object.values(settingsList));
  const faults = [...nodeEnvironmentFaults(environment), ...file.faults];
  const values: Record<string, unknown> = { production: isProduction(environment) };
  const places: Record<string, string | null> = {};
  const faulty = new Set<SettingName>();

  for (const [name, one] of settingEntries) {
    const inFile = file.values.get(one.key) ?? null;
    const inEnvironment = givenIn(environment, one);
    places[name] = (inEnvironment ?? inFile)?.at ?? null;
    values[name] = name in defaults ? defaults[name] : one.fallback(environment, values);
    // What is overruled must keep its rule all the same: the day it holds is no day to hear of it.
    for (const given of [inFile, inEnvironment]) {
      if (given === null) continue;
      const read = "rule" in given ? given : readBy(one, given);
      if ("value" in read) values[name] = read.value;
      else {
        faults.push(read);
        faulty.add(name);
      }
    }
  }

  // All names are there: the loop went through the list.
  const settings = values as Settings;
  const origins = places as Configuration["origins"];
  const asked: Places = {
    at: (name) => origins[name] ?? settingsList[name].variable,
    isGiven: (name) => origins[name] !== null,
  };
  for (const { about, faultOf } of checks) {
    const fault = about.some((name) => faulty.has(name)) ? null : faultOf(settings, asked);
    if (fault !== null) faults.push(fault);
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return {
    settings: Object.freeze(settings),
    origins,
    file: path,
    warnings: path === null ? [] : warningsOf(path, file),
  };
}

function readBy(one: Setting<unknown>, { text, at }: Given): { readonly value: unknown } | Fault {
  if (text.includes(mask))
    return { at, rule: `must be the value itself; ${mask} stands for what is secret where settings are printed` };
  try {
    return { value: one.kind.parse(text) };
  } catch (error) {
    return { at, rule: `${error instanceof RangeError ? error.message : one.kind.rule}, such as ${one.example}` };
  }
}

function warningsOf(path: string, { values, isReadByOthers }: ConfigFile): string[] {
  const secrets = settingEntries.filter(([, { secret, key }]) => secret && values.has(key)).map(([, { key }]) => key);
  if (secrets.length === 0 || !isReadByOthers) return [];
  return [`${path} can be read by others, and has secrets in it (${secrets.join(", ")}): chmod 600 ${path}`];
}
