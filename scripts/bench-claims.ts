// `pnpm dispatch:bench:claims`.

import { benchClaimsCommand } from "../lab/bench/claims-command.ts";

await benchClaimsCommand();
