// `pnpm dispatch:bench`.

import { benchCommand } from "../lab/bench/command.ts";

await benchCommand();
