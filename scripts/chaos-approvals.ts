// `pnpm dispatch:chaos:approvals`.

import { chaosApprovalsCommand } from "../lab/approvals/command.ts";

await chaosApprovalsCommand();
