// `pnpm openclaw …`.

import { openclawCommand } from "../dispatch/ops/gateway/openclaw-command.ts";

await openclawCommand();
