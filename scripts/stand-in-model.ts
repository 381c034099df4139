// Where the scripted stand-in for a model lies. Images leave lab/ out; there is none in them.

import { existsSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "../lab/scripted-model/server.ts");

/** Its module, or null where there is none. */
export const standInModel = (): string | null => (existsSync(file) ? file : null);
