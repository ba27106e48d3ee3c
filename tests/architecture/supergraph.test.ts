import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import {
  composeSupergraph,
  readSubgraphSdls,
  readSupergraphFile,
  type SubgraphSdl,
} from "../../gateway/src/composition.ts";
import { readSdlFiles } from "./sdl-files.ts";
import { ROOT } from "./text-files.ts";

const committed = join(ROOT, "supergraph.graphql");
const sources = readSupergraphFile(join(ROOT, "supergraph.yaml"));
const written = sources.filter(({ sdlPath }) => existsSync(sdlPath));

describe("the committed supergraph.graphql is what the subgraphs compose to", () => {
  it("supergraph.yaml names every subgraph that has an SDL", () => {
    const named = written.map(({ name }) => name);
    expect(named.toSorted()).toEqual(
      readSdlFiles()
        .map(({ subgraph }) => subgraph)
        .toSorted(),
    );
  });

  it("recomposing gives the committed text; `npm run compose` writes it", () => {
    const recomposed = written.length === 0 ? "" : composeSupergraph(readSubgraphSdls(written)).supergraphSdl;
    const text = existsSync(committed) ? readFileSync(committed, "utf8") : "";
    expect(
      text === recomposed ? "" : "supergraph.graphql is stale -> run `npm run compose` and review the difference",
    ).toBe("");
  });

  it("subgraphs that share a type describe it in the same words, so that the reader of the graph is told of all of it", () => {
    expect(composeSupergraph(readSubgraphSdls(written)).hints).toEqual([]);
  });

  it("catches any change of an SDL", () => {
    const one = (field: string): SubgraphSdl => ({
      name: "one",
      url: "http://one",
      sdl: `type Query { ${field}: Int }`,
    });
    expect(composeSupergraph([one("a")]).supergraphSdl).not.toBe(composeSupergraph([one("b")]).supergraphSdl);
  });
});
