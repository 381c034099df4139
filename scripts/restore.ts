// `pnpm dispatch:restore`.

import { restoreCommand } from "../dispatch/ops/backup/restore-command.ts";

await restoreCommand();
