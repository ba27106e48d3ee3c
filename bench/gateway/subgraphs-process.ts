// The five subgraphs as one remote process: what a gateway over HTTP talks to.
import { z } from "zod";
import { createInProcessConnection } from "../../gateway/src/connections/in-process.ts";
import { schemas } from "./graph.ts";
import { startFront } from "./http-front.ts";

const requestBody = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullish() });

const connections = new Map(
  [...schemas()].map(([name, schema]) => [
    name,
    createInProcessConnection({ name, schema, createContext: () => ({}) }),
  ]),
);
const { port } = await startFront(async (path, body) => {
  const connection = connections.get(path.slice(1));
  if (connection === undefined) throw new Error(`no subgraph at ${path}`);
  const { query, variables } = requestBody.parse(JSON.parse(body));
  return JSON.stringify(await connection.execute({ query, variables: variables ?? {} }, {}));
});
process.send?.({ port });
