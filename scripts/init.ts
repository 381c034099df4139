// `pnpm dispatch:init`.

import { initCommand } from "../dispatch/ops/company/init-command.ts";

await initCommand();
