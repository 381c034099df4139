// Preloaded into a program that a test or a benchmark starts: it ends at once when its starter is gone, however that went.

process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
// The listener alone would keep the program alive.
process.channel?.unref();
