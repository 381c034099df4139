// `pnpm dispatch:evidence:packet`.

import { evidencePacketCommand } from "../lab/evidence/command.ts";

await evidencePacketCommand();
