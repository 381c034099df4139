// `pnpm dispatch:bench:chat`.

import { benchChatCommand } from "../lab/bench/chat-command.ts";

await benchChatCommand();
