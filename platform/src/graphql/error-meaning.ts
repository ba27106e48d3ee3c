import { GraphQLError, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import { errorCodes, isErrorCode } from "../errors/error-codes.ts";
import { errorMessage } from "../errors/error-message.ts";
import { Refusal } from "../errors/refusal.ts";
import type { Logger } from "../telemetry/logger.ts";

/** Turns anything a resolver threw into what a caller may see: refusals as they are, everything else masked and logged once. */
export const meaningfulGraphQLError = (thrown: unknown, logger: Logger, where: string): GraphQLError => {
  if (thrown instanceof Refusal) return new GraphQLError(thrown.message, { extensions: thrown.extensions });
  if (thrown instanceof GraphQLError && isErrorCode(thrown.extensions["code"])) return thrown;
  logger.error(
    { where, error: errorMessage(thrown), stack: thrown instanceof Error ? thrown.stack : undefined },
    "A resolver failed.",
  );
  return new GraphQLError(errorCodes.INTERNAL.title, { extensions: { code: "INTERNAL" } });
};

type Resolver = GraphQLFieldResolver<unknown, unknown>;

const guarded =
  (resolver: Resolver, where: string, logger: Logger): Resolver =>
  (root, args, context, info) => {
    const meaningful = (thrown: unknown): Promise<never> =>
      Promise.reject(meaningfulGraphQLError(thrown, logger, where));
    const guard = (value: unknown): unknown => (value instanceof Promise ? value.catch(meaningful) : value);
    try {
      const value: unknown = resolver(root, args, context, info);
      // `_entities` answers a list of promises, one per entity.
      return Array.isArray(value) ? value.map(guard) : guard(value);
    } catch (thrown) {
      throw meaningfulGraphQLError(thrown, logger, where);
    }
  };

/** Wraps every declared resolver of a schema so that only meaningful errors leave it; changes the schema in place. */
export const giveErrorsMeaning = (schema: GraphQLSchema, logger: Logger): GraphQLSchema => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const where = `${type.name}.${field.name}`;
      if (field.resolve !== undefined) field.resolve = guarded(field.resolve, where, logger);
      if (field.subscribe !== undefined) field.subscribe = guarded(field.subscribe, where, logger);
    }
  }
  return schema;
};
