// `pnpm dispatch:bench:soak`.

import { benchSoakCommand } from "../lab/bench/soak/command.ts";

await benchSoakCommand();
