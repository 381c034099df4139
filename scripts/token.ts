// `pnpm dispatch:token`.

import { tokenCommand } from "../dispatch/ops/token/command.ts";

await tokenCommand();
