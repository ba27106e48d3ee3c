import { describe, expect, it } from "@jest/globals";
import type { Permission } from "@tessera/contracts/permissions";
import { OperationTypeNode } from "graphql";
import { ROLE_PERMISSIONS, type UserRole } from "../../../subgraphs/tenant/src/domain/role.ts";
import { pause } from "../../testing/eventually.ts";
import { connectLive } from "../../testing/live-client.ts";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import { operationText, rootFields, type RootField } from "../api-schema.ts";
import { exampleOf } from "../examples.ts";
import { makeIncident } from "../incident-examples.ts";
import { makeComment, makeRule } from "../own-things.ts";
import { table } from "../permissions/permission-world.ts";
import type { Places } from "./matrix-places.ts";
import { expectNone, wordsOf, type World } from "./sealed-world.ts";

/** Milliseconds between two things that happen while streams are listened to: whether a stream has begun can't be seen from outside. */
const STIR_EVERY_MS = 1_500;

const subscriptions = rootFields.filter(({ kind }) => kind === OperationTypeNode.SUBSCRIPTION);

/** What happens in beta, so that every stream has something to tell: an event, a rule that is broken at once, a comment, an incident, and a run of a report. */
const stirUntil = async (world: World, over: () => boolean): Promise<void> => {
  const { instance, beta } = world();
  const client = createTesseraClient(instance.url, instance.beta.apiKey);
  while (!over()) {
    await client.send([{ name: `${beta.mark}-live`, userId: `${beta.mark}-user` }]);
    await makeRule(client, beta);
    await makeComment(client, beta);
    await makeIncident(client, beta);
    await client.tell("mutation ($id: ID!) { runReportNow(id: $id) { __typename } }", { id: beta.reportId });
    await pause(STIR_EVERY_MS);
  }
};

/** Streams about what is its maker's, with the permission of those who look after everybody's: others whom the role permits to follow them are told that there is no such thing. */
const OF_ITS_MAKER: Readonly<Record<string, Permission>> = { "Subscription.reportChanged": "access:manage" };
const isOfOthers = ({ coordinate }: RootField, role: UserRole): boolean => {
  const [permitted, needed]: [readonly Permission[], Permission | undefined] = [
    ROLE_PERMISSIONS[role],
    OF_ITS_MAKER[coordinate],
  ];
  return needed !== undefined && !permitted.includes(needed);
};

const mayFollow = (root: RootField, role: UserRole): boolean => {
  const permitted: readonly string[] = ROLE_PERMISSIONS[role];
  return permitted.includes(table[root.coordinate] ?? "never");
};

/** Follows a stream with one role's key until it told something or was refused. */
const followed = async (world: World, root: RootField, role: UserRole, apiKey: string): Promise<void> => {
  const { instance, alpha, beta } = world();
  const live = await connectLive(instance.url, apiKey);
  try {
    const variables = exampleOf(root.coordinate, beta);
    const stream = live.follow(operationText(root, variables, { depth: 0 }), { ...variables });
    const isOver = (messages: readonly unknown[]): boolean => messages.length > 0 || stream.ended();
    await stream.until(isOver).catch(() => undefined);
    const told = `${role} ${root.coordinate}`;
    if (mayFollow(root, role) && isOfOthers(root, role)) {
      expect([told, stream.messages]).toEqual([told, []]);
      expect([told, stream.problems]).toMatchObject([told, [[{ extensions: { code: "NOT_FOUND", field: "id" } }]]]);
    } else if (mayFollow(root, role)) {
      expect([told, stream.problems]).toEqual([told, []]);
      expect([told, stream.messages.length > 0]).toEqual([told, true]);
      expectNone(told, JSON.stringify(stream.messages), wordsOf(alpha));
    } else {
      expect([told, stream.messages]).toEqual([told, []]);
      // One array of errors ends the stream, and the stream alone.
      expect([told, stream.problems]).toMatchObject([
        told,
        [[{ extensions: { code: "FORBIDDEN", field: root.coordinate, permission: table[root.coordinate] } }]],
      ]);
    }
    const other = live.follow("{ whoAmI { permissions } }");
    await other.until((messages) => messages.length > 0);
    expect([told, other.problems]).toEqual([told, []]);
  } finally {
    await live.close();
  }
};

/** Every subscription with every built-in role, over graphql-ws. */
export const describeEverySubscription = (
  world: World,
  places: Places,
  keys: () => ReadonlyMap<UserRole, string>,
): void => {
  it("the roles permit each subscription to somebody, and refuse it to somebody", () => {
    for (const root of subscriptions) {
      const permitted = [...keys().keys()].map((role) => mayFollow(root, role));
      expect([root.coordinate, permitted.includes(true), permitted.includes(false)]).toEqual([
        root.coordinate,
        true,
        true,
      ]);
    }
  });

  describe("on a socket", () => {
    it.each(subscriptions.map((root) => ({ name: root.coordinate, root })))(
      "$name tells whom its role permits, is FORBIDDEN to others when it begins, and the socket serves on",
      async ({ root }) => {
        let over = false;
        const stirring = stirUntil(world, () => over);
        await Promise.all([...keys()].map(([role, apiKey]) => followed(world, root, role, apiKey))).finally(() => {
          over = true;
        });
        await stirring;
      },
    );

    it.each(places.names.filter((name) => name.startsWith("Subscription.")))(
      "%s: another tenant's id is an unknown id, whatever the role",
      async (place) => {
        const foreign = await places.foreignIdOf(place, world().alpha);
        for (const [role, apiKey] of keys()) {
          const asked = await places.ask(place, apiKey, foreign);
          expect([role, asked]).toEqual([role, await places.ask(place, apiKey, places.unknownLike(foreign))]);
          expect(asked).toMatch(/NOT_FOUND|FORBIDDEN/);
        }
      },
    );
  });
};
