import type { TSchema } from "typebox";
import type { ErrorCode } from "@tessera/platform/errors/error-codes";

/** One way an operation can end well. */
export interface AnswerDescription {
  readonly description: string;
  readonly schema?: TSchema | undefined;
  /** Media type of the body; JSON when left out. */
  readonly mediaType?: string;
  /** Headers that only this answer carries, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the OpenAPI document says of one operation; the routes validate against the same schemas. */
export interface RouteDescription<Query extends TSchema = TSchema, Body extends TSchema = TSchema> {
  readonly method: "get" | "post" | "put";
  /** With its parameters in braces: `/tenants/{id}/usage`. */
  readonly path: string;
  /** Every method of the path, where it has several; the route of the first says for all which ones there are. */
  readonly methodsOfPath?: readonly ("get" | "post" | "put")[];
  /** What each parameter of the path means; each is a text that the route checks. */
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly operationId: string;
  readonly tag: "Administration" | "Analytics" | "Anomalies" | "Audit" | "Events" | "Health" | "Reference";
  readonly summary: string;
  /** The part of the graph this operation is a projection of; its description is the operation's. */
  readonly graphql?: string;
  readonly description?: string;
  readonly query?: Query;
  readonly body?: Body;
  /** Media types of the body with their schemas, for bodies the route reads by itself. */
  readonly bodies?: Readonly<Record<string, TSchema>>;
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Codes of the error table this operation may answer beside those every operation may. */
  readonly refusals: readonly ErrorCode[];
  /** False for addresses anyone may ask. */
  readonly authenticated: boolean;
  /** Messages of a WebSocket, by who sends them. */
  readonly messages?: { readonly fromClient: TSchema; readonly fromServer: TSchema };
}
