// `pnpm dispatch:gateway:start`.

import { gatewayStartCommand } from "../dispatch/ops/gateway/start-command.ts";
import { standInModel } from "./stand-in-model.ts";

await gatewayStartCommand(standInModel());
