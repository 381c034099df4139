// `pnpm plugin:build`: bundles the OpenClaw plugin into plugin/dist and writes its manifest from the contract; --check
// only compares the manifest.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../process/command-line.ts";
import { bundlePlugin, pluginFolder } from "./bundle.ts";

export const pluginBuildCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm plugin:build",
      about: "Bundles the OpenClaw plugin into plugin/dist and writes plugin/openclaw.plugin.json from the contract.",
      options: { check: { type: "boolean" } },
      meanings: { check: "write no manifest; fail when it differs from the contract, or the host finds it wanting" },
    },
    async ({ check = false }) => {
      const { bytes } = await bundlePlugin();
      console.log(`plugin/dist/index.js: ${(bytes / 1024).toFixed(0)} KiB`);
      if (!(await openclaw("build", ...(check ? ["--check"] : [])))) return 1;
      if (!(await completeManifest(check))) return 1;
      return (await openclaw("validate")) ? 0 : 1;
    },
  );

/** Adds what the host's tool leaves out: where the skill lies, and which setting is a secret. */
async function completeManifest(check: boolean): Promise<boolean> {
  const path = join(pluginFolder, "openclaw.plugin.json");
  const written = await readFile(path, "utf8");
  const manifest: object = JSON.parse(written);
  const whole = `${JSON.stringify({ ...manifest, skills: ["./skills"], uiHints: { "signing.secret": { label: "Signing secret", sensitive: true } } }, null, 2)}\n`;
  if (whole === written) return true;
  if (check)
    console.error(
      "plugin/openclaw.plugin.json lacks its skills or hints. Run pnpm plugin:build and commit the result.",
    );
  else await writeFile(path, whole);
  return !check;
}

/** The host's own tools write and judge the manifest. */
async function openclaw(verb: string, ...flags: string[]): Promise<boolean> {
  const cli = join(import.meta.dirname, "../../../node_modules/openclaw/openclaw.mjs");
  const child = spawn(process.execPath, [cli, "plugins", verb, "--entry", "./dist/index.js", ...flags], {
    cwd: pluginFolder,
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  return code === 0;
}
