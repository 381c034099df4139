// `pnpm docs`: writes what is made from the source: the reference tables, the Prometheus rules, the Grafana dashboard and the
// runbooks' index; --check only compares. The schema's page takes a database that all migrations made, so it is written only
// when asked for; a test holds it to the migrations.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { runCommand } from "../../dispatch/process/command-line.ts";
import { dependenciesPage } from "./dependencies-page.ts";
import { dashboardFile } from "./grafana-dashboard.ts";
import { between } from "./markdown.ts";
import { alertsPage, indexTable, metricsPage, runbookIndex } from "./monitoring-tables.ts";
import { rulesFile } from "./prometheus-rules.ts";
import { schemaPage } from "./schema-page.ts";
import { errorsPage, settingsPage, statesPage, toolsPage } from "./reference-tables.ts";

const root = join(import.meta.dirname, "../..");
const pages: Record<string, (before: string) => string> = {
  "ops/reference/tools.md": toolsPage,
  "ops/reference/errors.md": errorsPage,
  "ops/reference/states.md": statesPage,
  "ops/reference/settings.md": settingsPage,
  "ops/reference/metrics.md": metricsPage,
  "ops/reference/alerts.md": alertsPage,
  "ops/reference/dependencies.md": dependenciesPage,
  "ops/prometheus/dispatch.rules.yml": rulesFile,
  "ops/grafana/dispatch.json": dashboardFile,
  [runbookIndex]: (before) => between(before, indexTable()),
};

export const generateCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm docs",
      about:
        "Writes the tables under ops/reference, the Prometheus rules, the Grafana dashboard and the runbooks' index.",
      options: { check: { type: "boolean" }, schema: { type: "boolean" } },
      meanings: {
        check: "write nothing; fail when a file differs from its source",
        schema: "the page of the schema too, from a throw-away PostgreSQL; needed after every change of the migrations",
      },
    },
    async ({ check = false, schema = false }) => {
      const stale: string[] = [];
      const schemaText = schema ? await schemaOfMigrations() : null;
      const all = schemaText === null ? pages : { ...pages, "ops/reference/schema.md": () => schemaText };
      for (const [name, make] of Object.entries(all)) {
        const path = join(root, name);
        const before = await readFile(path, "utf8").catch(() => "");
        const text = make(before);
        if (before === text) continue;
        stale.push(name);
        if (check) continue;
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, text);
      }
      if (check && stale.length > 0) {
        console.error(`Not equal to the source: ${stale.join(", ")}. Run pnpm docs and commit the result.`);
        return 1;
      }
      console.log(stale.length === 0 ? "the made files equal their sources" : `wrote ${stale.join(", ")}`);
      return 0;
    },
  );

async function schemaOfMigrations(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-schema-"));
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings: { fsync: "off" } });
  const client = new pg.Client({ connectionString: server.url });
  try {
    await migrate({ databaseUrl: server.url, log: () => undefined });
    await client.connect();
    return await schemaPage(client);
  } finally {
    await client.end();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
