// `pnpm dispatch:backup:base`.

import { backupBaseCommand } from "../dispatch/ops/backup/base-command.ts";

await backupBaseCommand();
