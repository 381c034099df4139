// `pnpm dispatch:room`.

import { roomCommand } from "../dispatch/ops/room/command.ts";

await roomCommand();
