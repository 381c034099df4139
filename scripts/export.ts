// `pnpm dispatch:export`.

import { exportCommand } from "../dispatch/ops/import/export-command.ts";

await exportCommand();
