import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { refuse } from "@tessera/platform/errors/refusal";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import type { z } from "zod";
import { platformCaller } from "./platform-caller.ts";

/** Asks the tenant room one operation, and reads its data in a shape; rejects when it gives no answer. */
export type TenantRoom = <T>(
  shape: z.ZodType<T>,
  query: string,
  variables: Readonly<Record<string, unknown>>,
) => Promise<T>;

/** What an error of the tenant room is to whoever waits for the answer. */
export type ErrorMeaning = (error: { readonly message: string }) => Error;

/** An error that a caller can only wait out, in words about what can't be had meanwhile. */
export const unavailable =
  (detail: string): ErrorMeaning =>
  (error) =>
    refuse("DEPENDENCY_UNAVAILABLE", detail, { retryAfterSeconds: 1 }, error);

/** An error that the process itself deals with and logs. */
export const internal: ErrorMeaning = ({ message }) => new Error(`The tenant room answered: ${message}`);

/** Builds {@link TenantRoom} for a process of a role, wherever the room runs. */
export const createTenantRoom = (
  tenant: SubgraphConnection<GatewayCall>,
  role: string,
  meaning: ErrorMeaning,
): TenantRoom => {
  const caller = platformCaller(role, ["platform:authenticate"]);
  return async (shape, query, variables) => {
    const { data, errors } = await tenant.execute({ query, variables }, { caller, traceId: newTraceId() });
    const [error] = errors ?? [];
    if (error !== undefined) throw meaning(error);
    return shape.parse(data);
  };
};
