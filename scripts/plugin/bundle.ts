// Bundles the plugin as it is shipped: one file of JavaScript with everything in it but the host's own modules.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

export const pluginFolder = join(import.meta.dirname, "../../plugin");

/** Packages whose code the bundle holds; their licences travel with it. */
const bundled = ["jose", "typebox"];

/**
 * Writes dist/index.js and dist/licences.txt.
 * @returns the bundle's size in bytes
 */
export async function bundlePlugin(): Promise<{ bytes: number }> {
  const result = await build({
    entryPoints: [join(pluginFolder, "src/index.ts")],
    outfile: join(pluginFolder, "dist/index.js"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    external: ["openclaw", "openclaw/*"],
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  });
  const foreign = Object.keys(result.metafile.inputs).flatMap((path) => /node_modules\/(?!\.pnpm)((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const unknown = [...new Set(foreign)].filter((name) => !bundled.includes(name));
  if (unknown.length > 0) throw new Error(`the bundle took in ${unknown.join(", ")}, whose licences it does not carry`);
  const licences = await Promise.all(bundled.map(async (name) => `${name}\n\n${await licenceOf(name)}`));
  await writeFile(join(pluginFolder, "dist/licences.txt"), licences.join("\n\n"));
  return { bytes: Object.values(result.metafile.outputs)[0]?.bytes ?? 0 };
}

async function licenceOf(name: string): Promise<string> {
  const folder = join(import.meta.dirname, "../../node_modules", name);
  for (const file of ["LICENSE", "LICENSE.md", "license"]) {
    const text = await readFile(join(folder, file), "utf8").catch(() => null);
    if (text !== null) return text;
  }
  throw new Error(`no licence found in ${folder}`);
}
