// `pnpm dispatch:recover`.

import { recoverCommand } from "../dispatch/ops/backup/recover-command.ts";

await recoverCommand();
