// `pnpm docs`.

import { generateCommand } from "../lab/generate/command.ts";

await generateCommand();
