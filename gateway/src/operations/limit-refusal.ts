import { GraphQLError } from "graphql";
import type { ErrorCode } from "@tessera/platform/errors/error-codes";
import { refuse, type Refusal, type RefusalExtras } from "@tessera/platform/errors/refusal";

const count = (value: number): string => (Number.isFinite(value) ? value.toLocaleString("en-US") : "too many");

/** A refusal for something above its limit; its extensions carry `limit` and `found`, its sentence says both. */
export const overLimit = (
  code: ErrorCode,
  what: string,
  limit: number,
  found: number,
  extras: RefusalExtras = {},
): Refusal => refuse(code, `${what}: ${count(found)} found, ${count(limit)} allowed.`, { ...extras, limit, found });

/** A refusal in the shape GraphQL answers carry. */
export const asGraphQLError = (refusal: Refusal): GraphQLError =>
  new GraphQLError(refusal.message, { extensions: refusal.extensions });
