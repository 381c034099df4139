// `pnpm dispatch:backup`.

import { backupCommand } from "../dispatch/ops/backup/backup-command.ts";

await backupCommand();
