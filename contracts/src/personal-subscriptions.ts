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
