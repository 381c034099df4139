// `pnpm dispatch:stack:up`.

import { stackUpCommand } from "../dispatch/ops/stack/up-command.ts";
import { standInModel } from "./stand-in-model.ts";

await stackUpCommand(standInModel());
