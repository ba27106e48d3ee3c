import { isOpen, type OperatorGrant } from "../domain/operator-grant.ts";
import type { MutationResolvers, QueryResolvers } from "../generated/resolvers.ts";
import type { EnterOutcome, GrantOutcome } from "../operations/operator-access.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

const grantShape = (grant: OperatorGrant, nowMs: number) => ({
  ...{ id: grant.id, operatorId: grant.operatorId, permissions: [...grant.permissions], reason: grant.reason },
  ...{ breakGlass: grant.breakGlass, grantedBy: grant.grantedBy, open: isOpen(grant, nowMs) },
  createdAt: timeText(grant.createdAtMs),
  expiresAt: timeText(grant.expiresAtMs),
  revokedAt: timeTextOrNull(grant.revokedAtMs),
});

const toGrantResult = (outcome: GrantOutcome, nowMs: number) => {
  switch (outcome.kind) {
    case "GRANTED":
      return { __typename: "OperatorAccessGranted", grant: grantShape(outcome.grant, nowMs) } as const;
    case "NOT_HELD":
      return { __typename: "PermissionsNotHeld", permissions: [...outcome.permissions] } as const;
    case "FULL":
      return { __typename: "OperatorGrantLimitReached", limit: outcome.limit } as const;
  }
};

const toEnterResult = (outcome: EnterOutcome) =>
  outcome.kind === "ENTERED"
    ? ({
        __typename: "TenantEntered",
        tenantId: outcome.tenantId,
        apiKey: outcome.apiKey,
        secret: outcome.secret,
      } as const)
    : ({ __typename: "OperatorGrantNotFound", id: outcome.id } as const);

/** What the room answers about operators and organisations. */
export const OperatorQuery: Pick<QueryResolvers, "operatorGrants" | "organisation"> = {
  operatorGrants: async (_root, _args, { caller, operations, nowMs }) =>
    (await operations.operatorGrants(caller.tenantId)).map((grant) => grantShape(grant, nowMs())),
  organisation: async (_root, _args, { caller, operations }) => {
    const found = await operations.organisation(caller.tenantId);
    return found === null ? null : { ...found, tenantNames: [...found.tenantNames] };
  },
};

/** What the room changes about operators. */
export const OperatorMutation: Pick<MutationResolvers, "grantOperatorAccess" | "revokeOperatorAccess" | "enterTenant"> =
  {
    grantOperatorAccess: async (_root, { input }, { caller, operations, nowMs }) =>
      toGrantResult(await operations.grantOperatorAccess(caller, input), nowMs()),
    revokeOperatorAccess: async (_root, { id }, { caller, operations, nowMs }) => {
      const grant = await operations.revokeOperatorAccess(caller, id);
      return grant === null
        ? ({ __typename: "OperatorGrantNotFound", id } as const)
        : ({ __typename: "OperatorAccessRevoked", grant: grantShape(grant, nowMs()) } as const);
    },
    enterTenant: (_root, { grantId }, { caller, operations }) =>
      operations.enterTenant(caller, grantId).then(toEnterResult),
  };
