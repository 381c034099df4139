// `pnpm dispatch:alerts`.

import { alertsCommand } from "../dispatch/ops/alerts/command.ts";

await alertsCommand();
