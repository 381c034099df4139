// `pnpm dispatch:stack:logs`.

import { stackLogsCommand } from "../dispatch/ops/stack/logs-command.ts";

await stackLogsCommand();
