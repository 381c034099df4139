// `pnpm dispatch:audit:verify`.

import { auditVerifyCommand } from "../dispatch/ops/audit/verify-command.ts";

await auditVerifyCommand();
