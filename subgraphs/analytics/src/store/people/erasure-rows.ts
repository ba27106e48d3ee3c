import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Erasure, ErasureRun } from "../../domain/people/erasure.ts";
import type { IdentityKey } from "../../domain/people/identity.ts";

/** An id that is linked with others, and the number events of it are stored with. */
export interface Linked {
  readonly key: IdentityKey;
  readonly person: string;
}

const key = z.templateLiteral([z.enum(["user", "visitor"]), ":", z.string()]);
const time = z.date().transform((date) => date.getTime());
const tenant = z.string().transform((text, context) => {
  const parsed = parseTenantId(text);
  if (parsed === null) context.addIssue("not a tenant id");
  return parsed ?? z.NEVER;
});

const row = z.object({
  ...{ id: z.string(), tenant_id: tenant, state: z.enum(["QUEUED", "RUNNING", "SETTLING", "DONE"]) },
  ...{ asked: key.nullable(), identities: z.array(key).nullable(), numbers: z.array(z.string()).nullable() },
  ...{ digests: z.array(z.string()), reason: z.string(), requested_by: z.string(), requested_at: time },
  ...{ cut_off: time.nullable(), erased_at: time.nullable(), finished_at: time.nullable() },
  ...{ passes: z.number(), step: z.number(), attempt: z.number(), erased: z.record(z.string(), z.number()) },
});

const erasureOf = (read: z.output<typeof row>): Erasure => ({
  ...{ id: read.id, tenantId: read.tenant_id, state: read.state, reason: read.reason, digests: read.digests },
  ...{ requestedBy: read.requested_by, requestedAtMs: read.requested_at, cutOffMs: read.cut_off },
  ...{ erasedAtMs: read.erased_at, finishedAtMs: read.finished_at, passes: read.passes, step: read.step },
  erased: read.erased,
});

/** Parses an erasure. */
export const erasureRow = (raw: unknown): Erasure => erasureOf(row.parse(raw));

/** Parses an erasure that somebody works on. */
export const erasureRunRow = (raw: unknown): ErasureRun => {
  const read = row.parse(raw);
  const { asked, cut_off: cutOffMs, identities, numbers, attempt } = read;
  if (asked === null || cutOffMs === null) throw new Error("An erasure under way has an id and a cut-off.");
  return { ...erasureOf(read), asked, cutOffMs, identities, numbers: numbers ?? [], attempt };
};

const linked = z.object({ identity: key, person: z.string() });
/** Parses an id that is linked. */
export const linkedRow = (raw: unknown): Linked => {
  const read = linked.parse(raw);
  return { key: read.identity, person: read.person };
};
