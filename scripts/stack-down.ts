// `pnpm dispatch:stack:down`.

import { stackDownCommand } from "../dispatch/ops/stack/down-command.ts";

await stackDownCommand();
