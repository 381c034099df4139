// Stands in for `pnpm NAME ARGUMENTS` inside the commands of runbooks: runs the script of that name in package.json.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "../../dispatch/kernel/json.ts";

const [name = "", ...args] = process.argv.slice(2);
const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
const scripts = isObject(manifest) && isObject(manifest["scripts"]) ? manifest["scripts"] : {};
const script = Object.hasOwn(scripts, name) ? scripts[name] : undefined;
if (typeof script === "string") {
  process.exitCode = spawnSync("sh", ["-c", `${script} "$@"`, "sh", ...args], { stdio: "inherit" }).status ?? 1;
} else {
  console.error(`package.json has no script ${name}`);
  process.exitCode = 1;
}
