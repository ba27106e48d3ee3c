const range = () => ({
  from: new Date(Date.now() - 3_600_000).toISOString(),
  to: new Date(Date.now() + 3_600_000).toISOString(),
});

/** Examples of calls about patterns of fraud, and about indicators of it that tenants share. */
export const fraudExamples = {
  "Query.velocity": () => ({ input: { range: range(), event: {}, by: "country", within: "PT1H", moreThan: 0 } }),
  "Query.rings": () => ({ input: { range: range(), of: "sessionId", through: ["country"], minMembers: 2, first: 5 } }),
  "Query.sharedIndicatorMembership": () => ({}),
  "Mutation.joinSharedIndicators": () => ({ input: { fields: [{ field: "properties.card", kind: "CARD" }] } }),
  "Mutation.leaveSharedIndicators": () => ({}),
  "Mutation.reportSharedIndicators": () => ({ input: { field: "properties.card", values: ["4111111111111111"] } }),
  "Mutation.withdrawSharedIndicators": () => ({ input: { field: "properties.card", values: ["4111111111111111"] } }),
} as const;
