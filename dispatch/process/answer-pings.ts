// Lets whoever started this process ask whether it still turns, without a port, a file or a database: over the channel it was started
// with, where there is one.

/** What is asked, and what is answered. */
export const ping = "are you there";
export const pong = "here";

/** Answers each question; keeps no process alive. Without a channel it does nothing. */
export function answerPings(): void {
  if (!process.channel) return;
  process.on("message", (message) => {
    // Whoever asked may have gone.
    if (message === ping && process.connected) process.send?.(pong, () => undefined);
  });
  process.channel.unref();
}
