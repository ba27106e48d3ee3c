/**
 * Subscriptions that answer by who asks: what they may see depends on the subject or its roles, and not on permissions and policies alone. Each is a stream
 * of its own, asked as its reader.
 */
export const PERSONAL_SUBSCRIPTIONS: ReadonlySet<string> = new Set([
  "dashboardChanged",
  "dashboardCommented",
  "dashboardLive",
  "dashboardPresence",
]);

/**
 * Subscriptions whose first message tells what no later one does (where every series of a rule stands, then each step alone): a reader who joined such a
 * stream in its middle would never hear of its beginning. Each is a stream of its own.
 */
export const SUBSCRIPTIONS_WITH_A_BEGINNING: ReadonlySet<string> = new Set(["alertState"]);
