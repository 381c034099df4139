// `pnpm dispatch:plan problem.json`.

import { planCommand } from "../dispatch/ops/plan-file/command.ts";

await planCommand();
