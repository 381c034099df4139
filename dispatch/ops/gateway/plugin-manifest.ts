// plugin/openclaw.plugin.json: what the host reads of the plugin without running its code. The host's own tool makes it from
// the bundle in plugin/dist; what that tool leaves out is added here.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chatName, queryEntries } from "../../contract/index.ts";
import { isObject } from "../../kernel/json.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { pluginFolder } from "./bundle.ts";

export const manifestFile = "plugin/openclaw.plugin.json";

const path = join(pluginFolder, "openclaw.plugin.json");

/** Where the skill lies, and which setting is a secret. */
const added = { skills: ["./skills"], uiHints: { "signing.secret": { label: "Signing secret", sensitive: true } } };

/** Whether the manifest is what would be written now. */
export async function isManifestCurrent(): Promise<boolean> {
  const written = await readFile(path, "utf8").catch(() => "{}");
  return written === withAdded(written) && (await hostTool("build", "--check")).code === 0;
}

/** @throws CommandFailure when the host's tool refuses the plugin */
export async function writeManifest(): Promise<void> {
  const { code, output } = await hostTool("build");
  if (code !== 0) throw new CommandFailure(`OpenClaw makes no manifest of the plugin: ${output}`);
  await writeFile(path, withAdded(await readFile(path, "utf8")));
}

/** @throws CommandFailure with what the host finds wrong */
export async function requireValidPlugin(): Promise<void> {
  const { code, output } = await hostTool("validate");
  if (code !== 0) throw new CommandFailure(`OpenClaw refuses the plugin: ${output}`);
}

/** Where a turn did nothing but read, the host lets its model say again what the desk sends back (plugin/src/said-hooks.ts). */
const readingTools = [...queryEntries.map(([name]) => chatName(name)), "dispatch_contract_status"];

function withAdded(manifest: string): string {
  const parsed: unknown = JSON.parse(manifest);
  const all = isObject(parsed) ? parsed : {};
  const known = isObject(all["toolMetadata"]) ? all["toolMetadata"] : {};
  const reading = readingTools.map((tool) => {
    const own = known[tool];
    return [tool, { ...(isObject(own) ? own : {}), replaySafe: true }] as const;
  });
  const toolMetadata = { ...known, ...Object.fromEntries(reading) };
  return `${JSON.stringify({ ...all, ...added, toolMetadata }, null, 2)}\n`;
}

async function hostTool(verb: string, ...flags: string[]): Promise<{ code: number; output: string }> {
  const program = join(pluginFolder, "../node_modules/openclaw/openclaw.mjs");
  const child = spawn(process.execPath, [program, "plugins", verb, "--entry", "./dist/index.js", ...flags], {
    cwd: pluginFolder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const [code]: (number | null)[] = await once(child, "close");
  return { code: code ?? 1, output: said.join("").trim() };
}
