// Starts a whole API in this process and stops it again: the desk, the routes, the server. main.ts wraps it for
// process managers; the demo and the tests call it themselves.

import type { Logger } from "pino";
import { commandHandlers } from "../field/commands.ts";
import { queryHandlers } from "../field/queries.ts";
import { systemClock, type Clock } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import { Rejections } from "../kernel/rejections.ts";
import type { Settings } from "../kernel/settings.ts";
import { compileValidators } from "../kernel/validate.ts";
import { createApp } from "./app.ts";
import { openCredentials } from "./credentials.ts";
import { errorResponder } from "./error-response.ts";
import { healthOf } from "./health.ts";
import { closeServer, httpServer } from "./http-server.ts";
import { listen, urlOf } from "./listen.ts";
import { Metrics } from "./metrics.ts";
import { openDesk } from "./open-desk.ts";
import { RateLimit } from "./rate-limit.ts";
import { RequestReporter } from "./reporter.ts";
import { requestLog } from "./request-log.ts";
import { toolRoutes, type Handlers } from "./tool-routes.ts";

export type StartOptions = {
  readonly settings: Settings;
  readonly log: Logger;
  readonly clock?: Clock;
  /** The field desk's own unless a test says otherwise. */
  readonly handlers?: Handlers;
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

const fieldHandlers: Handlers = { commands: commandHandlers, queries: queryHandlers };

/**
 * Starts the API; once this resolves it answers.
 * @throws SettingsError for a setting that proves wrong; an error with a sentence for people for all else
 */
export async function startApi(options: StartOptions): Promise<RunningApi> {
  const { settings, log, clock = systemClock, handlers = fieldHandlers } = options;
  await using opened = new AsyncDisposableStack();
  let url = "";
  const warn = (message: string, error?: unknown) => log.warn(error === undefined ? {} : { err: error }, message);

  const credentials = await openCredentials(settings, clock, warn);
  const { desk, close } = await openDesk({
    settings,
    clock,
    applicationName: "dispatch-api",
    apiUrl: () => url,
    log: { info: (message) => log.info(message), warn },
  });
  opened.defer(close);

  const metrics = new Metrics(clock);
  const reporter = new RequestReporter(metrics, requestLog(log));
  const rejections = new Rejections(desk.db, clock, (error) => warn("refusals could not be stored; they are kept for the next try", error));
  opened.defer(() => rejections.flush());
  const respondError = errorResponder(rejections, (error, { reference, exchange }) =>
    log.error({ err: error, reference, endpoint: exchange.endpoint, correlation_id: exchange.trace.correlationId }, "a defect"),
  );
  const tools = toolRoutes({
    desk,
    handlers,
    validators: compileValidators(desk.policy.unknownFields),
    credentials,
    rateLimit: new RateLimit(settings.rateLimitPerMinute, clock),
    onAnswer: (name, answer, body) => metrics.effect(name, answer, body),
  });
  const health = healthOf(desk);
  const healthRoute = {
    method: "GET",
    path: "/health",
    handler: async (exchange: Parameters<(typeof tools)[number]["handler"]>[0]) => {
      const { status, body } = await health();
      exchange.json(status, JSON.stringify(body));
    },
  };
  const server = httpServer(createApp([...tools, healthRoute], respondError, reporter));
  const port = await listen(server, {
    host: settings.apiHost,
    port: settings.apiPort,
    hostVariable: "DISPATCH_API_HOST",
    portVariable: "DISPATCH_API_PORT",
  });
  url = urlOf(settings.apiHost, port);
  log.info({ host: settings.apiHost, port }, "dispatch-api started");

  const closing = opened.move();
  const stop = async (): Promise<boolean> => {
    reporter.closing = true;
    const inTime = await closeServer(server, settings.shutdownTimeoutMs);
    await closing.disposeAsync();
    return inTime;
  };
  let stopped: Promise<boolean> | undefined;
  return { url, port, desk, stop: () => (stopped ??= stop()) };
}
