// `pnpm generate`.

import { generateCommand } from "../lab/generate/command.ts";

await generateCommand();
