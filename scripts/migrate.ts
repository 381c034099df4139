// `pnpm dispatch:migrate`.

import { migrateCommand } from "../dispatch/ops/migrate/command.ts";

await migrateCommand();
