import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import type {
  ExecutionDecision,
  ExecutionKind,
  ExecutionRecorded,
  ExecutionUsage,
} from "@tessera/contracts/events/execution-recorded";
import { isUuid } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Json } from "./audit-record.ts";

/** What an execution left behind, without the tenant, which the record itself names: names and ids, never a payload. */
export type AuditEntry = Omit<ExecutionRecorded, "tenantId" | "page">;

/** Root fields kept of one execution. */
const MAX_FIELDS = 40;
/** Objects kept of one execution, and characters of each. */
const MAX_OBJECTS = 20;
const MAX_OBJECT_CHARACTERS = 200;
/** Characters of any other text of an entry. */
const MAX_TEXT_CHARACTERS = 200;

const kinds = {
  QUERY: "QUERY",
  MUTATION: "MUTATION",
  SUBSCRIPTION: "SUBSCRIPTION",
  INGEST: "INGEST",
  JOB: "JOB",
  EXPORT: "EXPORT",
  ADMINISTRATION: "ADMINISTRATION",
} as const satisfies { readonly [Kind in ExecutionKind]: Kind };
const decisions = {
  ALLOWED: "ALLOWED",
  REFUSED: "REFUSED",
  FAILED: "FAILED",
} as const satisfies { readonly [Decision in ExecutionDecision]: Decision };

/** Text that every store and every program writes alike: without U+0000 and halves of surrogate pairs, which stand as U+FFFD, and bounded. */
const boundedText = (characters: number) =>
  z.string().transform((text) => text.slice(0, characters).replaceAll(/\p{Surrogate}|\0/gu, "\ufffd"));
const text = boundedText(MAX_TEXT_CHARACTERS);
const textOrNull = text.nullable().default(null);
const texts = (count: number, characters: number) =>
  z.array(boundedText(characters)).transform((all) => all.slice(0, count));
// A measure that is none counts as zero: what was done is worth recording without what it cost.
const amount = z.number().nonnegative().catch(0);

const usageShape = {
  costPoints: amount,
  rowsRead: amount,
  bytesRead: amount,
  storeMs: amount,
  elapsedMs: amount,
  responseBytes: amount,
  events: amount,
  subscriptionSeconds: amount,
} satisfies { readonly [Measure in keyof ExecutionUsage]: typeof amount };

const entryShape = z.object({
  executionId: z
    .string()
    .refine(isUuid)
    .transform((id) => id.toLowerCase()),
  subject: z.object({ kind: z.enum(SUBJECT_KINDS), id: text }),
  grantId: textOrNull,
  kind: z.enum(kinds),
  operationName: textOrNull,
  documentId: textOrNull,
  fields: texts(MAX_FIELDS, MAX_TEXT_CHARACTERS).default([]),
  objects: texts(MAX_OBJECTS, MAX_OBJECT_CHARACTERS).default([]),
  transport: z.enum(["http", "websocket", "rest", "in-process"]),
  clientAddress: textOrNull,
  decision: z.enum(decisions),
  code: textOrNull,
  usage: z.object(usageShape),
  traceId: text,
  startedAtMs: z.number().int(),
});

/** An entry as the value that is stored and hashed. */
export const entryJson = (entry: AuditEntry): Json => ({ ...entry, usage: { ...entry.usage } });

/** Reads what another room told of an execution; unknown members fall away, texts and lists are bounded. Null when it is no execution. */
export const auditEntryOf = (told: unknown): AuditEntry | null => entryShape.safeParse(told).data ?? null;
