/** What an example names of the tenant that calls. */
interface OfTenant {
  readonly mark: string;
  readonly rollupId: string;
}

/** Arguments of every root field about a tenant's own rollups. */
export const rollupExamples: Readonly<Record<string, (own: OfTenant) => Readonly<Record<string, unknown>>>> = {
  "Query.rollup": ({ rollupId }) => ({ id: rollupId }),
  "Query.rollups": () => ({}),
  "Query.rollupProposals": () => ({ days: 1 }),
  "Mutation.defineRollup": ({ mark }) => ({
    input: {
      name: `${mark.replaceAll("-", "_")}_rollup`,
      description: mark,
      dimensions: ["name", "country"],
      grain: "DAY",
    },
  }),
  "Mutation.archiveRollup": ({ rollupId }) => ({ id: rollupId }),
};
