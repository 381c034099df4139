// Starts a whole API in this process and stops it again: the desk, the routes, the servers. main.ts wraps it for
// process managers; the demo and the tests call it themselves.

import type { Logger } from "pino";
import { contract as ours, type Contract } from "../contract/index.ts";
import { commandHandlers, queryHandlers } from "../handlers.ts";
import { systemClock, type Clock } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import { Rejections } from "../kernel/rejections.ts";
import type { Settings } from "../process/settings.ts";
import { agentCredentials } from "./agent-credentials.ts";
import { alertReporter } from "./alerts.ts";
import { affordable } from "./connection-room.ts";
import { createApp, type Listener } from "./app.ts";
import { openCredentials } from "./credentials.ts";
import { devHeadersNow } from "./development-headers.ts";
import { diskWatch } from "./disk-watch.ts";
import { partWatch } from "./part-watch.ts";
import { errorResponder } from "./error-response.ts";
import { eventStreams } from "./events.ts";
import { addGauges } from "./gauges.ts";
import { answeringOf, checksOf, healthOf, postgresCheckOf } from "./health.ts";
import { httpServer, type HttpServer } from "./http-server.ts";
import { keepListening } from "./keep-listening.ts";
import { knownHosts } from "./known-hosts.ts";
import { CannotListen, listen, urlOf } from "./listen.ts";
import { openLockWatch } from "./lock-watch.ts";
import { Metrics } from "./metrics.ts";
import type { Policy } from "../policy/policy.ts";
import { openDesk, type OpenDesk } from "../process/open-desk.ts";
import { ownRoutes, watchRoutes } from "./own-routes.ts";
import { RateLimit } from "./rate-limit.ts";
import { RequestReporter } from "./reporter.ts";
import { requestLog } from "./request-log.ts";
import { startSinks } from "./sinks.ts";
import { toolRoutes, type Handlers } from "./tool-routes.ts";

export type StartOptions = {
  readonly settings: Settings;
  readonly log: Logger;
  readonly clock?: Clock;
  /** The house's own unless a test says otherwise. */
  readonly contract?: Contract;
  readonly handlers?: Handlers;
  readonly policy?: Policy;
};

export type RunningApi = {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  readonly port: number;
  readonly desk: Desk;
  /**
   * Stops accepting, finishes what is in hand, closes everything. May be called again.
   * @returns false when requests had to be cut off because shutdownTimeoutMs was over
   */
  stop(): Promise<boolean>;
};

const houseHandlers: Handlers = { commands: commandHandlers, queries: queryHandlers };

/**
 * Starts the API; once this resolves it answers.
 * @throws SettingsError for a setting that proves wrong; for all else an error with a sentence for people
 */
export async function startApi(options: StartOptions): Promise<RunningApi> {
  const { settings, log, clock = systemClock } = options;
  const warn: Warn = (message, error) => log.warn(error === undefined ? {} : { err: error }, message);
  let url = "";
  await using opened = new AsyncDisposableStack();

  const credentials = await openCredentials({ settings, clock, warn, devHeaders: () => devHeadersNow(open.desk) });
  const open = await openDesk({
    settings,
    clock,
    ...(options.policy && { policy: options.policy }),
    serves: true,
    applicationName: "dispatch-api",
    apiUrl: () => url,
    log: { info: (message) => log.info(message), warn },
  });
  opened.defer(open.close);
  const api = assemble({ options, clock, warn, credentials, open, opened });

  const server = httpServer(api.main, connectionsFor(settings, warn));
  const port = await listen(server.server, {
    host: settings.apiHost,
    port: settings.apiPort,
    hostVariable: "DISPATCH_API_HOST",
    portVariable: "DISPATCH_API_PORT",
  });
  url = urlOf(settings.apiHost, port);
  const servers = [server, ...(await watchServer(api.watch, settings, warn))];
  const listening = await keepListening(open.desk);
  opened.defer(listening.close);
  log.info({ host: settings.apiHost, port }, "dispatch-api started");
  if (settings.allowDevHeaders === "anywhere") {
    warn(
      `DISPATCH_AUTH_ALLOW_DEV_HEADERS=anywhere: whoever reaches ${settings.apiHost} is whoever they say, with every role and ` +
        "without a token. Never so where strangers can reach this machine.",
    );
  }

  const rest = opened.move();
  const stop = async (): Promise<boolean> => {
    api.reporter.closing = true;
    await api.endStreams();
    const inTime = await Promise.all(servers.map((one) => one.close(settings.shutdownTimeoutMs)));
    await rest.disposeAsync();
    return inTime.every(Boolean);
  };
  let stopped: Promise<boolean> | undefined;
  return { url, port, desk: open.desk, stop: () => (stopped ??= stop()) };
}

type Warn = (message: string, error?: unknown) => void;

type Parts = {
  readonly options: StartOptions;
  readonly clock: Clock;
  readonly warn: Warn;
  readonly credentials: Awaited<ReturnType<typeof openCredentials>>;
  readonly open: OpenDesk;
  readonly opened: AsyncDisposableStack;
};

type Assembled = {
  readonly main: Listener;
  /** What the metrics port serves. */
  readonly watch: Listener;
  readonly reporter: RequestReporter;
  endStreams(): Promise<void>;
};

/** Puts the parts together; what needs closing goes onto `opened`, which closes it in the opposite order. */
function assemble({ options, clock, warn, credentials, open, opened }: Parts): Assembled {
  const { settings, log, contract = ours, handlers = houseHandlers } = options;
  const { desk, databaseUrl, fileStore } = open;
  const metrics = new Metrics(clock);
  const reporter = new RequestReporter(metrics, requestLog(log));
  const rejections = new Rejections(desk.db, clock, (error) =>
    warn("refusals could not be stored; they are kept for the next try", error),
  );
  opened.defer(() => rejections.flush());
  const locks = openLockWatch(databaseUrl, () => clock.now().getTime());
  opened.defer(() => locks.close());
  const respondError = errorResponder({
    rejections,
    holders: locks.holders,
    logDefect: (error, { reference, exchange }) =>
      log.error(
        { err: error, reference, endpoint: exchange.endpoint, correlation_id: exchange.trace.correlationId },
        "a defect",
      ),
  });
  const agents = agentCredentials({ desk, credentials, devHeaders: () => devHeadersNow(desk) !== false });
  const events = eventStreams({ desk, databaseUrl, credentials, agents, warn });
  opened.defer(() => events.close());
  const postgres = postgresCheckOf(desk);
  const checks = checksOf(desk, postgres);
  const ofMachine = { disks: diskWatch(settings), parts: partWatch(settings.dataDir) };
  const alerts = alertReporter(desk, rejections, checks, ofMachine);
  addGauges(metrics, { desk, checks, alerts, ...ofMachine, openStreams: () => events.count, locks });
  const sinks = startSinks({
    metricsPath: settings.metricsSinkPath,
    alertsPath: settings.alertsSinkPath,
    everyMs: settings.sinkIntervalMs,
    readMetrics: () => metrics.json(),
    readAlerts: () => alerts.report(),
    warn,
  });
  opened.defer(() => sinks.close());

  const health = healthOf(desk, checks);
  const tools = toolRoutes({
    desk,
    contract,
    handlers,
    credentials,
    agents,
    news: events.news,
    rateLimit: new RateLimit(settings.rateLimitPerMinute, clock),
    onAnswer: (name, answer, body) => metrics.effect(name, answer, body),
    onClaims: (checked, unproven) => metrics.claims(checked, unproven),
  });
  const own = ownRoutes({ desk, contract, credentials, health, metrics, alerts, events, fileStore, reporter });
  const shared = { respondError, reporter, requireKnownHost: knownHosts(settings, () => devHeadersNow(desk)) };
  return {
    main: createApp({ ...shared, routes: [...tools, ...own] }),
    watch: createApp({ ...shared, routes: watchRoutes({ health: answeringOf(postgres), metrics, reporter }, true) }),
    reporter,
    endStreams: () => events.close(),
  };
}

function connectionsFor({ apiMaxConnections: wanted }: Settings, warn: Warn): number {
  const most = affordable(wanted);
  if (most < wanted)
    warn(
      `The system lets this process open so few files that it serves ${most} connections at a time in place of ${wanted} ` +
        "(DISPATCH_API_MAX_CONNECTIONS): raise the limit of open files (ulimit -n).",
    );
  return most;
}

const monitorConnections = 50;

/** The port for monitors. Two APIs on one machine want the same one by default, so doing without it is no failure. */
async function watchServer(listener: Listener, settings: Settings, warn: Warn): Promise<HttpServer[]> {
  if (settings.metricsPort === 0) return [];
  const server = httpServer(listener, monitorConnections);
  try {
    await listen(server.server, {
      host: settings.apiHost,
      port: settings.metricsPort,
      hostVariable: "DISPATCH_API_HOST",
      portVariable: "DISPATCH_METRICS_PORT",
    });
    return [server];
  } catch (error) {
    if (!(error instanceof CannotListen)) throw error;
    warn(`${error.message} The metrics are served on the main port alone.`);
    return [];
  }
}
