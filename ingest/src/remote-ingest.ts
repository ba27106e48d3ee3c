import { parseBatchId, parseEventId } from "@tessera/contracts/ids";
import type { IngestPort, IngestReceipt } from "@tessera/contracts/ingest";
import { IDENTITY_HEADER, type IdentitySigner } from "@tessera/platform/auth/identity";
import { isErrorCode } from "@tessera/platform/errors/error-codes";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { countEventsOnMeter } from "@tessera/platform/executions/meter";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import { Pool } from "undici";
import { z } from "zod";
import { ACK_TIMEOUT_MS } from "./ingest.ts";
import { INGEST_AUDIENCE, INTERNAL_INGEST_PATH } from "./http/routes.ts";

/** Milliseconds we wait for the other process: longer than it waits for its store. */
const TIMEOUT_MS = ACK_TIMEOUT_MS + 3_000;
/** Connections to the other process. */
const MAX_CONNECTIONS = 16;

/** The write path of another process, and its release. */
export interface RemoteIngest extends IngestPort {
  close(): Promise<void>;
}

const branded = <Id>(parse: (text: string) => Id | null) =>
  z.string().transform((text, context): Id => {
    const parsed = parse(text);
    if (parsed === null) context.addIssue("not an id");
    return parsed ?? z.NEVER;
  });
const index = z.number().int();
const receipt = z.object({
  accepted: z.number(),
  duplicate: z.number(),
  rejected: z.number(),
  outcomes: z.array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("ACCEPTED"), index, eventId: branded(parseEventId), batchId: branded(parseBatchId) }),
      z.object({ kind: z.literal("DUPLICATE"), index, eventId: branded(parseEventId) }),
      z.object({ kind: z.literal("REJECTED"), index, path: z.string(), code: z.string(), reason: z.string() }),
    ]),
  ),
});
const problem = z.object({
  code: z.string(),
  detail: z.string(),
  retryAfterSeconds: z.number().optional(),
  field: z.string().optional(),
});

const refusalOf = (body: unknown): Refusal => {
  const parsed = problem.safeParse(body);
  if (!parsed.success || !isErrorCode(parsed.data.code))
    return refuse("DEPENDENCY_UNAVAILABLE", "The write path gave no proper answer.", { retryAfterSeconds: 2 });
  const { code, detail, retryAfterSeconds, field } = parsed.data;
  return refuse(code, detail, {
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(field === undefined ? {} : { field }),
  });
};

/** Builds the port over HTTP to the process that runs the write path; `url` is its origin. Refusals arrive as they were thrown there. */
export const createRemoteIngest = (deps: { readonly url: string; readonly sign: IdentitySigner }): RemoteIngest => {
  const pool = new Pool(new URL(deps.url).origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    connectTimeout: 3_000,
  });
  const send = async (identity: string, events: readonly unknown[]): Promise<IngestReceipt> => {
    try {
      const response = await pool.request({
        method: "POST",
        path: INTERNAL_INGEST_PATH,
        headers: { "content-type": "application/json", [IDENTITY_HEADER]: identity },
        body: JSON.stringify({ events }),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const body: unknown = await response.body.json();
      if (response.statusCode !== 200) throw refusalOf(body);
      return receipt.parse(body);
    } catch (error) {
      if (error instanceof Error && error.name === "Refusal") throw error;
      throw refuse(
        "DEPENDENCY_UNAVAILABLE",
        `The write path is not reachable: ${errorMessage(error)}`,
        { retryAfterSeconds: 2 },
        error,
      );
    }
  };
  return {
    ingest: async (caller, events) => {
      const stored = await send(await deps.sign(caller, INGEST_AUDIENCE), events);
      countEventsOnMeter(stored.accepted);
      return stored;
    },
    close: () => pool.close(),
  };
};
