// What a desk's metrics show. A scrape leaves out what a busy machine has not read in time, and the next one finds it read.

import assert from "node:assert/strict";
import type { TestApi } from "./api.ts";
import { eventually } from "./eventually.ts";

/** Scrapes until each of these is shown. @returns the whole text */
export async function metricsWith(api: TestApi, ...lines: readonly RegExp[]): Promise<string> {
  let text = "";
  const shown = eventually("the metrics show it", async () => {
    ({ text } = await api.send("GET", "/metrics", { accept: "text/plain" }));
    return lines.every((line) => line.test(text));
  });
  await shown.catch(() => {
    for (const line of lines) assert.match(text, line);
  });
  return text;
}
