import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { clientSdl, composeSupergraph, CompositionError, readSubgraphSdls, readSupergraphFile } from "./composition.ts";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n`;
const tenants = {
  name: "tenants",
  url: "http://127.0.0.1:1/graphql",
  sdl: `${LINK}type Tenant @key(fields: "id") { id: ID! name: String! } type Query { tenant(id: ID!): Tenant }`,
};
const events = {
  name: "events",
  url: "http://127.0.0.1:2/graphql",
  sdl: `${LINK}type Tenant @key(fields: "id") { id: ID! events: Int! } type Query { busiest: Tenant }`,
};

describe("composeSupergraph", () => {
  it("joins an entity's fields from all subgraphs and names each of them with its address", () => {
    const { supergraphSdl } = composeSupergraph([tenants, events]);
    expect(supergraphSdl).toContain(`TENANTS @join__graph(name: "tenants", url: "http://127.0.0.1:1/graphql")`);
    expect(supergraphSdl).toContain("name: String! @join__field(graph: TENANTS)");
    expect(supergraphSdl).toContain("events: Int! @join__field(graph: EVENTS)");
  });

  it("gives the same text whatever the order of the subgraphs", () => {
    expect(composeSupergraph([events, tenants]).supergraphSdl).toBe(composeSupergraph([tenants, events]).supergraphSdl);
  });

  it("refuses subgraphs that disagree, with the code of every reason", () => {
    const other = {
      ...events,
      sdl: `${LINK}type Tenant @key(fields: "id") { id: Int! } type Query { busiest: Tenant }`,
    };
    expect(() => composeSupergraph([tenants, other])).toThrow(CompositionError);
    expect(() => composeSupergraph([tenants, other])).toThrow(/FIELD_TYPE_MISMATCH/);
  });
});

describe("clientSdl", () => {
  it("shows clients types and fields without the machinery of federation", () => {
    const hidden = {
      ...events,
      sdl: events.sdl
        .replace(`["@key"]`, `["@key", "@inaccessible"]`)
        .replace("events: Int!", "events: Int! @inaccessible"),
    };
    const sdl = clientSdl(composeSupergraph([tenants, hidden]).supergraphSdl);
    expect(sdl).toContain("name: String!");
    expect(sdl).not.toContain("events");
    expect(sdl).not.toContain("join__");
  });
});

describe("readSupergraphFile", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "supergraph-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (text: string): string => {
    const path = join(folder, "supergraph.yaml");
    writeFileSync(path, text);
    return path;
  };

  it("reads names, addresses and SDL files relative to itself", () => {
    writeFileSync(join(folder, "a.graphql"), tenants.sdl);
    const path = write(
      "federation_version: =2.14.4\nsubgraphs:\n  a:\n    routing_url: http://a/graphql\n    schema:\n      file: ./a.graphql\n",
    );
    expect(readSubgraphSdls(readSupergraphFile(path))).toEqual([
      { name: "a", url: "http://a/graphql", sdl: tenants.sdl },
    ]);
  });

  it("names every SDL file that does not exist", () => {
    const entry = (name: string) =>
      `  ${name}:\n    routing_url: http://${name}/graphql\n    schema:\n      file: ./${name}.graphql\n`;
    const path = write(`federation_version: =2.14.4\nsubgraphs:\n${entry("a")}${entry("b")}`);
    expect(() => readSubgraphSdls(readSupergraphFile(path))).toThrow(/a\.graphql\n.*b\.graphql/);
  });

  it("refuses a file without an address", () => {
    const path = write("federation_version: =2.14.4\nsubgraphs:\n  a:\n    schema:\n      file: ./a.graphql\n");
    expect(() => readSupergraphFile(path)).toThrow(/routing_url/);
  });
});
