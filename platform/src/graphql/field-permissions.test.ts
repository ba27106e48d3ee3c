import { describe, expect, it } from "@jest/globals";
import { GraphQLError, subscribe, parse } from "graphql";
import { askSubgraph, callerWith, freshTenantId } from "../testing/ask-subgraph.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { Caller } from "@tessera/contracts/caller";
import type { PermissionTable } from "./field-permissions.ts";
import { buildSubgraph } from "./subgraph.ts";

const sdl = `
  type Query { open: Int! read: Int forgotten: Int thing: Thing! }
  type Mutation { change: Int! }
  type Subscription { ticks: Int! }
  type Thing { plain: Int secret: Int }`;
const effects: string[] = [];
async function* ticks() {
  effects.push("subscribed");
  yield { ticks: 1 };
}
const effect = (name: string) => () => effects.push(name);

const build = (subscription: object = { subscribe: ticks }) =>
  buildSubgraph({
    name: "test",
    sdl,
    resolvers: {
      Query: { open: () => 1, read: effect("read"), forgotten: effect("forgotten"), thing: () => ({ plain: 1 }) },
      Mutation: { change: effect("change") },
      Subscription: { ticks: subscription },
      Thing: { secret: effect("secret") },
    },
    permissions: {
      "Query.open": "PUBLIC",
      "Query.read": "tenant:read",
      "Query.thing": "PUBLIC",
      "Mutation.change": "tenant:manage",
      "Subscription.ticks": "tenant:read",
      "Thing.secret": "schema:introspect",
    } satisfies PermissionTable,
    wholeTenantFields: ["Query.read", "Subscription.ticks"],
    contextFor: ({ caller }) => ({ caller }),
    logger: createLogger("test", "silent"),
  });

const nobody: Caller = callerWith(freshTenantId(), []);
const subscribed = (caller: Caller) =>
  subscribe({ schema: build().schema, document: parse("subscription { ticks }"), contextValue: { caller } });

describe("the permissions of fields", () => {
  it.each([
    ["{ read }", "Query.read", "tenant:read"],
    ["mutation { change }", "Mutation.change", "tenant:manage"],
    ["{ thing { plain secret } }", "Thing.secret", "schema:introspect"],
  ])("%s is refused without its permission, and nothing runs", async (text, field, permission) => {
    effects.length = 0;
    const { errors } = await askSubgraph(build(), nobody, text);
    expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN", field, permission } }]);
    expect(effects).toEqual([]);
  });

  it("what the table does not name is denied to everyone", async () => {
    effects.length = 0;
    const everything = callerWith(freshTenantId(), ["tenant:read", "tenant:manage", "schema:introspect"]);
    expect((await askSubgraph(build(), everything, "{ forgotten }")).errors).toHaveLength(1);
    expect(effects).toEqual([]);
  });

  it("a subscription is refused when it begins, before its source is opened", async () => {
    effects.length = 0;
    const refused = await subscribed(nobody);
    expect(refused).toMatchObject({ errors: [expect.any(GraphQLError)] });
    expect(effects).toEqual([]);
    expect(Symbol.asyncIterator in (await subscribed(callerWith(freshTenantId(), ["tenant:read"])))).toBe(true);
  });

  it("what tells of the whole tenant is refused to a caller under a data policy, whatever it may, and nothing runs", async () => {
    effects.length = 0;
    const policy = { allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks: {}, salt: "0".repeat(32) };
    const under: Caller = { ...callerWith(freshTenantId(), ["tenant:read", "tenant:manage"]), dataPolicy: policy };
    const { errors } = await askSubgraph(build(), under, "{ read }");
    expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN", field: "Query.read" } }]);
    expect(await subscribed(under)).toMatchObject({ errors: [expect.any(GraphQLError)] });
    expect(effects).toEqual([]);
    expect((await askSubgraph(build(), under, "mutation { change }")).errors).toBeUndefined();
  });

  it("a subscription that would be refused at its first event only does not build", () => {
    expect(() => build({ subscribe: ticks, resolve: () => 1 })).toThrow("Subscription.ticks has a `resolve`");
  });
});
