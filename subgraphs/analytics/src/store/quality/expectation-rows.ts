import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { ExpectationContent, ExpectationVersion, KeptExpectation } from "../../domain/quality/kept-expectation.ts";
import type { ExpectationInVersion } from "./expectation-store-types.ts";
import type { ExpectationVerdict } from "../../domain/quality/verdict.ts";

const time = z.date().transform((date) => date.getTime());

const content = z
  .object({
    event: z.string().nullable(),
    where: z.record(z.string(), z.unknown()).nullable(),
    expect: z.record(z.string(), z.unknown()),
    spanMs: z.number(),
  })
  // boundary: what is expected was validated before it was kept, and is validated again before it is tested.
  .transform((kept) => kept as ExpectationContent);

const verdict = z.object({
  ...{ verdict: z.enum(["PASSING", "FAILING", "UNTESTED", "ERROR"]), version: z.number(), tested_at: time },
  ...{ from_at: time, to_at: time, at_least: z.number() },
  ...{ tested: z.coerce.number().nullable(), passed: z.coerce.number().nullable() },
  ...{ code: z.string().nullable(), detail: z.string().nullable() },
});

/** Reads a verdict. */
export const verdictRow = (raw: unknown): ExpectationVerdict => {
  const { tested_at, from_at, to_at, at_least, code, detail, ...row } = verdict.parse(raw);
  return {
    ...{ ...row, testedAtMs: tested_at, range: { fromMs: from_at, toMs: to_at }, atLeast: at_least },
    error: code === null ? null : { code, detail: detail ?? "" },
  };
};

const version = z.object({ version: z.number(), content, defined_by: z.string(), defined_at: time });
const expectation = version.extend({
  ...{ id: z.string(), tenant_id: z.string(), name: z.string(), created_by: z.string(), created_at: time },
  verdict: z.string().nullable(),
});

/** Reads a version. */
export const expectationVersionRow = (raw: unknown): ExpectationVersion => {
  const row = version.parse(raw);
  return { version: row.version, content: row.content, definedBy: row.defined_by, definedAtMs: row.defined_at };
};

const inVersion = z.object({ id: z.string(), name: z.string(), latest: z.number(), version: z.number(), content });

/** Reads a version that was asked for. */
export const expectationInVersionRow = (raw: unknown): ExpectationInVersion => {
  const { latest, ...row } = inVersion.parse(raw);
  return { ...row, latestVersion: latest };
};

/** Reads an expectation in its version now. */
export const expectationRow = (raw: unknown): KeptExpectation => {
  const row = expectation.parse(raw);
  const tenantId = parseTenantId(row.tenant_id);
  if (tenantId === null) throw new Error("An expectation names no tenant.");
  return {
    ...{ id: row.id, tenantId, name: row.name, version: row.version, content: row.content },
    ...{ definedBy: row.defined_by, definedAtMs: row.defined_at },
    ...{ createdBy: row.created_by, createdAtMs: row.created_at },
    verdict: row.verdict === null ? null : verdictRow(raw),
  };
};
