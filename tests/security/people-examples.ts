import { randomUUID } from "node:crypto";

/** Examples of calls about people, with what names the tenant that calls. */
export const peopleExamples: Readonly<
  Record<string, (own: { readonly mark: string }) => Readonly<Record<string, unknown>>>
> = {
  "Query.behind": () => ({
    of: {
      stickiness: {
        input: { range: { from: "2026-01-01T00:00:00Z", to: "2026-01-08T00:00:00Z" }, event: {} },
        cell: { periods: 1 },
      },
    },
  }),
  "Query.person": () => ({ id: "1" }),
  "Query.personOf": ({ mark }) => ({ input: { userId: `${mark}-user` } }),
  "Query.identityRules": () => ({}),
  "Query.personErasure": () => ({ id: randomUUID() }),
  "Query.personErasures": () => ({}),
  "Mutation.erasePerson": ({ mark }) => ({ input: { userId: `${mark}-${randomUUID()}`, reason: "asked for" } }),
  "Mutation.identify": ({ mark }) => ({ input: { userId: `${mark}-user`, anonymousId: `${mark}-${randomUUID()}` } }),
  "Mutation.mergePeople": ({ mark }) => ({
    input: { fromUserId: `${mark}-${randomUUID()}`, intoUserId: `${mark}-user`, reason: mark },
  }),
  "Mutation.unmergePeople": ({ mark }) => ({ input: { userId: `${mark}-user`, reason: mark } }),
  "Mutation.setTraits": ({ mark }) => ({ input: { userId: `${mark}-user`, set: { mark } } }),
  "Mutation.setIdentityRules": () => ({ input: { linkFrom: "IDENTIFY_EVENTS" } }),
};
