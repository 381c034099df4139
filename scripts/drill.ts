// `pnpm dispatch:drill`.

import { drillCommand } from "../lab/drills/command.ts";

await drillCommand();
