// `pnpm generate`: writes every committed file that is made from the source: the reference pages, the schema's page, the
// rows of the statements, the Prometheus rules, the Grafana dashboard, the runbooks' index, README's claims of a token, and the
// plugin's manifest;
// --check only compares.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { builtPlugin } from "../../dispatch/ops/gateway/built-plugin.ts";
import { isManifestCurrent, manifestFile, writeManifest } from "../../dispatch/ops/gateway/plugin-manifest.ts";
import { runCommand } from "../../dispatch/process/command-line.ts";
import { billingExportPage } from "./billing-export-page.ts";
import { dependenciesPage } from "./dependencies-page.ts";
import { importColumnsPage } from "./import-columns-page.ts";
import { dashboardFile } from "./grafana-dashboard.ts";
import { between } from "./markdown.ts";
import { onMigratedDatabase } from "./migrated-database.ts";
import { alertsPage, indexTable, metricsPage, runbookIndex } from "./monitoring-tables.ts";
import { rulesFile } from "./prometheus-rules.ts";
import { claimsTable, errorsPage, settingsPage, statesPage, toolsPage } from "./reference-tables.ts";
import { schemaPage } from "./schema-page.ts";
import { statementRowsFile } from "./statement-rows.ts";

const root = join(import.meta.dirname, "../..");

let described: Promise<{ schema: string; rows: string }> | undefined;
/** Both texts that are read from a migrated database, which takes seconds to make. */
const describeDatabase = () =>
  (described ??= onMigratedDatabase(async (client) => ({
    schema: await schemaPage(client),
    rows: await statementRowsFile(client),
  })));

/** The text of each file, made from the source and, for README and the runbooks' index, from what stands around it. */
const pages: Record<string, (before: string) => string | Promise<string>> = {
  "ops/reference/tools.md": toolsPage,
  "ops/reference/errors.md": errorsPage,
  "ops/reference/states.md": statesPage,
  "ops/reference/settings.md": settingsPage,
  "ops/reference/metrics.md": metricsPage,
  "ops/reference/alerts.md": alertsPage,
  "ops/reference/dependencies.md": dependenciesPage,
  "ops/reference/import-columns.md": importColumnsPage,
  "ops/reference/billing-export-columns.md": billingExportPage,
  "ops/reference/schema.md": async () => (await describeDatabase()).schema,
  "dispatch/db/statement-rows.generated.ts": async () => (await describeDatabase()).rows,
  "ops/prometheus/dispatch.rules.yml": rulesFile,
  "ops/grafana/dispatch.json": dashboardFile,
  "README.md": (before) => between(before, claimsTable()),
  [runbookIndex]: (before) => between(before, indexTable()),
};

export const generateCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm generate",
      about:
        "Writes what is made from the source: the pages of ops/reference, the rows of the SQL statements, the " +
        "Prometheus rules, the Grafana dashboard, the runbooks' index and the plugin's manifest. For the database's " +
        "it migrates a throw-away PostgreSQL, or a database of its own on DISPATCH_TEST_DATABASE_URL.",
      options: { check: { type: "boolean" } },
      meanings: { check: "write nothing; fail when a file differs from its source" },
    },
    async ({ check = false }) => {
      const stale = [...(await stalePages(check)), ...(await staleManifest(check))];
      if (check && stale.length > 0) {
        console.error(`Not equal to the source: ${stale.join(", ")}. Run pnpm generate and commit the result.`);
        return 1;
      }
      console.log(stale.length === 0 ? "the generated files equal their sources" : `wrote ${stale.join(", ")}`);
      return 0;
    },
  );

/** @returns the pages that differed; they are written unless `check` is set */
async function stalePages(check: boolean): Promise<string[]> {
  const stale: string[] = [];
  for (const [name, make] of Object.entries(pages)) {
    const path = join(root, name);
    const before = await readFile(path, "utf8").catch(() => "");
    const text = await make(before);
    if (before === text) continue;
    stale.push(name);
    if (check) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return stale;
}

/** The same for the manifest, which the host's own tool makes from the bundled plugin. */
async function staleManifest(check: boolean): Promise<string[]> {
  await builtPlugin();
  if (await isManifestCurrent()) return [];
  if (!check) await writeManifest();
  return [manifestFile];
}
