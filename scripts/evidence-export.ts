// `pnpm dispatch:evidence:export`.

import { evidenceExportCommand } from "../dispatch/ops/evidence/export-command.ts";

await evidenceExportCommand();
