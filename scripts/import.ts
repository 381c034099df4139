// `pnpm dispatch:import`.

import { importCommand } from "../dispatch/ops/import/import-command.ts";

await importCommand();
