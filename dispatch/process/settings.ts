// Every setting of Dispatch, read once and in one place: name, meaning, default, rule. A wrong value stops the start
// with the variable's name; the list prints without secrets and is the source of the generated settings table. A secret
// may come in a file, whose path its variable with _FILE gives.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { idFrom, knownId, type AccountId, type Id, type SiteId } from "../contract/ids.ts";
import { extendedBy, profileAllowsDevHeaders } from "../policy/dev-headers.ts";
import { isOwnProfile } from "../policy/profile-file.ts";

/** Whether X-Actor-… headers count in place of a token; anywhere: also on an address that others can reach. */
export type DevHeaders = boolean | "anywhere";

type Kind<T> = { readonly parse: (text: string) => T; readonly rule: string };

type Setting<T> = {
  readonly variable: string;
  readonly about: string;
  readonly kind: Kind<T>;
  readonly fallback: (environment: NodeJS.ProcessEnv, before: Readonly<Record<string, unknown>>) => T;
  /** The default as a reader of the docs sees it. */
  readonly shown: string;
  readonly secret: boolean;
};

export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly variable: string;
  constructor(variable: string, rule: string) {
    super(`${variable} ${rule}`);
    this.variable = variable;
  }
}

const wrong = (rule: string): never => {
  throw new RangeError(rule);
};

const integer = (minimum: number, maximum: number): Kind<number> => ({
  rule: `must be a whole number from ${minimum} to ${maximum}`,
  parse(text) {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= minimum && value <= maximum ? value : wrong(this.rule);
  },
});
const zeroOr = (minimum: number, maximum: number): Kind<number> => ({
  rule: `must be 0, or a whole number from ${minimum} to ${maximum}`,
  parse(text) {
    const value = Number(text);
    return /^\d+$/.test(text) && (value === 0 || (value >= minimum && value <= maximum)) ? value : wrong(this.rule);
  },
});
const hourOrOff: Kind<number | null> = {
  rule: "must be a whole number from 0 to 23, or off",
  parse(text) {
    return text === "off" ? null : integer(0, 23).parse(text);
  },
};
const flag: Kind<boolean> = {
  rule: "must be true or false",
  parse: (text) => (text === "true" ? true : text === "false" ? false : wrong("must be true or false")),
};
const devHeaders: Kind<DevHeaders> = {
  rule: "must be true, false or anywhere",
  parse(value) {
    return value === "anywhere" ? value : value === "true" || value === "false" ? flag.parse(value) : wrong(this.rule);
  },
};
const text: Kind<string | null> = { rule: "is a text", parse: (value) => value };
const url = (schemes: readonly string[]): Kind<string | null> => ({
  rule: `must be a URL with ${schemes.join(" or ")}`,
  parse(value) {
    return URL.canParse(value) && schemes.includes(new URL(value).protocol) ? value : wrong(this.rule);
  },
});
const oneOf = <const T extends string>(...values: T[]): Kind<T> => ({
  rule: `must be one of ${values.join(", ")}`,
  parse(value) {
    return values.find((one) => one === value) ?? wrong(this.rule);
  },
});
const profile: Kind<string> = {
  rule: "must be pilot, strict, or the path of a profile of your own, such as ./acme.json",
  parse(value) {
    return value === "pilot" || value === "strict" || isOwnProfile(value) ? value : wrong(this.rule);
  },
};
const country: Kind<string> = {
  rule: "must be the two letters of a country (ISO 3166), such as US",
  parse(value) {
    return /^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : wrong(this.rule);
  },
};
const list: Kind<readonly string[]> = {
  rule: "must be a comma-separated list",
  parse: (value) => {
    const items = value
      .split(",")
      .map((item) => item.trim().toLowerCase())
      .filter(Boolean);
    return items.length > 0 ? items : wrong("must be a comma-separated list");
  },
};

function setting<T>(
  variable: string,
  kind: Kind<T>,
  fallback: NoInfer<T>,
  about: string,
  more: { shown?: string; secret?: boolean } = {},
): Setting<T> {
  return {
    variable,
    about,
    kind,
    fallback: () => fallback,
    shown:
      more.shown ?? (fallback === null ? "unset" : Array.isArray(fallback) ? fallback.join(",") : String(fallback)),
    secret: more.secret ?? false,
  };
}

const nodeEnvironments = ["development", "test", "production"];
const nodeEnvironment = (environment: NodeJS.ProcessEnv): string => environment["NODE_ENV"]?.trim() ?? "";
const isProduction = (environment: NodeJS.ProcessEnv): boolean => nodeEnvironment(environment) === "production";

/** The folder beside package.json that holds what the embedded servers keep. */
const defaultDataDir = resolve(import.meta.dirname, "../../.dispatch");

/**
 * The supervisor looks four times in that while. A well API whose Postgres or store is silent takes two seconds for /health, so a look
 * takes three at least, or an outage would look like a hang.
 */
export const leastStackHangSeconds = 12;

export const settingsList = {
  dataDir: setting(
    "DISPATCH_DATA_DIR",
    { rule: "is a folder", parse: (value) => resolve(value) },
    defaultDataDir,
    "Folder of the embedded Postgres, the file object store, logs and secrets",
    { shown: ".dispatch beside package.json" },
  ),
  apiHost: setting(
    "DISPATCH_API_HOST",
    { rule: "is an address", parse: (value) => value },
    "127.0.0.1",
    "Address the API listens on",
  ),
  apiPort: setting("DISPATCH_API_PORT", integer(0, 65_535), 8080, "Port the API listens on; 0 takes a free one"),
  apiPublicUrl: setting(
    "DISPATCH_API_PUBLIC_URL",
    url(["http:", "https:"]),
    null,
    "Address clients reach the API at, for signed uploads to the file store",
    { shown: "http://host:port of the API" },
  ),
  gatewayPort: setting(
    "DISPATCH_GATEWAY_PORT",
    integer(0, 65_535),
    18_080,
    "Port of the stack's OpenClaw gateway, on this machine's loopback; 0 takes a free one",
  ),
  stackHangSeconds: setting(
    "DISPATCH_STACK_HANG_SECONDS",
    zeroOr(leastStackHangSeconds, 3_600),
    20,
    "After how many seconds without any answer the stack's supervisor kills an API, worker or gateway and starts it again, and continues " +
      `a Postgres that a signal stopped; ${leastStackHangSeconds} or more, or 0: never`,
  ),
  metricsPort: setting(
    "DISPATCH_METRICS_PORT",
    integer(0, 65_535),
    8601,
    "Port for health and Prometheus text; 0 turns it off",
  ),
  adminToken: setting(
    "DISPATCH_ADMIN_TOKEN",
    text,
    null,
    "Token that opens the routes for admins, for any id; at least 32 characters in production",
    { shown: "unset: none", secret: true },
  ),
  lifecycleUrl: setting(
    "DISPATCH_LIFECYCLE_URL",
    url(["http:", "https:"]),
    null,
    "Service that starts and wakes agents; asked GET /admin/agents/:id and POST /admin/agents/:id/wake",
    { shown: "unset: agents are woken by a push" },
  ),
  lifecycleToken: setting("DISPATCH_LIFECYCLE_TOKEN", text, null, "Token that service asks for", { secret: true }),
  tickIntervalMs: setting(
    "DISPATCH_TICK_INTERVAL_MS",
    integer(50, 3_600_000),
    5_000,
    "How often tasks that wait are looked through without news of any, in ms",
  ),
  wakeTimeoutMs: setting(
    "DISPATCH_WAKE_TIMEOUT_MS",
    integer(100, 3_600_000),
    30_000,
    "Longest a sleeping agent may take to report ready before the next is asked, in ms",
  ),
  defaultTimeoutMs: setting(
    "DISPATCH_DEFAULT_TIMEOUT_MS",
    integer(1_000, 86_400_000),
    300_000,
    "Longest a task may take that names no time of its own, in ms",
  ),
  maxConcurrent: setting(
    "DISPATCH_MAX_CONCURRENT",
    integer(1, 50),
    3,
    "How many tasks and tickets an agent has at a time that names no number of its own",
  ),
  databaseUrl: setting("DISPATCH_DATABASE_URL", url(["postgres:", "postgresql:"]), null, "Postgres 15 or newer", {
    shown: "the embedded Postgres",
    secret: true,
  }),
  natsUrl: setting(
    "DISPATCH_NATS_URL",
    url(["nats:", "tls:"]),
    null,
    "NATS server with JetStream that the workers tell every event, nats://user:password@host:4222, or tls://; the same for all workers",
    { shown: "unset: off", secret: true },
  ),
  walArchiveDir: setting<string | null>(
    "DISPATCH_WAL_ARCHIVE_DIR",
    { rule: "is a folder", parse: (value) => resolve(value) },
    null,
    "Folder that gets the embedded Postgres's write-ahead log, for recovery to a point in time; best on another disk",
    { shown: "none" },
  ),
  dbPoolMax: setting(
    "DISPATCH_DB_POOL_MAX",
    integer(2, 500),
    10,
    "Connections to Postgres per process; the API has up to three more for event streams and one to see who holds locks, a worker one, " +
      "and one more with NATS",
  ),
  dbStartWaitSeconds: setting(
    "DISPATCH_DB_START_WAIT_SECONDS",
    integer(0, 3_600),
    30,
    "How long a starting process tries again where Postgres cannot be reached, is starting, or has no connection free, in seconds",
  ),
  dbStatementTimeoutMs: setting(
    "DISPATCH_DB_STATEMENT_TIMEOUT_MS",
    integer(100, 600_000),
    10_000,
    "Longest a statement may run, in ms",
  ),
  dbLockTimeoutMs: setting(
    "DISPATCH_DB_LOCK_TIMEOUT_MS",
    integer(10, 600_000),
    3_000,
    "Longest a command waits for another on the same ticket, in ms",
  ),
  requestTimeoutMs: setting(
    "DISPATCH_REQUEST_TIMEOUT_MS",
    integer(100, 600_000),
    30_000,
    "Longest a request may take to arrive, in ms",
  ),
  apiMaxConnections: setting(
    "DISPATCH_API_MAX_CONNECTIONS",
    integer(10, 100_000),
    1_000,
    "Connections the API serves at a time; beyond them the one that has been idle for longest is closed",
  ),
  shutdownTimeoutMs: setting(
    "DISPATCH_SHUTDOWN_TIMEOUT_MS",
    integer(100, 600_000),
    15_000,
    "Longest a stopping process waits for requests in progress, in ms",
  ),
  policyProfile: {
    ...setting(
      "DISPATCH_POLICY_PROFILE",
      profile,
      "pilot",
      "Policy profile: pilot, strict, or the path of one of your own, NAME.json, a changed copy of dispatch/policy/profiles/strict.json " +
        "whose profile is NAME; it is checked at every start",
      { shown: "strict with NODE_ENV=production, else pilot" },
    ),
    fallback: (environment: NodeJS.ProcessEnv): string => (isProduction(environment) ? "strict" : "pilot"),
  },
  policyDir: setting(
    "DISPATCH_POLICY_DIR",
    text,
    null,
    "The company's own rules: a folder that `pnpm dispatch:policy init DIR` made. Its profile.json says which of pilot and strict it " +
      "extends; without a word there DISPATCH_POLICY_PROFILE does. What `pnpm dispatch:policy activate DIR` stored goes before all of it",
    { shown: "the shipped rules" },
  ),
  allowDevHeaders: {
    ...setting<DevHeaders>(
      "DISPATCH_AUTH_ALLOW_DEV_HEADERS",
      devHeaders,
      false,
      "Accept X-Actor-… headers in place of a token. Refused with NODE_ENV=production and under a profile whose dev_headers is " +
        "false; where DISPATCH_API_HOST is not this machine's loopback only anywhere allows them",
      { shown: "true, but false with NODE_ENV=production or the profile strict" },
    ),
    fallback: (environment: NodeJS.ProcessEnv, earlier: Readonly<Record<string, unknown>>): DevHeaders =>
      !isProduction(environment) &&
      profileAllowsDevHeaders(String(earlier["policyProfile"]), textOrNull(earlier["policyDir"])),
  },
  jwtSecret: setting(
    "DISPATCH_AUTH_JWT_SECRET",
    text,
    null,
    "Shared secret of HS256 tokens; at least 32 characters in production",
    { secret: true },
  ),
  jwtSecretOld: setting(
    "DISPATCH_AUTH_JWT_SECRET_OLD",
    text,
    null,
    "Shared secret that DISPATCH_AUTH_JWT_SECRET has taken the place of: its tokens are still " +
      "accepted while signers change over, and nothing signs with it",
    { secret: true },
  ),
  jwks: setting("DISPATCH_AUTH_JWKS", text, null, "File or URL of the keys of RS256, ES256 and EdDSA tokens"),
  jwtIssuer: setting("DISPATCH_AUTH_JWT_ISSUER", text, null, "Issuer a token must name"),
  jwtAudience: setting("DISPATCH_AUTH_JWT_AUDIENCE", text, null, "Audience a token must name"),
  chatApprovals: setting(
    "DISPATCH_CHAT_APPROVALS",
    oneOf("required", "off"),
    "required",
    "Whether a person must allow the risky calls a model chooses; off is for smoke runs and refused with NODE_ENV=production",
  ),
  objectStoreEndpoint: setting("DISPATCH_OBJECT_STORE_ENDPOINT", url(["http:", "https:"]), null, "S3 server", {
    shown: "files under the data folder",
  }),
  objectStorePublicEndpoint: setting(
    "DISPATCH_OBJECT_STORE_PUBLIC_ENDPOINT",
    url(["http:", "https:"]),
    null,
    "Address clients reach the S3 server at, for signed uploads",
    { shown: "DISPATCH_OBJECT_STORE_ENDPOINT" },
  ),
  objectStoreBucket: setting(
    "DISPATCH_OBJECT_STORE_BUCKET",
    { rule: "is a bucket name", parse: (value) => value },
    "dispatch-objects",
    "Bucket",
  ),
  objectStoreKey: setting("DISPATCH_OBJECT_STORE_KEY", text, null, "Access key of the S3 server", { secret: true }),
  objectStoreSecret: setting("DISPATCH_OBJECT_STORE_SECRET", text, null, "Secret key of the S3 server", {
    secret: true,
  }),
  objectStoreRegion: setting(
    "DISPATCH_OBJECT_STORE_REGION",
    { rule: "is a region", parse: (value) => value },
    "us-east-1",
    "Region of the bucket",
  ),
  objectStoreSchemes: setting(
    "DISPATCH_OBJECT_STORE_SCHEMES",
    list,
    ["s3", "minio"],
    "Schemes an evidence URI may have",
  ),
  uploadExpirySeconds: setting(
    "DISPATCH_UPLOAD_EXPIRY_SECONDS",
    integer(1, 86_400),
    900,
    "How long a signed upload address works, in seconds; those of a video in parts for as much longer as it takes at 350 kbit/s",
  ),
  travelUrl: setting(
    "DISPATCH_TRAVEL_URL",
    url(["http:", "https:"]),
    null,
    "OSRM server for driving times; it learns where homes and sites are. Without it, or while it does not answer, they are estimated",
    { shown: "unset: estimates alone", secret: true },
  ),
  travelTimeoutMs: setting(
    "DISPATCH_TRAVEL_TIMEOUT_MS",
    integer(10, 30_000),
    800,
    "Longest a call waits for driving times before it goes on with estimates, in ms",
  ),
  rateLimitPerMinute: setting(
    "DISPATCH_RATE_LIMIT_PER_MINUTE",
    integer(0, 1_000_000),
    120,
    "Commands per actor in any minute and API process, service accounts excepted; 0 turns it off",
  ),
  logLevel: setting(
    "DISPATCH_LOG_LEVEL",
    oneOf("debug", "info", "warn", "error", "silent"),
    "info",
    "Least severity that is logged",
  ),
  logSinkPath: setting("DISPATCH_LOG_SINK_PATH", text, null, "File that gets a copy of the log, as NDJSON"),
  metricsSinkPath: setting(
    "DISPATCH_METRICS_SINK_PATH",
    text,
    null,
    "File that holds the metrics as JSON, replaced every few seconds",
  ),
  alertsSinkPath: setting(
    "DISPATCH_ALERTS_SINK_PATH",
    text,
    null,
    "File that gets a line for each alert that fires or clears",
  ),
  sinkMaxMb: setting(
    "DISPATCH_SINK_MAX_MB",
    integer(0, 1_000_000),
    256,
    "Size at which the log's copy and the alerts' file are put aside as .1, with two older ones as .2 and .3, in MB; 0: never, where " +
      "another program rotates them",
  ),
  sinkIntervalMs: setting(
    "DISPATCH_SINK_INTERVAL_MS",
    integer(100, 3_600_000),
    5_000,
    "How often the metrics and alerts sinks are written, in ms",
  ),
  alertStuckCount: setting(
    "DISPATCH_ALERT_STUCK_SCHEDULING_COUNT_THRESHOLD",
    integer(1, 1_000_000),
    5,
    "Tickets stuck in scheduling that raise an alert",
  ),
  alertStuckMinutes: setting(
    "DISPATCH_ALERT_STUCK_SCHEDULING_MINUTES",
    integer(0, 1_000_000),
    60,
    "Minutes without a move after which a ticket counts as stuck; 0: at once",
  ),
  alertCompletionRejections: setting(
    "DISPATCH_ALERT_COMPLETION_REJECTION_THRESHOLD",
    integer(1, 1_000_000),
    3,
    "Refused completions in an hour that raise an alert",
  ),
  alertIdempotencyConflicts: setting(
    "DISPATCH_ALERT_IDEMPOTENCY_CONFLICT_THRESHOLD",
    integer(1, 1_000_000),
    2,
    "Idempotency conflicts in an hour that raise an alert",
  ),
  alertAuthRejections: setting(
    "DISPATCH_ALERT_AUTH_POLICY_REJECTION_THRESHOLD",
    integer(1, 1_000_000),
    5,
    "Refusals by authentication, role or scope in an hour that raise an alert",
  ),
  alertDiskFree: setting(
    "DISPATCH_ALERT_DISK_FREE_PERCENT",
    integer(0, 100),
    15,
    "Percent of a disk left free below which an alert is raised",
  ),
  alertDiskCritical: setting(
    "DISPATCH_ALERT_DISK_CRITICAL_PERCENT",
    integer(0, 100),
    5,
    "Percent of a disk left free below which that alert is critical",
  ),
  alertConnections: setting(
    "DISPATCH_ALERT_CONNECTIONS_PERCENT",
    integer(1, 100),
    80,
    "Percent of the connections Postgres may have that raise an alert",
  ),
  intakeIdentityThreshold: setting<number | null>(
    "DISPATCH_INTAKE_IDENTITY_CONFIDENCE_THRESHOLD",
    integer(0, 100),
    null,
    "Least certainty about the caller for scheduling at once",
    { shown: "the profile's, 85" },
  ),
  intakeClassificationThreshold: setting<number | null>(
    "DISPATCH_INTAKE_CLASSIFICATION_CONFIDENCE_THRESHOLD",
    integer(0, 100),
    null,
    "Least certainty about the incident type for scheduling at once",
    { shown: "the profile's, 85" },
  ),
  intakeDuplicateMinutes: setting<number | null>(
    "DISPATCH_INTAKE_DUPLICATE_WINDOW_MINUTES",
    integer(0, 100_000),
    null,
    "Minutes in which the same call counts as a duplicate",
    { shown: "the profile's, 120" },
  ),
  phoneRegion: setting(
    "DISPATCH_PHONE_REGION",
    country,
    "US",
    "Country of a phone number that is written without one where the site names none, by its two letters",
  ),
  workerIdentity: setting(
    "DISPATCH_WORKER_IDENTITY",
    { rule: "is a name", parse: (value) => value },
    "dispatch-worker",
    "Who the worker is in the audit trail",
  ),
  workerLoopMs: setting(
    "DISPATCH_WORKER_LOOP_MS",
    integer(50, 3_600_000),
    5_000,
    "How often the worker looks by itself, in ms; news of a commit wakes it at once",
  ),
  workerHeartbeatMs: setting(
    "DISPATCH_WORKER_HEARTBEAT_MS",
    integer(50, 3_600_000),
    20_000,
    "How often the worker shows that it is alive, in ms",
  ),
  workerBatchLimit: setting(
    "DISPATCH_WORKER_BATCH_LIMIT",
    integer(1, 10_000),
    20,
    "Tickets the worker assigns in one cycle",
  ),
  workerShutdownTimeoutMs: setting(
    "DISPATCH_WORKER_SHUTDOWN_TIMEOUT_MS",
    integer(100, 600_000),
    15_000,
    "Longest a stopping worker waits for the ticket it works on, in ms",
  ),
  auditEventsPerSecond: setting(
    "DISPATCH_AUDIT_EVENTS_PER_SECOND",
    integer(1, 100_000),
    200,
    "How many audit events a second all workers together verify by and by: at 200 a round through 17 million takes a day. A history " +
      "that was changed past Dispatch is looked through without pauses",
  ),
  nightlyPlanHour: setting(
    "DISPATCH_NIGHTLY_PLAN_HOUR",
    hourOrOff,
    20,
    "Hour of the evening, on the clock of each zone, from which the worker proposes the coming day's plan; off for none",
  ),
  webhookTimeoutMs: setting(
    "DISPATCH_WEBHOOK_TIMEOUT_MS",
    integer(50, 20_000),
    10_000,
    "Longest a webhook may take to answer, in ms",
  ),
  keepIdempotencyDays: setting(
    "DISPATCH_KEEP_IDEMPOTENCY_DAYS",
    integer(1, 3_650),
    7,
    "Days a stored answer is kept for retries with the same key",
  ),
  keepOutboxDays: setting(
    "DISPATCH_KEEP_OUTBOX_DAYS",
    integer(1, 3_650),
    7,
    "Days an event is kept for streams that come back",
  ),
  keepRejectionsDays: setting(
    "DISPATCH_KEEP_REJECTIONS_DAYS",
    integer(1, 3_650),
    30,
    "Days a refusal is kept for operators",
  ),
  keepDeadLettersDays: setting(
    "DISPATCH_KEEP_DEAD_LETTERS_DAYS",
    integer(1, 3_650),
    30,
    "Days an event that no webhook took is kept for a replay",
  ),
  keepPlansDays: setting("DISPATCH_KEEP_PLANS_DAYS", integer(1, 3_650), 30, "Days a plan is kept, applied or not"),
  keepUploadsHours: setting(
    "DISPATCH_KEEP_UPLOADS_HOURS",
    integer(1, 8_760),
    24,
    "Hours after an upload address has expired that what was sent to it, and never taken over, is kept",
  ),
  demoAccountId: setting(
    "DISPATCH_DEMO_ACCOUNT_ID",
    { rule: "must be a uuid", parse: uuid<AccountId> },
    knownId<AccountId>("d3f77db0-5d1a-4f9c-b0ea-111111111111"),
    "Account the bootstrap makes",
  ),
  demoSiteId: setting(
    "DISPATCH_DEMO_SITE_ID",
    { rule: "must be a uuid", parse: uuid<SiteId> },
    knownId<SiteId>("7f6a2b2c-8f1e-4f2b-b3a1-222222222222"),
    "Site the bootstrap makes",
  ),
  bootstrapEvidencePath: setting(
    "DISPATCH_BOOTSTRAP_EVIDENCE_PATH",
    text,
    null,
    "File that gets the bootstrap's evidence JSON",
  ),
  bootstrapHealthRetries: setting(
    "DISPATCH_BOOTSTRAP_API_HEALTH_RETRIES",
    integer(1, 10_000),
    20,
    "How often the bootstrap asks the API for its health",
  ),
  bootstrapHealthDelayMs: setting(
    "DISPATCH_BOOTSTRAP_API_HEALTH_DELAY_MS",
    integer(1, 60_000),
    500,
    "Pause between two such questions, in ms",
  ),
} as const;

type SettingName = keyof typeof settingsList;
type ValueOf<S> = S extends { readonly fallback: (...args: never[]) => infer T } ? T : never;
export type Settings = { readonly [N in SettingName]: ValueOf<(typeof settingsList)[N]> } & {
  readonly production: boolean;
};

/**
 * Reads the settings. An empty variable counts as unset.
 * @throws SettingsError naming the variable and the rule
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  requireKnownEnvironment(environment);
  const values: Record<string, unknown> = { production: isProduction(environment) };
  for (const [name, one] of Object.entries(settingsList)) {
    const given = (one.secret ? fromFile(one.variable, environment) : null) ?? {
      variable: one.variable,
      text: environment[one.variable]?.trim(),
    };
    values[name] = given.text ? parsed(one, given.variable, given.text) : one.fallback(environment, values);
  }
  const settings = values as Settings;
  requireOneProfile(environment, settings);
  requireHarmlessHeaders(settings);
  for (const name of ["jwtSecret", "jwtSecretOld", "adminToken"] as const) {
    const secret = settings[name];
    if (settings.production && secret !== null && secret.length < 32) {
      throw new SettingsError(settingsList[name].variable, "must have at least 32 characters in production");
    }
  }
  if (settings.production && settings.chatApprovals === "off") {
    throw new SettingsError("DISPATCH_CHAT_APPROVALS", "must not be off in production");
  }
  if (
    settings.objectStoreEndpoint !== null &&
    (settings.objectStoreKey === null || settings.objectStoreSecret === null)
  ) {
    throw new SettingsError(
      "DISPATCH_OBJECT_STORE_KEY",
      "and DISPATCH_OBJECT_STORE_SECRET must be set with DISPATCH_OBJECT_STORE_ENDPOINT",
    );
  }
  return Object.freeze(settings);
}

/** @throws SettingsError for a NODE_ENV that nobody would know to be production or not */
function requireKnownEnvironment(environment: NodeJS.ProcessEnv): void {
  const given = nodeEnvironment(environment);
  if (given === "" || nodeEnvironments.includes(given)) return;
  throw new SettingsError("NODE_ENV", `must be ${nodeEnvironments.join(", ")} or unset, not ${JSON.stringify(given)}`);
}

/** @throws SettingsError where two settings name two profiles: one of them would be read by nobody */
function requireOneProfile(environment: NodeJS.ProcessEnv, { policyProfile, policyDir }: Settings): void {
  if (policyDir === null || !environment["DISPATCH_POLICY_PROFILE"]) return;
  const named = extendedBy(policyDir);
  if (!isOwnProfile(policyProfile) && (named === null || named === policyProfile)) return;
  throw new SettingsError(
    "DISPATCH_POLICY_PROFILE",
    `is ${policyProfile}, and the profile.json in DISPATCH_POLICY_DIR (${policyDir}) is another profile: leave one of the two out`,
  );
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** @throws SettingsError where development headers would let strangers be whoever they say */
function requireHarmlessHeaders({ allowDevHeaders, production, policyProfile, policyDir, apiHost }: Settings): void {
  if (allowDevHeaders === false) return;
  const { variable } = settingsList.allowDevHeaders;
  if (production)
    throw new SettingsError(variable, "must not be on in production: leave it out, and let callers use tokens");
  if (!profileAllowsDevHeaders(policyProfile, policyDir)) {
    throw new SettingsError(
      variable,
      `must not be on under the profile ${policyDir === null ? policyProfile : `of ${policyDir}`}, whose dev_headers is false: ` +
        "leave it out, and let callers use tokens",
    );
  }
  if (allowDevHeaders !== "anywhere" && !isLoopback(apiHost)) {
    throw new SettingsError(
      variable,
      `must be false where DISPATCH_API_HOST is ${apiHost}, which others can reach: they would be whoever they say. Set it to ` +
        "false and let callers use tokens; to anywhere, if that is what you want; or leave DISPATCH_API_HOST at 127.0.0.1",
    );
  }
}

/** Whether only this machine reaches the address. A name other than localhost may lead anywhere. */
const isLoopback = (host: string): boolean =>
  ["localhost", "::1"].includes(host.toLowerCase()) || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(host);

function parsed(one: Setting<unknown>, variable: string, given: string): unknown {
  try {
    return one.kind.parse(given);
  } catch (error) {
    throw new SettingsError(variable, error instanceof RangeError ? error.message : one.kind.rule);
  }
}

/** The variable that names the file a secret setting is read from. */
export const fileVariable = (variable: string): string => `${variable}_FILE`;

/** What the file of a secret holds, without the line's end; null when no file is named. */
function fromFile(variable: string, environment: NodeJS.ProcessEnv): { variable: string; text: string } | null {
  const named = fileVariable(variable);
  const path = environment[named]?.trim();
  if (!path) return null;
  if (environment[variable]?.trim())
    throw new SettingsError(named, `and ${variable} are both set; which one holds is not guessed`);
  const secret = readSecret(named, path);
  if (secret === "") throw new SettingsError(named, `must name a file that holds the secret; ${path} is empty`);
  return { variable: named, text: secret };
}

function readSecret(variable: string, path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new SettingsError(
      variable,
      `must name a file that can be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function uuid<I extends Id>(value: string): I {
  return idFrom<I>(value) ?? wrong("must be a uuid");
}

/** The settings in force as printable pairs; a secret shows only that it is set. */
export function printableSettings(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settingsList).map(([name, one]) => {
      const value = settings[name as SettingName];
      return [one.variable, value === null ? "unset" : one.secret ? "set" : String(value)];
    }),
  );
}
