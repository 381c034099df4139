// What a dependency must be to be taken: under a licence on the list, pinned to one version, and quiet when it is installed.

import { allowedBuilds, directPackages, installedBehind, type Direct, type Package } from "./packages.ts";

/** Use, change and passing on are free, whatever else the program is; at most names and texts must stay with it. */
export const permissive: ReadonlySet<string> = new Set([
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "Unlicense",
  "Zlib",
  // For fonts: they may be embedded and passed on with software, and not be sold by themselves.
  "OFL-1.1",
]);

/** What only development and the gateway need may be under these besides; the reason is why that does no harm. */
export const besideTheProduct: ReadonlyMap<string, string> = new Map([
  [
    "MPL-2.0",
    "files under it must stay under it when they are changed; OpenClaw brings them, and nobody here changes or bundles them",
  ],
  [
    "Python-2.0",
    "as free as those above, for use, change and passing on; graphile-worker's reading of options brings argparse, which nobody here calls",
  ],
]);

/** Whether an expression such as `(MIT OR GPL-3.0-or-later)` or `MIT AND Zlib` can be kept by licences of the list. */
export function isAllowed(expression: string, allowed: (licence: string) => boolean): boolean {
  const plain = expression.replaceAll(/[()]/g, "");
  return plain.split(" OR ").some((choice) => choice.split(" AND ").every((licence) => allowed(licence.trim())));
}

export function licenceObjections(product: readonly Package[], all: readonly Package[]): string[] {
  const inProduct = new Set(product.map(({ folder }) => folder));
  return all.flatMap(({ name, version, licence, folder }) => {
    const allowed = (one: string) => permissive.has(one) || (!inProduct.has(folder) && besideTheProduct.has(one));
    return isAllowed(licence, allowed) ? [] : [`${name}@${version} is under ${licence}, which is not on the list`];
  });
}

export function pinObjections(direct: readonly Direct[]): string[] {
  return direct.flatMap(({ name, pin, installed }) => {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(pin)) return [`${name} is not pinned to one version: ${pin}`];
    return installed && installed.version !== pin
      ? [`${name} is pinned to ${pin}, and ${installed.version} is installed`]
      : [];
  });
}

/** @param allowed by name: true runs its scripts, false leaves them out; each was looked at by somebody */
export function installObjections(all: readonly Package[], allowed: ReadonlyMap<string, boolean>): string[] {
  return all.flatMap(({ name, installScripts }) =>
    installScripts.length === 0 || allowed.has(name)
      ? []
      : [
          `${name} runs ${installScripts.join(", ")} when it is installed, and pnpm-workspace.yaml does not speak of it`,
        ],
  );
}

/** What speaks against the packages as they are installed; empty when nothing does. */
export function objections(): string[] {
  const product = installedBehind("dependencies", "optionalDependencies");
  const all = installedBehind("dependencies", "optionalDependencies", "devDependencies");
  return [
    ...licenceObjections(product, all),
    ...pinObjections(directPackages()),
    ...installObjections(all, allowedBuilds()),
  ];
}

/** How many packages are under each licence, the most frequent first. */
export function countByLicence(packages: readonly Package[]): [licence: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  return [...counts].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
}
