// `pnpm dispatch:bench:directory`.

import { benchDirectoryCommand } from "../lab/bench/directory-command.ts";

await benchDirectoryCommand();
