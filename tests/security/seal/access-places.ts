import { z } from "zod";
import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeApiKey } from "../own-things.ts";

/** How one place of the API that takes an id of somebody's access is asked about it. */
interface AccessPlace {
  readonly own: (things: OwnThings) => Promise<string> | string;
  readonly variables: (id: string) => Record<string, unknown>;
  readonly selection?: string;
}

const granted = z.object({ grantOperatorAccess: z.object({ grant: z.object({ id: z.string() }) }) });
const grantTo = (tenantId: string) => ({
  ...{ tenantId, operatorId: "sealed-operator", permissions: ["jobs:read"], reason: "sealed" },
  until: new Date(Date.now() + 3_600_000).toISOString(),
});

const makeGrant = async (client: TesseraClient, { tenantId }: OwnThings): Promise<string> => {
  const text =
    "mutation ($input: GrantOperatorAccessInput!) { grantOperatorAccess(input: $input) { ... on OperatorAccessGranted { grant { id } } } }";
  return (await client.ask(granted, text, { input: grantTo(tenantId) })).grantOperatorAccess.grant.id;
};

/** A key made for the place, so that what is asked about it changes nothing else. */
const keyOf = (client: () => TesseraClient) => async (): Promise<string> =>
  (await makeApiKey(client(), "sealed", ["ml:read"])).id;

/** Places that name a key, a person, a tenant or a grant. */
export const accessPlaces = (client: () => TesseraClient): Readonly<Record<string, AccessPlace>> => ({
  "Mutation.rotateApiKey(id)": {
    own: keyOf(client),
    variables: (id) => ({ id }),
    selection: "{ __typename ... on ApiKeyRotated { apiKey { id } } }",
  },
  "Mutation.setApiKeyNetworks(id)": {
    own: keyOf(client),
    variables: (id) => ({ id, networks: ["203.0.113.0/24"] }),
    selection: "{ __typename ... on ApiKeyNetworksSet { apiKey { networks } } }",
  },
  "Mutation.assignRoles(input.subject.id)": {
    own: keyOf(client),
    variables: (id) => ({ input: { subject: { kind: "API_KEY", id }, roles: ["VIEWER"] } }),
    selection: "{ __typename ... on RolesAssigned { roles permissions } }",
  },
  "Mutation.grantOperatorAccess(input.tenantId)": {
    own: ({ tenantId }) => tenantId,
    variables: (tenantId) => ({ input: grantTo(tenantId) }),
    selection: "{ __typename ... on OperatorAccessGranted { grant { open } } }",
  },
  "Mutation.revokeOperatorAccess(id)": {
    own: (things) => makeGrant(client(), things),
    variables: (id) => ({ id }),
    selection: "{ __typename ... on OperatorAccessRevoked { grant { open } } }",
  },
});

/** Places where an id of access is the caller's own word. */
export const accessWords: Readonly<Record<string, string>> = {
  "Mutation.saveDataPolicy(input.subjects.id)": "kept as written: a policy may be made before whom it applies to",
  "Mutation.grantOperatorAccess(input.operatorId)": "kept as written: operators belong to no tenant of the caller's",
  "Mutation.enterTenant(grantId)": "asks for platform:operate, which no key of a tenant has; see operators.db.test.ts",
};
