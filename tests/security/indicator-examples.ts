/** Examples of calls about indicators of fraud that tenants share. */
export const indicatorExamples = {
  "Query.sharedIndicatorMembership": () => ({}),
  "Mutation.joinSharedIndicators": () => ({ input: { fields: [{ field: "properties.card", kind: "CARD" }] } }),
  "Mutation.leaveSharedIndicators": () => ({}),
  "Mutation.reportSharedIndicators": () => ({ input: { field: "properties.card", values: ["4111111111111111"] } }),
  "Mutation.withdrawSharedIndicators": () => ({ input: { field: "properties.card", values: ["4111111111111111"] } }),
} as const;
