// `pnpm plugin:build`.

import { pluginBuildCommand } from "../dispatch/ops/gateway/plugin-build-command.ts";

await pluginBuildCommand();
