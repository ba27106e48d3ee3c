import { describe, expect, it } from "@jest/globals";
import { OperationTypeNode } from "graphql";
import { isErrorCode } from "@tessera/platform/errors/error-codes";
import { operationText, rootFields, type RootField } from "../api-schema.ts";
import { exampleOf } from "../examples.ts";
import { askGraph, hear, readAnswer, type Problem } from "../outside.ts";
import type { World } from "./permission-world.ts";

/** Values nobody's input should be broken by, least of all the text of a statement. */
const NASTY: readonly unknown[] = [
  "'; DROP TABLE events; --",
  "{tenant: String}",
  "\u0000",
  "\ud800",
  "",
  "x".repeat(5_000),
  "../../etc/passwd",
  "1e999",
  -1,
  2_147_483_647,
  9_007_199_254_740_991,
  0.5,
  null,
  true,
  [],
  {},
  [[[]]],
  { toString: null, __proto__: { polluted: true } },
];
/** Questions on their way at once. */
const AT_A_TIME = 8;
/** What only the inside knows. */
const INTERNAL_WORDS =
  /\.ts:|node_modules|ClickHouse|DB::Exception|postgres|prisma|SELECT |INSERT |ECONN|TypeError|undefined|\bat \w+ \(|tessera_(?:reader|app|owner)|sql/i;

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** The same value with each leaf in turn replaced. */
const withEachLeaf = (value: unknown, nasty: unknown): readonly unknown[] => {
  if (isList(value))
    return value.flatMap((item, index) => withEachLeaf(item, nasty).map((changed) => value.with(index, changed)));
  if (typeof value !== "object" || value === null) return [nasty];
  return Object.entries(value).flatMap(([key, item]) =>
    withEachLeaf(item, nasty).map((changed) => ({ ...value, [key]: changed })),
  );
};

const expectTold = (asked: unknown, problems: readonly Problem[]): void => {
  for (const { message, extensions } of problems) {
    const code = extensions?.["code"];
    const leaked = INTERNAL_WORDS.exec(message)?.[0] ?? null;
    expect({ asked, message, known: isErrorCode(code), internal: code === "INTERNAL", leaked }).toEqual({
      asked,
      message,
      known: true,
      internal: false,
      leaked: null,
    });
  }
};

const toldNicely = (world: World) => async (root: RootField) => {
  const { url, full, own } = world();
  const example: Record<string, unknown> = { ...exampleOf(root.coordinate, own) };
  const left = root.field.args.map(({ name }) => name).filter((name) => !Object.hasOwn(example, name));
  const asked = NASTY.flatMap((nasty) => [
    ...(Object.keys(example).length === 0 ? [] : withEachLeaf(example, nasty)),
    ...left.map((name) => ({ ...example, [name]: nasty })),
  ]);
  expect(asked.length).toBeGreaterThanOrEqual(NASTY.length);
  const ask = async (variables: unknown): Promise<void> => {
    if (typeof variables !== "object" || variables === null) return;
    const body = { query: operationText(root, { ...variables }), variables: { ...variables } };
    if (root.kind === OperationTypeNode.SUBSCRIPTION) {
      const { refusal } = await hear(url, full, body, (messages) => messages.length > 0, { silenceMs: 200 });
      expectTold(body.variables, refusal ?? []);
    } else expectTold(body.variables, readAnswer(await askGraph(url, full, body)).errors ?? []);
  };
  for (let next = 0; next < asked.length; next += AT_A_TIME)
    await Promise.all(asked.slice(next, next + AT_A_TIME).map(ask));
};

/** Whatever is sent, what comes back is a refusal of the table, in words for the caller. */
export const describeErrors = (world: World): void => {
  describe("every error that leaves", () => {
    it.each(rootFields.filter(({ field }) => field.args.length > 0).map((root) => ({ name: root.coordinate, root })))(
      "$name: has a code of the table and tells nothing of the inside, whatever it is asked with",
      ({ root }) => toldNicely(world)(root),
    );

    it.each([
      ["no GraphQL", "{ whoAmI "],
      ["an unknown field", "{ nothing }"],
      ["a subscription over HTTP", "subscription { anomalies { cursor } }"],
      ["no operation", "fragment F on Query { whoAmI { expiresAt } }"],
      ["introspection without the permission", "{ __schema { types { name } } }"],
    ])("%s", async (_what, query) => {
      const apiKey = await world().without("schema:introspect");
      const answer = await askGraph(world().url, apiKey, { query });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expectTold(query, readAnswer(answer).errors ?? []);
      expect(readAnswer(answer).errors).not.toHaveLength(0);
    });
  });
};
