import { describe, expect, it } from "@jest/globals";
import { coerceInputValue, getNamedType, isLeafType, OperationTypeNode } from "graphql";
import { z } from "zod";
import { isErrorCode } from "@tessera/platform/errors/error-codes";
import { operationText, rootFields, type RootField } from "../api-schema.ts";
import { exampleOf } from "../examples.ts";
import { inTurns } from "../in-turns.ts";
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
/** Questions in one request where each is refused for its variables alone: fewer than the errors of variables that one answer tells (50). */
const IN_ONE = 20;
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

type Variables = Readonly<Record<string, unknown>>;

/** Every question about a root field: its example with each leaf in turn, and each argument the example leaves out, made nasty. */
const nastyQuestions = (root: RootField, example: Variables): readonly Variables[] => {
  const left = root.field.args.map(({ name }) => name).filter((name) => !Object.hasOwn(example, name));
  return NASTY.flatMap((nasty) => [
    ...(Object.keys(example).length === 0 ? [] : withEachLeaf(example, nasty)),
    ...left.map((name) => ({ ...example, [name]: nasty })),
  ]).flatMap((variables) => (typeof variables === "object" && variables !== null ? [{ ...variables }] : []));
};

/** True where the schema alone refuses the variables, whatever their field would say. */
const isRefusedByItsTypes = (root: RootField, variables: Variables): boolean =>
  root.field.args.some(({ name, type }) => {
    let isWrong = false;
    const sent: unknown = JSON.parse(JSON.stringify(variables[name] ?? null));
    if (Object.hasOwn(variables, name)) coerceInputValue(sent, type, () => (isWrong = true));
    return isWrong;
  });

/** One request with many questions of the same root field. */
const inOneRequest = ({ kind, field }: RootField, questions: readonly Variables[]) => {
  const given = questions.map((variables) => field.args.filter(({ name }) => Object.hasOwn(variables, name)));
  const definitions = given.flatMap((args, at) => args.map(({ name, type }) => `$${name}_${at}: ${String(type)}`));
  const below = isLeafType(getNamedType(field.type)) ? "" : "{ __typename }";
  const asked = given.map((args, at) => {
    const each = args.map(({ name }) => `${name}: $${name}_${at}`);
    return `q${at}: ${field.name}(${each.join(", ")}) ${below}`;
  });
  const named = questions.flatMap((variables, at) =>
    Object.entries(variables).map(([name, value]) => [`${name}_${at}`, value]),
  );
  return {
    query: `${kind} Asked(${definitions.join(", ")}) { ${asked.join(" ")} }`,
    variables: z.record(z.string(), z.unknown()).parse(Object.fromEntries(named)),
  };
};

/** Asks questions that their types refuse, many in a request; answers those that its errors do not tell of, each by the name of its own variable. */
const refusedTogether = async (
  world: World,
  root: RootField,
  wrong: readonly Variables[],
): Promise<readonly Variables[]> => {
  const untold: Variables[] = [];
  const requests = Array.from({ length: Math.ceil(wrong.length / IN_ONE) }, (_none, at) =>
    wrong.slice(at * IN_ONE, (at + 1) * IN_ONE),
  );
  await inTurns(requests, AT_A_TIME, async (questions) => {
    const body = inOneRequest(root, questions);
    const errors = readAnswer(await askGraph(world().url, world().full, body)).errors ?? [];
    expectTold(body.variables, errors);
    const told = errors.map(({ message }) => message).join("\n");
    untold.push(...questions.filter((_question, at) => !new RegExp(`"\\$\\w+_${at}"`).test(told)));
  });
  return untold;
};

const toldNicely = (world: World) => async (root: RootField) => {
  const { url, full, own } = world();
  const asked = nastyQuestions(root, exampleOf(root.coordinate, own));
  expect(asked.length).toBeGreaterThanOrEqual(NASTY.length);
  const isStream = root.kind === OperationTypeNode.SUBSCRIPTION;
  const wrong = asked.filter((variables) => !isStream && isRefusedByItsTypes(root, variables));
  const others = asked.filter((variables) => !wrong.includes(variables));
  // A page of no size is refused for its cost, and the whole request with it: such questions are asked one by one as well.
  const untold = await refusedTogether(world, root, wrong);
  await inTurns([...others, ...untold], AT_A_TIME, async (variables) => {
    const body = { query: operationText(root, variables), variables };
    if (isStream) {
      const { refusal } = await hear(url, full, body, (messages) => messages.length > 0, { silenceMs: 200 });
      expectTold(body.variables, refusal ?? []);
    } else expectTold(body.variables, readAnswer(await askGraph(url, full, body)).errors ?? []);
  });
};

/** Root fields about the log of what was asked first: each question makes it longer, and verifying it takes as long as it is. */
const inOrder = rootFields
  .filter(({ field }) => field.args.length > 0)
  .toSorted((a, b) => Number(/audit/i.test(b.coordinate)) - Number(/audit/i.test(a.coordinate)));

/** Whatever is sent, what comes back is a refusal of the table, in words for the caller. */
export const describeErrors = (world: World): void => {
  describe("every error that leaves", () => {
    it.each(inOrder.map((root) => ({ name: root.coordinate, root })))(
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
