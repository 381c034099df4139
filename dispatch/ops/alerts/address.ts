// Where the API is asked, and who said so: the command line, the environment, the stack that runs from the data folder, or
// nobody, and then the settings' defaults.

import { urlOf } from "../../api/listen.ts";
import type { Settings } from "../../process/settings.ts";
import { deskAddresses } from "../stack/addresses.ts";

export type ApiAddress = { readonly url: string; /** For people. */ readonly from: string };

/** A port that was set to 0 was chosen by whoever listens, so that its number is in the stack's file alone. */
export function apiAddress(
  given: string | undefined,
  settings: Settings,
  environment: NodeJS.ProcessEnv = process.env,
): ApiAddress {
  if (given !== undefined) return { url: given.replace(/\/+$/, ""), from: "--url" };
  const named = ["DISPATCH_API_HOST", "DISPATCH_API_PORT"].filter((variable) => environment[variable]?.trim());
  if (named.length > 0 && settings.apiPort !== 0)
    return { url: urlOf(settings.apiHost, settings.apiPort), from: named.join(" and ") };
  const { api, from } = deskAddresses(settings);
  return from === "stack"
    ? { url: api, from: `the stack in ${settings.dataDir}` }
    : { url: api, from: `the default, as no stack runs from ${settings.dataDir}` };
}
