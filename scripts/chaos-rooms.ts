// `pnpm dispatch:chaos:rooms`.

import { chaosRoomsCommand } from "../lab/rooms/command.ts";

await chaosRoomsCommand();
