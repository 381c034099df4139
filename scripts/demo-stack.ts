// `pnpm dispatch:demo:stack`.

import { demoStackCommand } from "../dispatch/ops/stack/demo-stack-command.ts";
import { standInModel } from "./stand-in-model.ts";

await demoStackCommand(standInModel());
