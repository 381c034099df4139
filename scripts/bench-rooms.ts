// `pnpm dispatch:bench:rooms`.

import { benchRoomsCommand } from "../lab/rooms/command.ts";

await benchRoomsCommand();
