// A log has grown to some GiB, most of them a hole in the file, which its readers cannot know.

import { glob, stat, truncate } from "node:fs/promises";
import type { Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const gibibytes = 3;
const mebibyte = 1024 * 1024;
/** What all copies of one log may take of the disk. */
const mostMiB = 80;

export const logOfGigabytes: Drill = {
  name: "log-of-gigabytes",
  about: `the API's log has ${gibibytes} GiB`,
  told: null,
  reads: {
    command: "pnpm dispatch:stack:logs api -n 5",
    must: [/"service":"dispatch-api"/],
    mustNot: [/heap|ENOMEM|ERR_/],
  },
  runbook: "ops/runbooks/everything_is_broken.md",
  walks: [],
  seconds: 30,
  async provoke(ground) {
    await truncate(ground.folder.log("api"), gibibytes * 1024 * mebibyte);
    return { isWell: async () => (await taken(ground)) < mostMiB };
  },
  mend: { by: "itself" },
};

/** What the API's log and its copies hold, in MiB: as much as their readers read, or their disk keeps, whichever is more. */
async function taken({ folder }: Ground): Promise<number> {
  let bytes = 0;
  for await (const path of glob(`${folder.log("api")}*`)) {
    const { size, blocks } = await stat(path);
    bytes += Math.max(size, blocks * 512);
  }
  return bytes / mebibyte;
}
