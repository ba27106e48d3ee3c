/** Milliseconds a condition may take on a machine that is busy with other tests. */
export const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** Milliseconds as a promise. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Repeats `attempt` until it no longer throws; answers its value, or throws its last error once patience ends. */
export const eventually = async <T>(attempt: () => Promise<T> | T, patienceMs = PATIENCE_MS): Promise<T> => {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(LOOK_EVERY_MS);
  }
};
