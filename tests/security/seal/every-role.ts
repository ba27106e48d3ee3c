import { beforeAll, describe, expect, it } from "@jest/globals";
import { OperationTypeNode } from "graphql";
import { z } from "zod";
import { ROLE_PERMISSIONS, USER_ROLES, type UserRole } from "../../../subgraphs/tenant/src/domain/role.ts";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import { operationText, rootFields } from "../api-schema.ts";
import { exampleOf } from "../examples.ts";
import { askGraph, readAnswer } from "../outside.ts";
import { makeApiKey } from "../own-things.ts";
import { table } from "../permissions/permission-world.ts";
import { describeEverySubscription } from "./every-subscription.ts";
import type { Places } from "./matrix-places.ts";
import { expectNone, wordsOf, type World } from "./sealed-world.ts";

/** Requests of one key that are under way at once: as many as an ordinary client has. */
const AT_ONCE = 8;

const inTurns = async <Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> => {
  const queue = [...items];
  const run = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
};

const assigned = z.object({ assignRoles: z.object({ roles: z.array(z.string()) }) });

/** A key of beta that may do what a role permits and nothing besides. */
const keyWith = async (world: World, role: UserRole): Promise<string> => {
  const { instance } = world();
  const client = createTesseraClient(instance.url, instance.beta.apiKey);
  const [least] = ROLE_PERMISSIONS[role];
  const { id, secret } = await makeApiKey(client, `as ${role}`, [least ?? "ml:read"]);
  const text =
    "mutation ($input: AssignRolesInput!) { assignRoles(input: $input) { ... on RolesAssigned { roles permissions } } }";
  const answer = await client.ask(assigned, text, { input: { subject: { kind: "API_KEY", id }, roles: [role] } });
  expect(answer.assignRoles.roles).toEqual([role]);
  return secret;
};

/** Whether a role holds the permission a root field asks for. */
const mayAsk = (role: UserRole, coordinate: string): boolean => {
  const asked = table[coordinate];
  const permitted: readonly string[] = ROLE_PERMISSIONS[role];
  return asked === "PUBLIC" || (asked !== undefined && permitted.includes(asked));
};

const isUnknownToEachRole = async (
  world: World,
  places: Places,
  keys: ReadonlyMap<UserRole, string>,
): Promise<void> => {
  // The log of a tenant tells of its own questions, also of those about ids that are not its own: once asked by one role, they are in it.
  const queries = places.names.filter((name) => !/^(Subscription\.|Query\.auditLog\()/.test(name));
  const foreign = new Map<string, string>();
  for (const place of queries) foreign.set(place, await places.foreignIdOf(place, world().alpha));
  // Whom the field itself refuses is told the same whoever they are: what an unknown id is told is asked for once.
  const refusals = new Map<string, Promise<string>>();
  for (const [role, apiKey] of keys)
    await inTurns(queries, async (place) => {
      const id = foreign.get(place) ?? "";
      const asked = await places.ask(place, apiKey, id);
      const askUnknown = () => places.ask(place, apiKey, places.unknownLike(id));
      const isPermitted = mayAsk(role, place.slice(0, place.indexOf("(")));
      const unknown = isPermitted ? askUnknown() : (refusals.get(place) ?? askUnknown());
      if (!isPermitted) refusals.set(place, unknown);
      expect([role, place, asked]).toEqual([role, place, await unknown]);
      expect([role, place, isPermitted || asked.includes("FORBIDDEN")]).toEqual([role, place, true]);
      expect(asked).not.toContain("INTERNAL");
    });
};

const answersWhatARolePermits = async (world: World, keys: ReadonlyMap<UserRole, string>): Promise<void> => {
  const { instance, alpha, beta } = world();
  const queries = rootFields.filter(({ kind }) => kind === OperationTypeNode.QUERY);
  for (const [role, apiKey] of keys)
    await inTurns(queries, async (root) => {
      const variables = exampleOf(root.coordinate, beta);
      const query = operationText(root, variables, { depth: 2 });
      const answer = await askGraph(instance.url, apiKey, { query, variables });
      const asked = table[root.coordinate];
      const refused = readAnswer(answer).errors?.some(
        ({ path, extensions }) => path?.length === 1 && extensions?.["permission"] === asked,
      );
      expect([role, root.coordinate, refused ?? false]).toEqual([
        role,
        root.coordinate,
        !mayAsk(role, root.coordinate),
      ]);
      expectNone(`${role} ${root.coordinate}`, answer.text, wordsOf(alpha));
    });
};

/** The matrix of every built-in role: another tenant's ids are unknown to each, and each is answered what it permits and nothing else. */
export const describeEveryRole = (world: World, places: Places): void => {
  describe("whatever role a caller has", () => {
    const keys = new Map<UserRole, string>();
    beforeAll(async () => {
      for (const role of USER_ROLES) keys.set(role, await keyWith(world, role));
      // Keys are looked at again within five seconds; these were never looked at before.
    });

    describeEverySubscription(world, places, () => keys);

    it("an id of another tenant is an unknown id at every place that takes one", () =>
      isUnknownToEachRole(world, places, keys));

    it("every query is answered if the role permits it, and refused if not, and tells nothing of another tenant", () =>
      answersWhatARolePermits(world, keys));
  });
};
