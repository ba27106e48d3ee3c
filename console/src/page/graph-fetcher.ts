import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient, type Client } from "graphql-ws";

const GRAPHQL_PATH = "/graphql";

/** Where and how this page talks to the graph: the same origin, HTTP and WebSocket, under one key. */
export interface Graph {
  readonly fetcher: Fetcher;
  readonly close: () => void;
}

const webSocketUrl = (): string => `${location.origin.replace(/^http/, "ws")}${GRAPHQL_PATH}`;

/** Connects under a key; it travels in the Authorization header and in `connection_init`, never in an address. */
export const connectGraph = (apiKey: string): Graph => {
  const authorization = `Bearer ${apiKey}`;
  const wsClient: Client = createClient({ url: webSocketUrl(), connectionParams: { authorization } });
  return {
    fetcher: createGraphiQLFetcher({ url: GRAPHQL_PATH, wsClient, headers: { authorization } }),
    close: () => void wsClient.dispose(),
  };
};

/** Null when the graph accepts the key, else a sentence that says why not. */
export const refusalOfKey = async (apiKey: string): Promise<string | null> => {
  try {
    const answer = await fetch(GRAPHQL_PATH, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    if (answer.ok) return null;
    const problem: unknown = await answer.json();
    const detail = typeof problem === "object" && problem !== null && "detail" in problem ? problem.detail : null;
    return typeof detail === "string" ? detail : `The graph answered ${answer.status}.`;
  } catch {
    return "The graph can't be reached.";
  }
};
