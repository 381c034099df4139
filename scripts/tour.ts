// `pnpm dispatch:tour`.

import { tourCommand } from "../lab/tour/command.ts";

await tourCommand();
