import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import { IDENTITY_HEADER, type IdentitySigner, type IdentityVerifier } from "../auth/identity.ts";
import { refuse } from "../errors/refusal.ts";
import type { EventLog } from "../events/event-log.ts";
import type { HttpServer } from "../http/server.ts";
import { executionEntry, executionRecord } from "./execution-record.ts";

/** Where a process without stores of its own hands on what it recorded; callers prove themselves by a signed identity. */
export const INTERNAL_EXECUTIONS_PATH = "/internal/executions";
/** Records in one call. */
const MAX_RECORDS = 500;
/** Bytes of one call: a record has at most some 8 KB. */
const MAX_BODY_BYTES = 8_388_608;
/** Milliseconds one call may take. */
const TIMEOUT_MS = 10_000;
const PERMISSION = "platform:record";

const body = z.object({ records: z.array(executionRecord).max(MAX_RECORDS) });

/** Adds `POST /internal/executions`: appends records to the event log; one that is there already is left as it is. */
export const registerInternalExecutionsRoute = (
  server: HttpServer,
  deps: { readonly eventLog: Pick<EventLog, "append">; readonly verify: IdentityVerifier },
): void => {
  server.post(INTERNAL_EXECUTIONS_PATH, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const header = request.headers[IDENTITY_HEADER];
    const caller = await deps.verify(typeof header === "string" ? header : undefined);
    if (!caller.permissions.has(PERMISSION))
      throw refuse("FORBIDDEN", `Recording executions needs the permission ${PERMISSION}.`, { permission: PERMISSION });
    const parsed = body.safeParse(request.body);
    if (!parsed.success) throw refuse("BAD_INPUT", "The body holds no records of executions.");
    await deps.eventLog.append(parsed.data.records.map(executionEntry));
    return reply.code(204).send();
  });
};

/**
 * The event log of the process at `url` (its origin), for records of executions alone, asked as `caller` with an identity signed for
 * `audience`.
 */
export const createRemoteExecutions = (deps: {
  readonly url: string;
  readonly audience: string;
  readonly caller: Caller;
  readonly sign: IdentitySigner;
}): Pick<EventLog, "append"> => ({
  append: async (entries) => {
    const response = await fetch(new URL(INTERNAL_EXECUTIONS_PATH, deps.url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        [IDENTITY_HEADER]: await deps.sign(deps.caller, deps.audience),
      },
      body: JSON.stringify({ records: entries.map(({ payload }) => payload) }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (response.status !== 204) throw new Error(`The records were answered with status ${response.status}.`);
  },
});
