// `pnpm dispatch:rooms`.

import { roomsCommand } from "../dispatch/ops/rooms/command.ts";

await roomsCommand();
