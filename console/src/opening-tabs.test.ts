import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { buildSchema, parse, validate } from "graphql";

const folder = new URL("./page/tabs/", import.meta.url);
const supergraph = readFileSync(new URL("../../supergraph.graphql", import.meta.url), "utf8");
const schema = buildSchema(supergraph, { assumeValid: true, assumeValidSDL: true });

describe("the tabs a newcomer finds open", () => {
  it.each(readdirSync(folder))("%s is valid in the composed graph", (name) => {
    const document = parse(readFileSync(new URL(name, folder), "utf8"));
    expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
    expect(document.definitions).toHaveLength(1);
  });

  it("show a query, a mutation and a subscription", () => {
    const kinds = readdirSync(folder).map(
      (name) => /^(query|mutation|subscription) /m.exec(readFileSync(new URL(name, folder), "utf8"))?.[1],
    );
    expect(new Set(kinds)).toEqual(new Set(["query", "mutation", "subscription"]));
  });
});
