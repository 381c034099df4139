// `pnpm dispatch:bench:transparency`.

import { benchTransparencyCommand } from "../lab/bench/transparency-command.ts";

await benchTransparencyCommand();
