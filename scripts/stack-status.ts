// `pnpm dispatch:stack:status`.

import { stackStatusCommand } from "../dispatch/ops/stack/status-command.ts";

await stackStatusCommand();
