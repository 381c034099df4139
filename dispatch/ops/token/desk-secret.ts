// The secret that this desk's API verifies tokens with, as its operator has it: in the settings, or in the file that a stack
// keeps.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../../process/settings.ts";
import { settingsList } from "../../process/settings/settings-list.ts";
import { jwtSecretFile } from "../stack/secret-file.ts";

export type DeskSecret = {
  readonly secret: string;
  /** For a person. */
  readonly from: string;
};

/** The settings' secret, else that of the stack in the data folder, else that of its containers; null when there is none. */
export async function deskSecret({ jwtSecret, dataDir }: Settings): Promise<DeskSecret | null> {
  if (jwtSecret !== null) return { secret: jwtSecret, from: settingsList.jwtSecret.variable };
  for (const path of [jwtSecretFile(dataDir), join(dataDir, "compose", "auth-jwt-secret")]) {
    const secret = await readFile(path, "utf8").catch(() => "");
    if (secret.trim() !== "") return { secret: secret.trim(), from: path };
  }
  return null;
}
