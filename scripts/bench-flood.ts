// `pnpm dispatch:bench:flood`.

import { benchFloodCommand } from "../lab/bench/flood-command.ts";

await benchFloodCommand();
