// `pnpm dispatch:policy`.

import { policyCommand } from "../dispatch/ops/policy/command.ts";

await policyCommand();
