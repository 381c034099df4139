// `pnpm dispatch:chaos:tampering`.

import { chaosTamperingCommand } from "../lab/tampering/command.ts";

await chaosTamperingCommand();
