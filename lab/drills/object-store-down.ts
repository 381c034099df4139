// The object store is gone: the folder of its objects, as when a disk is not mounted.

import { rename } from "node:fs/promises";
import { join } from "node:path";
import { workStopsMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const comesBack = ({ dataDir }: Ground): Promise<void> =>
  rename(join(dataDir, "objects.away"), join(dataDir, "objects"));

export const objectStoreDown: Drill = {
  name: "object-store-down",
  about: "the folder of the objects disappears, as when its disk is not mounted",
  told: { by: /OBJECT_STORE_UNAVAILABLE|object_store/, withinMs: workStopsMs },
  reads: { must: [/object_store: (?!ok)/], mustNot: [/postgres: (?!ok)/, /Start the API/] },
  seconds: 15,
  runbook: "ops/runbooks/object_store_outage.md",
  async provoke(ground) {
    await rename(join(ground.dataDir, "objects"), join(ground.dataDir, "objects.away"));
    return { undo: () => comesBack(ground).catch(() => undefined) };
  },
  mend: {
    by: "cause",
    async fix(ground) {
      await comesBack(ground);
      return "mounted the folder again";
    },
  },
};
