// `pnpm dispatch:dependencies`: licences, pins and install scripts of what is installed, and the holes the registry knows of.

import manifest from "../../package.json" with { type: "json" };
import { runCommand } from "../../dispatch/process/command-line.ts";
import { askRegistry, isHighOrCritical } from "./audit.ts";
import { installedBehind } from "./packages.ts";
import { countByLicence, objections } from "./rules.ts";

export const dependenciesCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:dependencies",
      about:
        "Judges the installed packages: licences, pins, scripts at installation; then asks the package " +
        "registry for known holes in them (pnpm audit). Fails for an objection, and for a hole that is " +
        "high or critical. A registry that does not answer is said so and fails nothing.",
      options: { all: { type: "boolean" }, offline: { type: "boolean" } },
      meanings: {
        all: "ask about what only development and the gateway need, too",
        offline: "do not ask the registry",
      },
    },
    async ({ all = false, offline = false }) => {
      const product = installedBehind("dependencies", "optionalDependencies");
      console.log(
        `${product.length} packages behind the API and the worker: ${countByLicence(product)
          .map(([licence, count]) => `${count} ${licence}`)
          .join(", ")}`,
      );
      const against = objections();
      for (const one of against) console.error(`objection: ${one}`);
      if (offline) return against.length === 0 ? 0 : 1;

      const audit = askRegistry(manifest.packageManager, all);
      if (audit.kind === "not answered") {
        console.log(`audit: SKIPPED, not answered by this registry: ${audit.why}`);
        return against.length === 0 ? 0 : 1;
      }
      for (const { severity, name, title, patched, url } of audit.advisories)
        console.log(`audit: ${severity} in ${name}: ${title}; fixed in ${patched}; ${url}`);
      const high = audit.advisories.filter(isHighOrCritical).length;
      console.log(`audit: ${audit.advisories.length} known holes, ${high} of them high or critical`);
      return against.length === 0 && high === 0 ? 0 : 1;
    },
  );
