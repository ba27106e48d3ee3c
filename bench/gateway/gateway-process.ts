// One contender in a process of its own: `stock-http`, `own-http` or `own-in-process`.
import { ApolloServer, HeaderMap } from "@apollo/server";
import { ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { ApolloGateway } from "@apollo/gateway";
import { createHttpConnection } from "../../gateway/src/connections/http.ts";
import { createInProcessConnection } from "../../gateway/src/connections/in-process.ts";
import { guardConnection } from "../../gateway/src/connections/guarded.ts";
import type { GatewayCall } from "../../gateway/src/operations/graphql-request.ts";
import { compose, schemas } from "./graph.ts";
import { startFront } from "./http-front.ts";
import { createOwnFront } from "./own-front.ts";

const [contender = "", subgraphsUrl = ""] = process.argv.slice(2);
const urlOf = (name: string) => `${subgraphsUrl}/${name}`;
const supergraphSdl = compose(urlOf);

const ownConnections = (isRemote: boolean) =>
  new Map(
    [...schemas()].map(([name, schema]) => [
      name,
      guardConnection<GatewayCall>(
        isRemote
          ? createHttpConnection({ name, url: urlOf(name) })
          : createInProcessConnection({ name, schema, createContext: () => ({}) }),
      ),
    ]),
  );

/** Stock Apollo Server with stock @apollo/gateway, as their documentation sets them up. */
const createStockFront = async (): Promise<(body: unknown) => Promise<string>> => {
  const apollo = new ApolloServer({
    gateway: new ApolloGateway({ supergraphSdl }),
    plugins: [ApolloServerPluginLandingPageDisabled()],
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  const headers = new HeaderMap([["content-type", "application/json"]]);
  return async (body) => {
    const response = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: "POST", headers, search: "", body },
      context: () => Promise.resolve({}),
    });
    if (response.body.kind !== "complete") throw new Error("an incremental answer was not asked for");
    return response.body.string;
  };
};

const answer =
  contender === "stock-http"
    ? await createStockFront()
    : await createOwnFront(supergraphSdl, ownConnections(contender === "own-http"));
const { port } = await startFront((_path, body) => answer(JSON.parse(body)));
process.once("SIGINT", () => process.exit(0));
process.send?.({ port });
