/** Tells the present, milliseconds since the epoch; an argument wherever time matters, so that tests can set it. */
export type NowMs = () => number;

/** The system's clock. */
export const systemNowMs: NowMs = () => Date.now();
