// `pnpm dispatch:dependencies`.

import { dependenciesCommand } from "../lab/dependencies/command.ts";

await dependenciesCommand();
