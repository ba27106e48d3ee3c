/** Milliseconds one query or mutation may take as a whole, however many subgraphs it visits one after the other. */
export const MAX_OPERATION_MS = 10_000;

/** What a signal is ended with when an operation's time is up, as the platform's own timeouts name it. */
export const timeIsUp = (): DOMException => new DOMException("The operation took too long.", "TimeoutError");

/** True when a signal was ended because time was up, and not because the caller left. */
export const isTimeUp = (signal: AbortSignal | undefined): boolean => {
  const reason: unknown = signal?.aborted === true ? signal.reason : undefined;
  return reason instanceof DOMException && reason.name === "TimeoutError";
};
