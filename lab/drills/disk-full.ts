// The disk of the data folder fills up to its last byte: Postgres, objects and logs together.

import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { workStopsMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";
import { whyNoMounts } from "./mounts.ts";

const diskMiB = 512;
const mebibyte = 1024 * 1024;
const parts = ["postgres", "api", "worker-1"];

const filler = ({ dataDir }: Ground): string => join(dataDir, "somebody-elses-copy");

export const diskFull: Drill = {
  name: "disk-full",
  about: "somebody copies files onto the disk of the data folder until it is full",
  told: { by: /DISK_LOW|health 503|DATABASE_UNAVAILABLE/, withinMs: workStopsMs },
  reads: {
    must: [/DISK_LOW|disk|space|room/i],
    mustNot: [/Start the API/, /Nothing answers/, /Postgres is (away|unavailable)/, /alerts: none fires/],
  },
  runbook: "ops/runbooks/disk_full.md",
  needs: { diskMiB },
  seconds: 40,
  skip: whyNoMounts,
  async provoke(ground) {
    const before = parts.map(ground.pidOf);
    await fill(ground);
    return {
      // Everything stays up and goes on by itself once there is room.
      isWell: () => parts.map(ground.pidOf).join() === before.join(),
      undo: () => rm(filler(ground), { force: true }),
    };
  },
  mend: {
    by: "cause",
    async fix(ground) {
      await rm(filler(ground));
      return "removed what had been copied there, and started nothing again";
    },
  },
};

async function fill(ground: Ground): Promise<void> {
  const file = await open(filler(ground), "w");
  try {
    for (const size of [mebibyte, 4_096]) {
      const piece = Buffer.alloc(size, 1);
      while (await file.write(piece).then(({ bytesWritten }) => bytesWritten === size, isFull));
    }
  } finally {
    await file.close();
  }
  const { bavail } = await statfs(ground.dataDir);
  if (bavail > 16) throw new Error(`${bavail} blocks of the disk are still free`);
}

function isFull(error: unknown): false {
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
  throw error;
}
