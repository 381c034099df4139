// `pnpm dispatch:bench:tasks`.

import { benchTasksCommand } from "../lab/bench/tasks-command.ts";

await benchTasksCommand();
