// `pnpm dispatch:bench:slots`.

import { benchSlotsCommand } from "../lab/bench/slots-command.ts";

await benchSlotsCommand();
