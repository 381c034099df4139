// Preloaded into a program that a test starts: it ends at once when the test's process is gone, however that went.

process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
// The listener alone would keep the program alive.
process.channel?.unref();
