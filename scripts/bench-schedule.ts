// `pnpm dispatch:bench:schedule`.

import { benchScheduleCommand } from "../lab/schedule/command.ts";

await benchScheduleCommand();
