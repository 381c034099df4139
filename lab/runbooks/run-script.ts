// Stands in for `pnpm [-s] NAME ARGUMENTS` inside the commands of runbooks: runs the script of that name in package.json, or
// with `exec` a program of node_modules.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "../../dispatch/kernel/json.ts";

const [name = "", ...args] = process.argv.slice(2).filter((word, at) => !(at === 0 && word === "-s"));
const run = (command: string, more: readonly string[]): number =>
  spawnSync("sh", ["-c", `${command} "$@"`, "sh", ...more], { stdio: "inherit" }).status ?? 1;
const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
const scripts = isObject(manifest) && isObject(manifest["scripts"]) ? manifest["scripts"] : {};
const script = Object.hasOwn(scripts, name) ? scripts[name] : undefined;
if (name === "exec") process.exitCode = run("exec", args);
else if (typeof script === "string") process.exitCode = run(script, args);
else {
  console.error(`package.json has no script ${name}`);
  process.exitCode = 1;
}
