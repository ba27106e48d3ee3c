// One contender in a process of its own: `stock-http`, `own-http` or `own-in-process` behind Apollo Server.
import { ApolloServer, HeaderMap } from "@apollo/server";
import { ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { ApolloGateway } from "@apollo/gateway";
import type { GatewayInterface } from "@apollo/server-gateway-interface";
import { createHttpConnection } from "../../gateway/src/connections/http.ts";
import { createInProcessConnection } from "../../gateway/src/connections/in-process.ts";
import { guardConnection } from "../../gateway/src/connections/guarded.ts";
import { asApolloGateway } from "../../gateway/src/executor/federation-executor.ts";
import { createPlanExecutor } from "../../gateway/src/executor/plan-executor.ts";
import { compose, schemas } from "./graph.ts";
import { startFront } from "./http-front.ts";

const [contender = "", subgraphsUrl = ""] = process.argv.slice(2);
const urlOf = (name: string) => `${subgraphsUrl}/${name}`;
const supergraphSdl = compose(urlOf);

const ownGateway = (isRemote: boolean): GatewayInterface => {
  const connections = new Map(
    [...schemas()].map(([name, schema]) => [
      name,
      guardConnection(
        isRemote
          ? createHttpConnection({ name, url: urlOf(name) })
          : createInProcessConnection({ name, schema, createContext: () => ({}) }),
      ),
    ]),
  );
  return asApolloGateway(createPlanExecutor({ supergraphSdl, connections }), () => ({}));
};

const gatewayOf = (): GatewayInterface => {
  if (contender === "stock-http") return new ApolloGateway({ supergraphSdl });
  return ownGateway(contender === "own-http");
};

const apollo = new ApolloServer({
  gateway: gatewayOf(),
  plugins: [ApolloServerPluginLandingPageDisabled()],
  stopOnTerminationSignals: false,
});
await apollo.start();

const headers = new HeaderMap([["content-type", "application/json"]]);
const { port } = await startFront(async (_path, body) => {
  const response = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: "POST", headers, search: "", body: JSON.parse(body) },
    context: () => Promise.resolve({}),
  });
  if (response.body.kind !== "complete") throw new Error("an incremental answer was not asked for");
  return response.body.string;
});
process.once("SIGINT", () => process.exit(0));
process.send?.({ port });
