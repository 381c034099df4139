// `pnpm dispatch:webhooks`.

import { webhooksCommand } from "../dispatch/ops/webhooks/command.ts";

await webhooksCommand();
