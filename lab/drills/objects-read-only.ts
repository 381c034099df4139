// The folder of the objects can be read and not written, as a disk that the system remounted after errors.

import { join } from "node:path";
import { workStopsMs, type Drill } from "./drill.ts";
import { mountReadOnly, unmount, whyNoMounts } from "./mounts.ts";

export const objectsReadOnly: Drill = {
  name: "objects-read-only",
  about: "the folder of the objects becomes read-only",
  told: { by: /OBJECT_STORE_UNAVAILABLE|object_store/, withinMs: workStopsMs },
  reads: { must: [/object_store: (?!ok)/], mustNot: [/postgres: (?!ok)/, /Start the API/] },
  runbook: "ops/runbooks/object_store_outage.md",
  seconds: 15,
  skip: whyNoMounts,
  async provoke({ dataDir }) {
    await mountReadOnly(join(dataDir, "objects"));
    return { undo: () => unmount(join(dataDir, "objects")).catch(() => undefined) };
  },
  mend: {
    by: "cause",
    async fix({ dataDir }) {
      await unmount(join(dataDir, "objects"));
      return "made the folder writable again";
    },
  },
};
