// Where this desk's processes answer: as the stack in the data folder wrote it down, which took its ports from the settings of
// whoever started it; else as the settings here say.

import { urlOf } from "../../api/listen.ts";
import type { Settings } from "../../process/settings.ts";
import { stackFolderOf } from "./folder.ts";
import { readStackRecord } from "./state.ts";

export type DeskAddresses = {
  readonly api: string;
  readonly gateway: string;
  /** stack: both are where the stack's supervisor put them, but for a gateway that it was started without. */
  readonly from: "stack" | "settings";
};

/** Reads a file at most and asks nobody, so it works whatever is down. A stack that was killed is remembered until it is down. */
export function deskAddresses(settings: Settings): DeskAddresses {
  const record = readStackRecord(stackFolderOf(settings.dataDir));
  const urlIn = (name: string): string | null => record?.services.find((service) => service.name === name)?.url ?? null;
  const api = urlIn("api");
  return {
    api: api ?? urlOf(settings.apiHost, settings.apiPort),
    gateway: urlIn("gateway") ?? urlOf("127.0.0.1", settings.gatewayPort),
    from: api === null ? "settings" : "stack",
  };
}

/** For `eval` in a shell: the runbooks' variables API, GATEWAY and DATA. */
export function shellVariables({ api, gateway }: DeskAddresses, dataDir: string): string {
  return Object.entries({ API: api, GATEWAY: gateway, DATA: dataDir })
    .map(([name, value]) => `${name}='${value.replaceAll("'", String.raw`'\''`)}'`)
    .join("\n");
}
