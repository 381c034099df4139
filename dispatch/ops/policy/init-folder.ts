// The shipped rules as a folder of a company's own, with a page beside each file.

import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandFailure } from "../../process/command-line.ts";
import { isShippedProfile, profileFile, shippedFolder } from "../../policy/policy-set.ts";
import type { Said } from "./said.ts";

/**
 * @param profile what its profile.json extends; of an operator's own profile strict
 * @throws CommandFailure for a folder that has something in it, or cannot be written
 */
export function initFolder(dir: string, profile: string): Said {
  const folder = resolve(dir);
  const named = isShippedProfile(profile) ? profile : "strict";
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0)
      throw new CommandFailure(`${folder} is not empty; nothing was written. Name a new folder`);
    cpSync(shippedFolder, folder, { recursive: true });
    writeFileSync(join(folder, profileFile), `${JSON.stringify({ extends: named }, null, 2)}\n`);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {
    result: { folder },
    lines: [
      `wrote the shipped rules to ${folder}; README.md there says what each file is`,
      `profile.json extends ${named}; say there which one is meant`,
      `then: pnpm dispatch:policy check ${dir}, and pnpm dispatch:policy activate ${dir}`,
    ],
  };
}
