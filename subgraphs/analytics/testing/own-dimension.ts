import type { Caller } from "@tessera/contracts/caller";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import type { DimensionExpression } from "../src/domain/semantic/dimension-expression.ts";
import type { openDashboardRoom } from "./dashboard-room.ts";

const DEFINE = `mutation ($input: DefineDimensionInput!) { defineDimension(input: $input) {
  ... on DimensionDefined { dimension { id } } } }`;
const defined = z.object({ defineDimension: z.object({ dimension: z.object({ id: z.string() }) }) });

/** Somebody of a tenant of their own who may define dimensions and whatever is made of them. */
export const callerWhoDefines = (): Caller =>
  callerWith(freshTenantId(), ["analytics:read", "analytics:define", "analytics:personal-data", "cohorts:manage"]);

/** Defines a dimension of the caller's tenant, or its next version, by the graph; answers its id. */
export const defineOwnDimension = async (
  room: Pick<ReturnType<typeof openDashboardRoom>, "ask">,
  caller: Caller,
  name: string,
  expression: DimensionExpression,
): Promise<string> =>
  defined.parse(await room.ask(caller, DEFINE, { input: { name, expression } })).defineDimension.dimension.id;
