import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type { CheckedRequest, ServingDeps } from "../http/serve-route.ts";
import { answered, type Answered, type FieldNaming } from "./answered.ts";
import { documentIdOf, type GraphCall, type GraphPort } from "./graph-port.ts";

/** What a route that asks the graph is given. */
export interface GraphRouteDeps extends ServingDeps {
  readonly graph: GraphPort;
}

/** Asks the graph one persisted operation on behalf of a request, whose answer then tells the caller's rate limit. */
export type GraphQuestion<Data> = (
  graph: Pick<GraphPort, "execute">,
  request: Pick<
    CheckedRequest<unknown, unknown>,
    "caller" | "traceId" | "clientAddress" | "signal" | "graphIsAsked" | "addHeaders"
  >,
  variables: GraphCall["variables"],
) => Promise<Answered<Data>>;

/** Builds the {@link GraphQuestion} of a document; `naming` says a field of its input as the route calls it, `isThere` whether an answer with errors has what was asked for. */
export const graphQuestion = <Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  naming?: FieldNaming,
  isThere?: (data: Data) => boolean,
): GraphQuestion<Data> => {
  const documentId = documentIdOf(document);
  return async (graph, { caller, traceId, clientAddress, signal, graphIsAsked, addHeaders }, variables) => {
    graphIsAsked();
    const origin = { caller, traceId, clientAddress, signal };
    const result = await graph.execute({ ...origin, documentId, variables });
    addHeaders(result.rateLimit);
    return answered(document, result, naming, isThere);
  };
};
