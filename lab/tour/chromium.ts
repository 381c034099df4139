// A headless Chromium of this machine, with a profile of its own that goes with it.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";

export type Browser = { readonly page: Page; close(): Promise<void> };

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const usual = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The browser to use: CHROMIUM_PATH, or the first of the usual places; null when there is none. */
export function chromiumPath(environment: NodeJS.ProcessEnv = process.env): string | null {
  const { CHROMIUM_PATH: named } = environment;
  return (named ? [named] : usual).find((path) => existsSync(path)) ?? null;
}

/** @throws {Error} playwright's, when the browser does not start */
export async function openBrowser(
  executablePath: string,
  viewport: { readonly width: number; readonly height: number },
): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "dispatch-tour-"));
  const forget = () => rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  try {
    // Without a graphics card every frame of an animation costs CPU, and pictures should not depend on the moment.
    const calm = { reducedMotion: "reduce" } as const;
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: flags,
      viewport,
      headless: true,
      timezoneId: "America/Los_Angeles",
      locale: "en-US",
      ...calm,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    return {
      page,
      close: async () => {
        await context.close();
        await forget();
      },
    };
  } catch (error) {
    await forget();
    throw error;
  }
}
