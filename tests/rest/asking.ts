import { z } from "zod";
import type { SharedTenant } from "../testing/shared-instance.ts";

const record = z.record(z.string(), z.unknown());

/** How a test asks a tenant's REST and graph by HTTP, with the tenant's own key; the tenant is asked for each time, since it is opened later. */
export const askingOf = (instance: () => SharedTenant) => {
  const post = async (path: string, body: unknown) => {
    const { url, apiKey } = instance();
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const parsed: unknown = await answer.json();
    return { status: answer.status, body: record.parse(parsed) };
  };
  const graph = async (query: string, variables: Readonly<Record<string, unknown>>) => {
    const { body } = await post("/graphql", { query, variables });
    return z.object({ data: record }).parse(body).data;
  };
  return { post, graph };
};
