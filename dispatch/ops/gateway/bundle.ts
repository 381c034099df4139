// Bundles the plugin as it is shipped: one file of JavaScript with everything in it but the host's own modules.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

export const pluginFolder = join(import.meta.dirname, "../../../plugin");

/** Packages whose code the bundle holds; their licences travel with it. */
const bundled = ["jose", "typebox"];

/**
 * Writes dist/index.js and dist/licences.txt, each at once: a gateway may be reading them.
 * @returns the bundle's size in bytes
 */
export async function bundlePlugin(): Promise<{ bytes: number }> {
  const result = await build({
    // The bundle names its sources from here, wherever it is made.
    absWorkingDir: join(import.meta.dirname, "../../.."),
    entryPoints: [join(pluginFolder, "src/index.ts")],
    outfile: join(pluginFolder, "dist/index.js"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    external: ["openclaw", "openclaw/*"],
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const foreign = Object.keys(result.metafile.inputs).flatMap(
    (path) => /node_modules\/(?!\.pnpm)((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  );
  const unknown = [...new Set(foreign)].filter((name) => !bundled.includes(name));
  if (unknown.length > 0) throw new Error(`the bundle took in ${unknown.join(", ")}, whose licences it does not carry`);
  const licences = await Promise.all(bundled.map(async (name) => `${name}\n\n${await licenceOf(name)}`));
  const [bundle] = result.outputFiles;
  if (!bundle) throw new Error("esbuild made no bundle");
  await writeAtOnce("licences.txt", licences.join("\n\n"));
  await writeAtOnce("index.js", bundle.contents);
  return { bytes: bundle.contents.byteLength };
}

async function writeAtOnce(name: string, content: string | Uint8Array): Promise<void> {
  const path = join(pluginFolder, "dist", name);
  await mkdir(join(pluginFolder, "dist"), { recursive: true });
  await writeFile(`${path}.${process.pid}`, content);
  await rename(`${path}.${process.pid}`, path);
}

async function licenceOf(name: string): Promise<string> {
  const folder = join(import.meta.dirname, "../../../node_modules", name);
  for (const file of ["LICENSE", "LICENSE.md", "license"]) {
    const text = await readFile(join(folder, file), "utf8").catch(() => null);
    if (text !== null) return text;
  }
  throw new Error(`no licence found in ${folder}`);
}
