// Settings of the processes themselves: where they listen, what they keep and log, and where copies of it go.

import { resolve } from "node:path";
import { folder, integer, oneOf, text, webUrl, word, zeroOr } from "./kinds.ts";
import { setting } from "./setting.ts";

/** The folder beside package.json that holds what the embedded servers keep. */
const defaultDataDir = resolve(import.meta.dirname, "../../../.dispatch");

/**
 * The supervisor looks four times in that while. A well API whose Postgres or store is silent takes two seconds for /health, so a look
 * takes three at least, or an outage would look like a hang.
 */
export const leastStackHangSeconds = 12;

export const serverSettings = {
  apiHost: setting("DISPATCH_API_HOST", "server.host", word, "127.0.0.1", "Address the API listens on"),
  apiPort: setting(
    "DISPATCH_API_PORT",
    "server.port",
    integer(0, 65_535),
    8080,
    "Port the API listens on; 0 takes a free one",
    { aliases: ["DISPATCH_PORT"] },
  ),
  apiPublicUrl: setting(
    "DISPATCH_API_PUBLIC_URL",
    "server.public_url",
    webUrl,
    null,
    "Address clients reach the API at, for signed uploads to the file store",
    { shown: "http://host:port of the API" },
  ),
  metricsPort: setting(
    "DISPATCH_METRICS_PORT",
    "server.metrics_port",
    integer(0, 65_535),
    8601,
    "Port for health and Prometheus text; 0 turns it off",
  ),
  adminToken: setting(
    "DISPATCH_ADMIN_TOKEN",
    "server.admin_token",
    text,
    null,
    "Token that opens the routes for admins, for any id; at least 32 characters in production",
    { shown: "unset: none", secret: true },
  ),
  requestTimeoutMs: setting(
    "DISPATCH_REQUEST_TIMEOUT_MS",
    "server.request_timeout_ms",
    integer(100, 600_000),
    30_000,
    "Longest a request may take to arrive, in ms",
  ),
  apiMaxConnections: setting(
    "DISPATCH_API_MAX_CONNECTIONS",
    "server.max_connections",
    integer(10, 100_000),
    1_000,
    "Connections the API serves at a time; beyond them the one that has been idle for longest is closed",
  ),
  shutdownTimeoutMs: setting(
    "DISPATCH_SHUTDOWN_TIMEOUT_MS",
    "server.shutdown_timeout_ms",
    integer(100, 600_000),
    15_000,
    "Longest a stopping process waits for requests in progress, in ms",
  ),
  rateLimitPerMinute: setting(
    "DISPATCH_RATE_LIMIT_PER_MINUTE",
    "server.rate_limit_per_minute",
    integer(0, 1_000_000),
    120,
    "Commands per actor in any minute and API process, service accounts excepted; 0 turns it off",
  ),
  gatewayPort: setting(
    "DISPATCH_GATEWAY_PORT",
    "gateway.port",
    integer(0, 65_535),
    18_080,
    "Port of the stack's OpenClaw gateway, on this machine's loopback; 0 takes a free one",
  ),
  stackHangSeconds: setting(
    "DISPATCH_STACK_HANG_SECONDS",
    "stack.hang_seconds",
    zeroOr(leastStackHangSeconds, 3_600),
    20,
    "After how many seconds without any answer the stack's supervisor kills an API, worker or gateway and starts it again, and continues " +
      `a Postgres that a signal stopped; ${leastStackHangSeconds} or more, or 0: never`,
  ),
  dataDir: setting(
    "DISPATCH_DATA_DIR",
    "data.dir",
    folder,
    defaultDataDir,
    "Folder of the embedded Postgres, the file object store, logs and secrets",
    { shown: ".dispatch beside package.json" },
  ),
  logLevel: setting(
    "DISPATCH_LOG_LEVEL",
    "logging.level",
    oneOf("debug", "info", "warn", "error", "silent"),
    "info",
    "Least severity that is logged",
  ),
  logSinkPath: setting(
    "DISPATCH_LOG_SINK_PATH",
    "logging.sink_path",
    text,
    null,
    "File that gets a copy of the log, as NDJSON",
  ),
  metricsSinkPath: setting(
    "DISPATCH_METRICS_SINK_PATH",
    "sinks.metrics_path",
    text,
    null,
    "File that holds the metrics as JSON, replaced every few seconds",
  ),
  alertsSinkPath: setting(
    "DISPATCH_ALERTS_SINK_PATH",
    "sinks.alerts_path",
    text,
    null,
    "File that gets a line for each alert that fires or clears",
  ),
  sinkMaxMb: setting(
    "DISPATCH_SINK_MAX_MB",
    "sinks.max_mb",
    integer(0, 1_000_000),
    256,
    "Size at which the log's copy and the alerts' file are put aside as .1, with two older ones as .2 and .3, in MB; 0: never, where " +
      "another program rotates them",
  ),
  sinkIntervalMs: setting(
    "DISPATCH_SINK_INTERVAL_MS",
    "sinks.interval_ms",
    integer(100, 3_600_000),
    5_000,
    "How often the metrics and alerts sinks are written, in ms",
  ),
} as const;
