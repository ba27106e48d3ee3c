import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { CorrelationContent, CorrelationRule } from "../../domain/correlation/rule.ts";

const time = z.date().transform((date) => date.getTime());

const content = z.object({
  ...{ title: z.string(), description: z.string(), owner: z.string().nullable() },
  // boundary: patterns are kept after they were validated, and validated again before anything is made of them.
  pattern: z.record(z.string(), z.unknown()).transform((kept) => kept as unknown as CorrelationContent["pattern"]),
});

/** Reads the id of a tenant in a row; throws when it is none. */
export const tenantIdOf = (text: string): TenantId => {
  const tenantId = parseTenantId(text);
  if (tenantId === null) throw new Error("A row of a correlation has no valid tenant.");
  return tenantId;
};

const row = z.object({
  ...{ id: z.string(), tenant_id: z.string(), name: z.string(), version: z.number(), latest_version: z.number() },
  ...{ pinned_version: z.number().nullable(), retired_at: time.nullable(), created_by: z.string(), created_at: time },
  ...{ defined_by: z.string(), defined_at: time, content },
});

/** Parses a row of a rule in one of its versions. */
export const correlationRuleRow = (raw: unknown): CorrelationRule => {
  const one = row.parse(raw);
  return {
    ...{ id: one.id, tenantId: tenantIdOf(one.tenant_id), name: one.name, version: one.version },
    ...{ latestVersion: one.latest_version, pinnedVersion: one.pinned_version, retired: one.retired_at !== null },
    ...{ createdBy: one.created_by, createdAtMs: one.created_at },
    ...{ definedBy: one.defined_by, definedAtMs: one.defined_at, content: one.content },
  };
};
