// `pnpm docs`: writes the reference tables under ops/reference from their sources; --check only compares.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./command-line.ts";
import { errorsPage, settingsPage, statesPage, toolsPage } from "./docs/reference-tables.ts";

const folder = join(import.meta.dirname, "../ops/reference");

await runCommand(
  {
    name: "pnpm docs",
    about: "Writes the tables of tools, errors, states and settings under ops/reference.",
    options: { check: { type: "boolean" } },
    meanings: { check: "write nothing; fail when a table differs from its source" },
  },
  async ({ check = false }) => {
    const pages = { "tools.md": toolsPage(), "errors.md": errorsPage(), "states.md": statesPage(), "settings.md": settingsPage() };
    await mkdir(folder, { recursive: true });
    const stale: string[] = [];
    for (const [name, text] of Object.entries(pages)) {
      const path = join(folder, name);
      if ((await readFile(path, "utf8").catch(() => "")) === text) continue;
      stale.push(`ops/reference/${name}`);
      if (!check) await writeFile(path, text);
    }
    if (check && stale.length > 0) {
      console.error(`Not equal to the source: ${stale.join(", ")}. Run pnpm docs and commit the result.`);
      return 1;
    }
    console.log(stale.length === 0 ? "the reference tables equal their sources" : `wrote ${stale.join(", ")}`);
    return 0;
  },
);
