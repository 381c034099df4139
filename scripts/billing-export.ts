// `pnpm dispatch:billing:export`.

import { billingExportCommand } from "../dispatch/ops/billing/export-command.ts";

await billingExportCommand();
