// `pnpm dispatch:demo`.

import { demoCommand } from "../lab/demo/command.ts";

await demoCommand();
