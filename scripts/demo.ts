// `pnpm dispatch:demo`: starts everything on this machine, tells the story of one ticket, and stays for a look around.
// With --ci it ends after the story.

import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { startApi, type RunningApi } from "../dispatch/api/start.ts";
import { CannotListen } from "../dispatch/api/listen.ts";
import { readSettings, type Settings } from "../dispatch/kernel/settings.ts";
import { CommandFailure, messageOf, runCommand } from "./command-line.ts";
import { makeBucket } from "./demo/bucket.ts";
import { upsertFixtures } from "./demo/fixtures.ts";
import { tellStory } from "./demo/story.ts";

await runCommand(
  {
    name: "pnpm dispatch:demo",
    about: "Starts Postgres, the object store and dispatch-api on this machine, and takes one ticket from call to invoice.",
    options: { ci: { type: "boolean" }, quiet: { type: "boolean" } },
    meanings: {
      ci: "stop everything after the story",
      quiet: "print the closing summary alone",
    },
  },
  async ({ ci = false, quiet = false }) => {
    const begun = performance.now();
    const say = quiet ? () => undefined : (line: string) => console.log(line);
    const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    const settings = demoSettings();
    await makeBucket(settings);
    const api = await start(settings, say);
    const stopped = stopOnSignal(api);
    try {
      await upsertFixtures(api.desk.db, settings);
      say(`dispatch-api answers at ${api.url} after ${seconds()}.\n`);
      const summary = await tellStory({
        url: api.url,
        credentials: { kind: "token", secret: settings.jwtSecret ?? "" },
        accountId: settings.demoAccountId,
        siteId: settings.demoSiteId,
        say,
      });
      say(`\nDone after ${seconds()}. Summary:`);
      console.log(JSON.stringify(summary));
      if (ci) return 0;
      say(`\nStill running, with development headers allowed. Look around:
  ${api.url}/docs          what may be called
  ${api.url}/health        is everything there
  curl -s -H 'X-Actor-Id: me' -H 'X-Actor-Role: dispatcher' ${api.url}/tickets/${summary.ticket_id}/timeline
Ctrl-C stops everything; the data stays in ${settings.dataDir}.`);
      await stopped;
      return 0;
    } finally {
      await api.stop();
    }
  },
);

/** The demo signs its people's tokens with a secret made for this run, and proves them like any other. */
function demoSettings(): Settings {
  const settings = readSettings();
  if (settings.production) throw new CommandFailure("The demo writes demo data and does not run with NODE_ENV=production.");
  return { ...settings, jwtSecret: settings.jwtSecret ?? randomBytes(32).toString("hex"), metricsPort: 0, rateLimitPerMinute: 0 };
}

async function start(settings: Settings, say: (line: string) => void): Promise<RunningApi> {
  // People read the story; the log goes where DISPATCH_LOG_SINK_PATH says, and problems to stderr.
  const log = pino({ level: "info", messageKey: "message" }, {
    write: (line: string) => {
      const entry = JSON.parse(line) as { level: number; message?: string; host?: string; status?: number };
      const aboutRequest = entry.status !== undefined || entry.host !== undefined;
      if (aboutRequest || !entry.message) return;
      if (entry.level >= 40) console.error(entry.message);
      else say(entry.message);
    },
  });
  try {
    return await startApi({ settings, log });
  } catch (error) {
    if (!(error instanceof CannotListen) || settings.apiPort === 0) throw error;
    say(`${messageOf(error)} Taking a free port instead.`);
    return startApi({ settings: { ...settings, apiPort: 0 }, log });
  }
}

function stopOnSignal(api: RunningApi): Promise<void> {
  const signalled = Promise.withResolvers<void>();
  let count = 0;
  const onSignal = () => {
    if (++count > 1) process.exit(1);
    console.error("\nStopping…");
    void api.stop();
    signalled.resolve();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return signalled.promise;
}
