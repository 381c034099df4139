// `pnpm dispatch:bench:worker`.

import { benchWorkerCommand } from "../lab/bench/worker-command.ts";

await benchWorkerCommand();
