import { describe, expect, it } from "@jest/globals";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { buildSchema, execute, parse, type GraphQLError } from "graphql";
import { createErrorMasking } from "./error-masking.ts";

const schema = buildSchema(`
  input Step { within: Int! }
  input Question { steps: [Step!]!, share: Float }
  type Query { ask(input: Question!, id: Int!): Int }
`);
const document = parse("query ($input: Question!, $id: Int!) { ask(input: $input, id: $id) }");
const masking = createErrorMasking({
  logger: createLogger("test", "silent"),
  onShown: () => undefined,
});
const shown = async (variableValues: Record<string, unknown>): Promise<readonly GraphQLError[]> => {
  const { errors = [] } = await execute({ schema, document, variableValues });
  return errors.map((error) => masking.show(error, null));
};

describe("variables that do not fit their types", () => {
  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ["deep inside", { input: { steps: [{ within: 1 }, { within: "x" }] }, id: 1 }, ["input.steps.1.within"]],
    ["no finite number", { input: { steps: [], share: Infinity }, id: 1 }, ["input.share"]],
    ["the variable itself", { input: { steps: [] }, id: "x" }, ["id"]],
    ["one that is missing", { input: { steps: [] } }, ["id"]],
    [
      "a value that speaks like the message",
      { input: { steps: [], share: 'x at "input.steps";' }, id: 1 },
      ["input.share"],
    ],
    ["several", { input: { steps: [{ within: null }, {}] }, id: 1 }, ["input.steps.0.within", "input.steps.1"]],
  ])("are BAD_USER_INPUT with the place: %s", async (_what, variables, fields) => {
    expect((await shown(variables)).map(({ extensions }) => extensions)).toEqual(
      fields.map((field) => ({ code: "BAD_USER_INPUT", field })),
    );
  });
});
