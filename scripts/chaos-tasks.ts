// `pnpm dispatch:chaos:tasks`.

import { chaosTasksCommand } from "../lab/tasks-chaos/command.ts";

await chaosTasksCommand();
