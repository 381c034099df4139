// `pnpm dispatch:log:key`.

import { logKeyCommand } from "../dispatch/ops/log/key-command.ts";

await logKeyCommand();
