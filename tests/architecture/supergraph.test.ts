import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import {
  composeSupergraph,
  keptSupergraph,
  keptText,
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
    const subgraphs = readSubgraphSdls(written);
    const recomposed = keptText(subgraphs, composeSupergraph(subgraphs).supergraphSdl);
    const text = existsSync(committed) ? readFileSync(committed, "utf8") : "";
    expect(
      text === recomposed ? "" : "supergraph.graphql is stale -> run `npm run compose` and review the difference",
    ).toBe("");
  });

  it("an instance takes it as it is while it was composed of just its subgraphs, and composes anew otherwise", () => {
    const subgraphs = readSubgraphSdls(written);
    const { supergraphSdl } = composeSupergraph(subgraphs);
    const text = keptText(subgraphs, supergraphSdl);
    expect(keptSupergraph(subgraphs, text)).toBe(supergraphSdl);
    const changed = subgraphs.map((one, index) => (index === 0 ? { ...one, sdl: `${one.sdl}\n` } : one));
    for (const other of [changed, subgraphs.slice(1), subgraphs.map((one) => ({ ...one, url: `${one.url}/x` }))])
      expect(keptSupergraph(other, text)).toBeNull();
    expect(keptSupergraph(subgraphs, supergraphSdl)).toBeNull();
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
