// The object store is gone: the folder of its objects, as when a disk is not mounted.

import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Drill } from "./drill.ts";

export const objectStoreDown: Drill = {
  name: "object-store-down",
  about: "the folder of the objects disappears, as when its disk is not mounted",
  shownBy: { alert: "OBJECT_STORE_UNAVAILABLE" },
  runbook: "ops/runbooks/object_store_outage.md",
  provoke: ({ dataDir }) => rename(join(dataDir, "objects"), join(dataDir, "objects.away")),
  async fix({ dataDir }) {
    await rename(join(dataDir, "objects.away"), join(dataDir, "objects"));
    return "mounted the folder again";
  },
};
