// `pnpm dispatch:demo`: starts everything on this machine, the real OpenClaw gateway too, tells the story of one ticket
// through it, and stays for a look around. With --ci it ends after the story.

import { randomBytes } from "node:crypto";
import { configurationFrom, readSettings, type Settings } from "../../dispatch/process/settings.ts";
import { ensureSecretFile, jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { abortOnSignal } from "../../dispatch/process/abort-on-signal.ts";
import { CommandFailure, runCommand } from "../../dispatch/process/command-line.ts";
import { startDemoAgents } from "./demo-agents.ts";
import { startDemoDesk, type DemoDesk } from "./demo-desk.ts";
import { tellStory, type StorySummary } from "./story.ts";
import { tellChatStory } from "./chat-story.ts";
import { tellDaysStory } from "./day-story.ts";
import { tellTasksStory } from "./task-story.ts";
import { tellWorkersStory } from "./worker-story.ts";

export const demoCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:demo",
      configuration: () => configurationFrom(),
      about:
        "Starts Postgres, the object store, dispatch-api and an OpenClaw gateway with Dispatch's plugin " +
        "on this machine, takes one ticket from call to invoice through the gateway's tools, then starts " +
        "a worker and shows what it does by itself, what a day does to a plan, and how AI agents do tasks.",
      options: { ci: { type: "boolean" }, "no-gateway": { type: "boolean" }, quiet: { type: "boolean" } },
      meanings: {
        ci: "stop everything after the stories",
        "no-gateway": "the quick way: no OpenClaw, and the story straight over HTTP",
        quiet: "print the closing summary alone",
      },
    },
    async ({ ci = false, "no-gateway": noGateway = false, quiet = false }) => {
      const begun = performance.now();
      const elapsed = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
      const say = quiet ? () => undefined : (line: string) => console.log(line);
      const people = await demoSettings();
      const signal = abortOnSignal(() => console.error("\nStopping…"));
      const adminToken = people.adminToken ?? randomBytes(32).toString("base64url");
      const agents = await startDemoAgents(adminToken);
      const settings = { ...people, adminToken, lifecycleUrl: agents.url };
      try {
        const desk = await startDemoDesk({
          settings,
          secret: settings.jwtSecret ?? "",
          withGateway: !noGateway,
          say,
          elapsed,
          signal,
        });
        try {
          say("");
          const { demoAccountId: accountId, demoSiteId: siteId } = settings;
          const summary = await tellStory({ cast: desk.cast, accountId, siteId, say });
          // Not before: it would send a technician before Dana does.
          await desk.startWorker();
          say("\nA worker starts. From here on, what is scheduled finds its technician by itself.");
          const { dispatcher, herself, labelWidth } = desk.cast;
          const telling = { dispatcher, herself, labelWidth, accountId, siteId, say };
          const receipts = await tellWorkersStory(telling);
          say("\nAnd what a day does to a plan:");
          const more = await tellDaysStory({ ...telling, invoicedId: summary.ticket_id });
          say("\nAnd AI agents do what needs no van:");
          const {
            chat,
            api: { url: apiUrl },
          } = desk;
          const aboutInvoiced = { ...telling, apiUrl, adminToken, ticketId: summary.ticket_id };
          const inChat = chat ? await tellChatStory({ ...aboutInvoiced, chat }) : 0;
          const tasks = await tellTasksStory({ ...telling, apiUrl, agents });
          say(`All ${receipts + more + inChat + tasks} receipts read back unchanged.`);
          say(`\nDone after ${elapsed()}. Summary:`);
          console.log(JSON.stringify(summary));
          if (!ci) await lookAround(desk, summary, settings, say, signal);
          return 0;
        } finally {
          await desk.stop();
        }
      } catch (error) {
        // What breaks because everything is being stopped needs no words.
        if (signal.aborted) return 1;
        throw error;
      } finally {
        await agents.stop();
      }
    },
  );

/**
 * The demo signs its people's tokens with the stack's secret, so that `pnpm dispatch:token` signs for it as well. Like any API
 * for development it believes the X-Actor-… headers of whoever looks around, unless the settings say otherwise.
 */
export async function demoSettings(environment: NodeJS.ProcessEnv = process.env): Promise<Settings> {
  const settings = readSettings(environment);
  if (settings.production)
    throw new CommandFailure("The demo writes demo data and does not run with NODE_ENV=production.");
  return {
    ...settings,
    jwtSecret: settings.jwtSecret ?? (await ensureSecretFile(jwtSecretFile(settings.dataDir))),
    metricsPort: 0,
    rateLimitPerMinute: 0,
  };
}

async function lookAround(
  { api, gateway }: DemoDesk,
  summary: StorySummary,
  settings: Settings,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  say("\nStill running. Look around:");
  if (gateway) {
    void gateway.ended.then(() => {
      if (!signal.aborted)
        console.error(`The OpenClaw gateway has ended; ${gateway.folder.output} says why. The API still runs.`);
    });
    say(`  ${gateway.dashboardUrl}
        the dashboard: chat with the desk. Keep this address to yourself, it logs in as the owner
  pnpm openclaw status --json, pnpm openclaw gateway restart, and the like, from another terminal`);
  }
  say(`  ${api.url}/docs          what may be called
  ${api.url}/health        is everything there
  curl -s -H "$(pnpm -s dispatch:token --header)" ${api.url}/tickets/${summary.ticket_id}/timeline
Ctrl-C stops everything; the data stays in ${settings.dataDir}.`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
