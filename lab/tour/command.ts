// `pnpm dispatch:tour`: goes through the dashboard's chat in a real browser, as a dispatcher would, and takes the pictures
// in ops/tour.

import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { configurationFrom, readSettings } from "../../dispatch/process/settings.ts";
import { CommandFailure, runCommand } from "../../dispatch/process/command-line.ts";
import { startDemoDesk } from "../demo/demo-desk.ts";
import { opens } from "../../dispatch/ops/gateway/readiness.ts";
import { addressIn, readConfiguration, stateFolderOf } from "../../dispatch/ops/gateway/state-folder.ts";
import { chromiumPath, openBrowser } from "./chromium.ts";
import { DashboardChat } from "./dashboard-chat.ts";
import { playScenes, TourError } from "./scenes.ts";

type Dashboard = { readonly url: string; close(): Promise<void> };

const root = join(import.meta.dirname, "../..");

export const tourCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:tour",
      configuration: () => configurationFrom(),
      about:
        "Types the tour's sentences into the chat of a running demo's dashboard, in a headless Chromium " +
        "(CHROMIUM_PATH, or the usual places), and takes pictures of it. Without a running demo it starts " +
        "one of its own in a temporary folder, and ends it. The sentences are those of the scripted " +
        "stand-in for a model.",
      options: { url: { type: "string" }, out: { type: "string" } },
      meanings: {
        url: "the dashboard's address with its token; that of the demo running here by default",
        out: "folder for the pictures; ops/tour by default",
      },
    },
    async ({ url, out = join(root, "ops/tour") }) => {
      const browserPath = chromiumPath();
      if (browserPath === null)
        throw new CommandFailure(
          "There is no Chromium here: install it (on Debian: apt-get install chromium), or name one in CHROMIUM_PATH.",
        );
      await mkdir(out, { recursive: true });
      const dashboard =
        url === undefined
          ? ((await runningDashboard()) ?? (await ownDashboard()))
          : { url, close: async () => undefined };
      try {
        const browser = await openBrowser(browserPath, { width: 1000, height: 700 });
        try {
          const chat = await DashboardChat.open(browser.page, dashboard.url);
          for (const path of await playScenes(chat, out, (line) => console.log(line)))
            console.log(`${relative(process.cwd(), path)}  ${Math.ceil((await stat(path)).size / 1024)} KB`);
        } finally {
          await browser.close();
        }
        return 0;
      } catch (error) {
        if (error instanceof TourError) throw new CommandFailure(error.message, { cause: error });
        throw error;
      } finally {
        await dashboard.close();
      }
    },
  );

/** The dashboard of the demo that runs on this machine's data folder; null when none does. */
async function runningDashboard(): Promise<Dashboard | null> {
  const { port, token } = addressIn(await readConfiguration(stateFolderOf(readSettings().dataDir)));
  const url = `http://127.0.0.1:${port}`;
  if (port === null || token === null || !(await opens(url, token))) return null;
  console.log(`The demo's dashboard at ${url}.`);
  return { url: `${url}/#token=${token}`, close: async () => undefined };
}

async function ownDashboard(): Promise<Dashboard> {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-tour-data-"));
  const forget = () => rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  try {
    const begun = performance.now();
    const secret = randomBytes(32).toString("hex");
    const settings = {
      ...readSettings({ DISPATCH_DATA_DIR: dataDir, DISPATCH_API_PORT: "0", DISPATCH_AUTH_JWT_SECRET: secret }),
      metricsPort: 0,
      rateLimitPerMinute: 0,
    };
    const desk = await startDemoDesk({
      settings,
      secret,
      withGateway: true,
      say: (line) => console.log(line),
      elapsed: () => `${((performance.now() - begun) / 1000).toFixed(1)} s`,
      signal: AbortSignal.timeout(300_000),
    });
    if (!desk.gateway) throw new CommandFailure("The demo came up without a gateway.");
    return {
      url: desk.gateway.dashboardUrl,
      close: async () => {
        await desk.stop();
        await forget();
      },
    };
  } catch (error) {
    await forget();
    throw error;
  }
}
