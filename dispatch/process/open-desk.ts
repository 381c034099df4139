// Builds the desk a process works on: its Postgres (a server of its own, or the embedded one), the right schema, the
// role without the owner's rights, the object store. It knows nothing of HTTP; a worker opens the same desk.

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { startEmbeddedPostgres } from "../db/embedded.ts";
import { databaseWords, isDatabaseAway, serverError, sqlState } from "../db/failures.ts";
import { assertSchemaCurrent, migrate, MigrationError } from "../db/migrate.ts";
import { openDatabase } from "../db/pool.ts";
import { ensureServiceLogin } from "../db/service-login.ts";
import { countConnections, type ServerConnections } from "../db/server-connections.ts";
import { systemClock, type Clock } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import { announcer } from "../kernel/outbox.ts";
import { Policies } from "../kernel/policies.ts";
import { followPolicy, headersOff } from "./follow-policy.ts";
import type { Settings } from "./settings.ts";
import { loadPolicySet } from "../policy/load.ts";
import type { Policy } from "../policy/policy.ts";
import { openFileStore, type FileStore } from "../storage/file-store.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { TravelTimes } from "../travel/travel-times.ts";
import { zoneDataWarning } from "./zone-data.ts";

/** What opening a desk logs while it works. */
export type DeskLog = { info(message: string): void; warn(message: string, error?: unknown): void };

export type OpenDeskOptions = {
  readonly settings: Settings;
  readonly log: DeskLog;
  /** How Postgres lists this process. */
  readonly applicationName: string;
  /** Where the API is reached; asked each time the file store signs an upload. */
  readonly apiUrl: () => string;
  readonly clock?: Clock;
  /** The profile's unless a test says otherwise. */
  readonly policy?: Policy;
  /** Whether this process serves: while nothing was activated, tickets then open under what it was started with, and that is kept. */
  readonly serves?: boolean;
};

export type OpenDesk = {
  readonly desk: Desk;
  /** For a separate connection, to listen on. */
  readonly databaseUrl: string;
  /** The store when uploads come through the API; null when they go to S3. */
  readonly fileStore: FileStore | null;
  /** Waits for announcements under way, closes everything, stops the embedded Postgres if it was started here. */
  close(): Promise<void>;
};

/** The role that may read and write but not rewrite history. */
const appRole = "dispatch_app";
const connectWithinMs = 10_000;
const connectAgainAfterMs = 500;

/**
 * Opens the desk.
 * @throws MigrationError, EmbeddedPostgresError, PolicyError, ObjectStoreMisconfigured, ObjectStoreUnavailable, each
 *   with a sentence for the operator who started the process
 */
export async function openDesk(options: OpenDeskOptions): Promise<OpenDesk> {
  const { settings, log, clock = systemClock } = options;
  const loaded = options.policy ? null : loadPolicySet(settings.policyProfile, settings.policyDir ?? undefined);
  const policy = options.policy ?? loaded?.policy;
  if (!policy) throw new Error("neither a policy was given nor one loaded");
  const zonesAreOld = zoneDataWarning();
  if (zonesAreOld !== null) log.warn(zonesAreOld);
  await using opened = new AsyncDisposableStack();

  const databaseUrl = settings.databaseUrl ?? (await startOwnServer(settings, log, opened));
  const role = await checkDatabase(databaseUrl, settings, log);
  if (role === null)
    log.warn(`the database login may not act as ${appRole}; it keeps its own rights, which may be too many`);
  const db = openDatabase({
    url: databaseUrl,
    poolMax: settings.dbPoolMax,
    applicationName: options.applicationName,
    role,
    statementTimeoutMs: settings.dbStatementTimeoutMs,
    lockTimeoutMs: settings.dbLockTimeoutMs,
    onError: (error) => log.warn("an idle connection to Postgres was lost", error),
  });
  opened.defer(() => db.close());

  const { store, fileStore } = await openStore(settings, options.apiUrl);
  opened.defer(() => store.close());
  const announcements = announcer(db, (error) =>
    log.warn("NOTIFY of new events failed; readers see them at their next poll", error),
  );
  opened.defer(() => announcements.settled());

  const travel = new TravelTimes({ url: settings.travelUrl, timeoutMs: settings.travelTimeoutMs, clock, log });
  const policies = new Policies({ db, started: policy, warn: log.warn });
  await policies.open(options.serves === true ? loaded : null);
  const off = options.serves === true ? headersOff(policies, settings) : null;
  if (off !== null) log.warn(off);
  const following = followPolicy(policies, settings, log);
  opened.defer(following.stop);
  const desk: Desk = {
    db,
    store,
    travel,
    get policy() {
      return policies.live;
    },
    policies,
    settings,
    clock,
    announce: announcements.announce,
  };
  const closing = opened.move();
  return { desk, databaseUrl, fileStore, close: () => closing.disposeAsync() };
}

/** The embedded Postgres is ours alone, so it is brought to this release's schema without asking. */
async function startOwnServer(
  { dataDir, walArchiveDir }: Settings,
  log: DeskLog,
  opened: AsyncDisposableStack,
): Promise<string> {
  const server = await startEmbeddedPostgres({
    dataDir,
    log: log.info,
    ...(walArchiveDir !== null && { walArchive: walArchiveDir }),
  });
  opened.defer(() => server.stop());
  await migrate({ databaseUrl: server.url, log: log.info });
  return await ensureServiceLogin(server.url);
}

/**
 * Looks at the database before the first command does: is it there, is it ours, and what may we act as.
 * @returns the role to act as, or null to keep the login's own rights
 */
async function checkDatabase(databaseUrl: string, settings: Settings, log: DeskLog): Promise<string | null> {
  const client = await connectInTime(databaseUrl, settings, log);
  try {
    await warnOfFewConnections(client, settings, log);
    await assertSchemaCurrent(client).catch((error: unknown) => {
      if (!(error instanceof MigrationError) || error.code !== "schema_older") throw error;
      throw new MigrationError("schema_older", `${error.message} \`pnpm dispatch:migrate\` does it.`, { cause: error });
    });
    return await client.query(`SET ROLE ${appRole}`).then(
      () => appRole,
      () => null,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Connects, and tries again for a while where that may help: a process that ends and is started again would only ask oftener.
 * @throws MigrationError with the server's words
 */
async function connectInTime(databaseUrl: string, settings: Settings, log: DeskLog): Promise<pg.Client> {
  const givenUpAt = performance.now() + settings.dbStartWaitSeconds * 1_000;
  for (let told = ""; ;) {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectWithinMs });
    // Without a listener a connection lost between two queries would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect();
      return client;
    } catch (cause) {
      const where = `database ${client.database ?? ""} at ${client.host}:${client.port}`;
      const message = `Cannot connect to the ${where} (DISPATCH_DATABASE_URL): ${databaseWords(cause)}.`;
      if (!isWorthWaiting(cause) || performance.now() >= givenUpAt)
        throw new MigrationError("unreachable", message, { cause });
      if (told !== message) log.warn(`${message} It is tried again for up to ${settings.dbStartWaitSeconds} s.`);
      told = message;
      await delay(connectAgainAfterMs);
    }
  }
}

/** Whether the server may let us in a moment later, as it will not where the login or the database is wrong. */
function isWorthWaiting(error: unknown): boolean {
  const code = serverError(error)?.code;
  return code === undefined ? isDatabaseAway(error) : code === sqlState.tooManyConnections || /^57P0[1-3]$/.test(code);
}

/** The listener of the outbox, and of a stream of events. */
const besidePool = 3;

/** Says at the start what would otherwise show on the busiest day. */
async function warnOfFewConnections(client: pg.Client, { dbPoolMax }: Settings, log: DeskLog): Promise<void> {
  const { rows } = await client.query<ServerConnections>(countConnections.text);
  const [server] = rows;
  if (server === undefined) return;
  const wanted = dbPoolMax + besidePool;
  const free = server.most - server.used + 1;
  if (wanted > free)
    log.warn(
      `This process may need up to ${wanted} connections to Postgres (DISPATCH_DB_POOL_MAX ${dbPoolMax}, and ${besidePool} that listen), ` +
        `and the server has ${free} left: ${server.used} of ${server.most} are in use. Raise max_connections there, or lower the pools.`,
    );
}

/** The object store of the settings; the file store is given apart, since uploads to it come through the API. */
export async function openStore(
  settings: Settings,
  apiUrl: () => string,
): Promise<{ store: ObjectStore; fileStore: FileStore | null }> {
  const { objectStoreEndpoint: endpoint, objectStoreBucket: bucket } = settings;
  if (endpoint === null) {
    const baseUrl = () => settings.apiPublicUrl?.replace(/\/+$/, "") ?? apiUrl();
    const fileStore = await openFileStore({ folder: join(settings.dataDir, "objects"), bucket, baseUrl });
    return { store: fileStore, fileStore };
  }
  // Its client takes a fifth of a start, and most desks keep files.
  const { S3Store } = await import("../storage/s3-store.ts");
  const store = new S3Store({
    endpoint,
    ...(settings.objectStorePublicEndpoint !== null && { publicEndpoint: settings.objectStorePublicEndpoint }),
    bucket,
    region: settings.objectStoreRegion,
    accessKey: settings.objectStoreKey ?? "",
    secretKey: settings.objectStoreSecret ?? "",
  });
  return { store, fileStore: null };
}
