// Ctrl-C and SIGTERM as a signal for work under way, which stops and cleans up after itself. A second one does
// not wait for that.

/**
 * @param onStop called once, for a word to the person
 * @param reason what the work fails with; by default an AbortError
 */
export function abortOnSignal(onStop: () => void = () => undefined, reason?: Error): AbortSignal {
  const stopping = new AbortController();
  const onSignal = () => {
    if (stopping.signal.aborted) process.exit(1);
    onStop();
    stopping.abort(reason);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return stopping.signal;
}
