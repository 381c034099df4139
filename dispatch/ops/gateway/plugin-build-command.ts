// `pnpm plugin:build`: bundles the OpenClaw plugin into plugin/dist and writes its manifest from the contract; --check
// only compares the manifest.

import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { bundlePlugin } from "./bundle.ts";
import { isManifestCurrent, manifestFile, requireValidPlugin, writeManifest } from "./plugin-manifest.ts";

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
      if (!check) await writeManifest();
      else if (!(await isManifestCurrent()))
        throw new CommandFailure(`Not equal to the source: ${manifestFile}. Run pnpm generate and commit the result.`);
      await requireValidPlugin();
      console.log(`${manifestFile}: the host accepts it`);
      return 0;
    },
  );
