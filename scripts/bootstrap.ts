// `pnpm dispatch:bootstrap`.

import { bootstrapCommand } from "../dispatch/ops/bootstrap/command.ts";

await bootstrapCommand();
