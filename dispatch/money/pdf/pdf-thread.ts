// What runs inside the PDF thread: one paper after the other.

import { parentPort } from "node:worker_threads";
import type { Paper } from "../paper.ts";
import { drawPaper } from "./draw.ts";
import type { DrawnPaper } from "./render.ts";

parentPort?.on("message", (paper: Paper) => {
  drawPaper(paper).then(
    (bytes) => parentPort?.postMessage({ ok: true, bytes } satisfies DrawnPaper, []),
    (error: unknown) => parentPort?.postMessage({ ok: false, message: String(error) } satisfies DrawnPaper, []),
  );
});
