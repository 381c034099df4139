// The API's own paths, beside the tools of the contract: health, metrics, alerts, events, uploads, and the contract
// itself as a document and a page.

import type { Contract } from "../contract/index.ts";
import type { Desk } from "../kernel/desk.ts";
import type { FileStore } from "../storage/file-store.ts";
import { prefersText } from "./accept.ts";
import type { AlertReporter } from "./alerts.ts";
import { eventsPath } from "./agent-routes.ts";
import { calendarRoute } from "./calendar-route.ts";
import { contractRoute } from "./contract-route.ts";
import type { Credentials } from "./credentials.ts";
import { docsPage, docsStyleHash } from "./docs-page.ts";
import type { EventStreams } from "./events.ts";
import { freshFor } from "./fresh-for.ts";
import type { Exchange } from "./exchange.ts";
import type { Health } from "./health.ts";
import { liveDocument } from "./live-types.ts";
import type { Metrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import type { RequestReporter } from "./reporter.ts";
import type { RouteEntry } from "./routes.ts";
import { headersFor } from "./security-headers.ts";
import { uploadRoute } from "./upload-route.ts";

/** It needs no credentials and reads the whole desk: anybody may ask, and Postgres is asked once a second. */
const alertsFreshForMs = 1_000;

export type OwnParts = {
  readonly desk: Desk;
  readonly contract: Contract;
  readonly credentials: Credentials;
  readonly health: () => Promise<Health>;
  readonly metrics: Metrics;
  readonly alerts: AlertReporter;
  readonly events: EventStreams;
  readonly fileStore: FileStore | null;
  readonly reporter: RequestReporter;
};

export function ownRoutes({
  desk,
  contract,
  credentials,
  health,
  metrics,
  alerts,
  events,
  fileStore,
  reporter,
}: OwnParts): RouteEntry[] {
  const report = freshFor(
    alertsFreshForMs,
    () => desk.clock.now().getTime(),
    async () => JSON.stringify({ ...(await alerts.report()), metrics: await metrics.json() }),
  );
  return [
    ...watchRoutes({ health, metrics, reporter }),
    { method: "GET", path: "/ops/alerts", handler: async (exchange) => exchange.json(200, await report()) },
    { method: "GET", path: "/events", handler: (exchange) => events.open(exchange) },
    { method: "GET", path: eventsPath, handler: (exchange) => events.openForAgent(exchange) },
    contractRoute(desk, contract, credentials),
    calendarRoute(desk),
    ...documentRoutes(desk, contract),
    ...(fileStore ? [uploadRoute(fileStore, () => desk.clock.now())] : []),
  ];
}

/** What monitors ask for; also all that the metrics port serves, which has a health of its own and its metrics as text alone. */
export function watchRoutes(
  { health, metrics, reporter }: Pick<OwnParts, "health" | "metrics" | "reporter">,
  textOnly = false,
): RouteEntry[] {
  return [
    {
      method: "GET",
      path: "/health",
      handler: async (exchange) => {
        const { status, body } = await health();
        exchange.json(status, JSON.stringify(body));
      },
    },
    {
      method: "GET",
      path: "/metrics",
      handler: async (exchange) => {
        // Counted first, so that the answer counts itself.
        reporter.count(exchange, 200);
        if (!textOnly && !prefersText(exchange.request.headers.accept))
          return exchange.json(200, JSON.stringify(await metrics.json()));
        const { contentType, body } = await metrics.text();
        exchange.send(200, body, headersFor(contentType));
      },
    },
  ];
}

function documentRoutes({ policies }: Desk, contract: Contract): RouteEntry[] {
  const document = liveDocument(() => JSON.stringify(openApiDocument(contract)));
  const page = liveDocument(() => docsPage(contract));
  const pageHeaders = headersFor("text/html; charset=utf-8", docsStyleHash);
  return [
    {
      method: "GET",
      path: "/openapi.json",
      handler: (exchange: Exchange) => exchange.json(200, document(policies.live)),
    },
    {
      method: "GET",
      path: "/docs",
      handler: (exchange: Exchange) => exchange.send(200, page(policies.live), pageHeaders),
    },
  ];
}
