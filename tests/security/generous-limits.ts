/** Settings under which generated operations, larger than any person's, are not refused for their size. */
export const GENEROUS_LIMITS = {
  GATEWAY_MAX_COST: "100000000",
  GATEWAY_RATE_BUDGET: "0",
  ABUSE_WRONG_KEYS: "0",
  ABUSE_WRONG_CREDENTIALS: "0",
  ABUSE_PAGES: "0",
  ABUSE_COST_POINTS: "0",
  GATEWAY_MAX_DEPTH: "30",
  GATEWAY_MAX_TOKENS: "200000",
  GATEWAY_MAX_DOCUMENT_BYTES: "1000000",
  GATEWAY_MAX_EXPANDED_FIELDS: "100000",
} as const;
