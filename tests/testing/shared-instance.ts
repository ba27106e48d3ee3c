import { z } from "zod";
import { readSharedInstance } from "./config.ts";
import { createTesseraClient, type TesseraClient } from "./tessera-client.ts";

const madeShape = z.object({ url: z.string(), home: z.string(), tenantId: z.string(), apiKey: z.string() });

/** A tenant of its own on the instance that the test files of one run share: with generous limits, no demo tenant, and others' tenants beside. */
export interface SharedTenant extends z.infer<typeof madeShape> {
  /** Somebody with every permission a tenant can have. */
  readonly client: TesseraClient;
}

/** Makes a tenant on the shared instance; the first request of a run starts it, so that it may take as long as a start. */
export const openTenant = async (): Promise<SharedTenant> => {
  const answer = await fetch(readSharedInstance(), { method: "POST" });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  const made = madeShape.parse(JSON.parse(text));
  return { ...made, client: createTesseraClient(made.url, made.apiKey) };
};

/** Two tenants of the shared instance that know nothing of each other. */
export interface SharedTenants {
  readonly url: string;
  readonly alpha: SharedTenant;
  readonly beta: SharedTenant;
}

/** Makes two tenants on the shared instance. */
export const openTwoTenants = async (): Promise<SharedTenants> => {
  const [alpha, beta] = await Promise.all([openTenant(), openTenant()]);
  return { url: alpha.url, alpha, beta };
};
