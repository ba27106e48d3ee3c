import type { MutationResolvers } from "../generated/resolvers.ts";
import { rulesOf } from "./policy-shapes.ts";

/** Credentials of share links, for the rooms that show what is shared. */
export const ShareLinkMutation: MutationResolvers = {
  issueShareLink: (_root, { input }, { operations }) => operations.issueShareLink({ ...input, ...rulesOf(input) }),
  endShareLink: (_root, { tenantId, id }, { operations }) => operations.endShareLink(tenantId, id),
};
