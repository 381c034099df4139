// `pnpm dispatch:demo:smoke`.

import { demoSmokeCommand } from "../lab/demo/smoke-command.ts";

await demoSmokeCommand();
