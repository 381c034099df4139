// `pnpm dispatch:agent`, and for process managers: one agent in this process.

import { agentCommand } from "./command.ts";

await agentCommand();
