/**
 * PDFs from a thread of their own: drawing one takes tens of milliseconds a page, in which the process would answer nobody. The
 * thread, and with it the drawing code and the fonts, starts with the first PDF and ends when none was wanted for a while.
 */
import { Worker } from "node:worker_threads";
import type { Paper } from "../paper.ts";

export type DrawnPaper =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string };

/** As many may wait for theirs; a page takes about 0.1 s, the longest invoice some 4 s. */
const mostWaiting = 16;
/** The thread ends when nobody wanted a PDF for so long, ms. */
const idleMs = 30_000;
/** What draws for longer hangs, ms. */
const longestMs = 60_000;

/** Too many PDFs are wanted at once; later there is room. */
export class PdfBusy extends Error {
  override readonly name = "PdfBusy";
}

/** The thread died, or could not draw a paper. */
export class PdfFailure extends Error {
  override readonly name = "PdfFailure";
}

let thread: Worker | null = null;
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();
let idle: NodeJS.Timeout | undefined;

/**
 * The PDF of a paper; one is drawn at a time.
 * @throws PdfBusy, PdfFailure
 */
export async function renderPdf(paper: Paper): Promise<Buffer> {
  if (waiting >= mostWaiting) throw new PdfBusy(`${mostWaiting} PDFs are being drawn already`);
  waiting++;
  const turn = last.then(() => draw(paper));
  last = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    waiting--;
  }
}

async function draw(paper: Paper): Promise<Buffer> {
  clearTimeout(idle);
  const worker = (thread ??= started());
  worker.ref();
  try {
    const drawn = await answerOf(worker, paper);
    if (!drawn.ok) throw new PdfFailure(drawn.message);
    return Buffer.from(drawn.bytes);
  } catch (error) {
    if (thread === worker) thread = null;
    void worker.terminate();
    throw error;
  } finally {
    worker.unref();
    idle = setTimeout(() => {
      thread = null;
      void worker.terminate();
    }, idleMs);
    idle.unref();
  }
}

const started = (): Worker => new Worker(new URL("./pdf-thread.ts", import.meta.url));

function answerOf(worker: Worker, paper: Paper): Promise<DrawnPaper> {
  return new Promise((resolve, reject) => {
    const overdue = setTimeout(() => end(() => reject(new PdfFailure(`no PDF after ${longestMs} ms`))), longestMs);
    const failed = (cause: unknown) => end(() => reject(new PdfFailure("the PDF thread failed", { cause })));
    const exited = (code: number) => end(() => reject(new PdfFailure(`the PDF thread ended with code ${code}`)));
    const answered = (drawn: DrawnPaper) => end(() => resolve(drawn));
    const end = (settle: () => void) => {
      clearTimeout(overdue);
      worker.off("message", answered).off("error", failed).off("exit", exited);
      settle();
    };
    worker.once("message", answered).once("error", failed).once("exit", exited);
    worker.postMessage(paper, []);
  });
}
