/** What the library says on a runtime older than the one it is developed on; all of its parts used here are tested on ours. */
const OLD_RUNTIME = "oidc-provider WARNING: Unsupported runtime.";

/* oxlint-disable no-console -- the library speaks to the console when it is loaded; this one sentence is kept from people */
const warn = console.warn;
console.warn = (...words: readonly unknown[]): void => {
  if (typeof words[0] !== "string" || !words[0].includes(OLD_RUNTIME)) warn(...words);
};
const library = await import("oidc-provider");
console.warn = warn;
/* oxlint-enable no-console */

/** The authorization server library (oidc-provider). */
export const { Provider, errors, interactionPolicy } = library;
