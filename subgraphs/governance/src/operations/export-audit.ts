import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { LeafRange, TreeHash } from "@tessera/platform/integrity/merkle-tree";
import type { AuditRecord } from "../domain/audit-record.ts";
import type { StoredSeal } from "../domain/audit-seal.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { SealStore } from "../store/seal-store.ts";
import type { ReadTree } from "./read-tree.ts";

/** Seals given with one segment: more than one per record would be made by nobody. */
const MAX_SEGMENT_SEALS = 2_000;

/** A stretch of the log with what its place in the sealed tree is proved by. */
export interface AuditExport {
  readonly tenantId: TenantId;
  readonly range: LeafRange;
  /** The newest seal, which covers the whole stretch; null when nothing is sealed yet. */
  readonly seal: StoredSeal | null;
  /** Roots of the perfect subtrees before and after the stretch, from left to right. */
  readonly before: readonly TreeHash[];
  readonly after: readonly TreeHash[];
}

/** Some consecutive records, and the seals that end among them. */
export interface AuditSegment {
  readonly records: readonly AuditRecord[];
  readonly seals: readonly StoredSeal[];
}

/** What exports are made from. */
export interface ExportAuditDeps {
  readonly records: AuditStore;
  readonly seals: SealStore;
  readonly readTree: ReadTree;
}

/** Builds the frame of an export of what was recorded from one moment to before another, as far as it is sealed. */
export const exportAudit =
  (deps: ExportAuditDeps) =>
  async (tenantId: TenantId, fromMs: number | null, toMs: number | null): Promise<AuditExport> => {
    if (fromMs !== null && toMs !== null && fromMs > toMs)
      throw refuse("BAD_INPUT", "The range ends before it begins.", { field: "to" });
    const seal = await deps.seals.newest(tenantId);
    const nothing = { tenantId, range: { begin: 0, end: 0 }, seal: null, before: [], after: [] };
    if (seal === null) return nothing;
    const placeOf = async (ms: number | null, otherwise: number): Promise<number> => {
      const place = ms === null ? otherwise : ((await deps.records.firstSince(tenantId, ms)) ?? seal.treeSize);
      return Math.min(Math.max(place, seal.keptFrom), seal.treeSize);
    };
    const range = { begin: await placeOf(fromMs, seal.keptFrom), end: await placeOf(toMs, seal.treeSize) };
    const around = [
      { begin: 0, end: range.begin },
      { begin: range.end, end: seal.treeSize },
    ];
    const [before, after] = (await deps.readTree(tenantId, around)) ?? [];
    if (before === undefined || after === undefined)
      throw refuse("CONFLICT", "Parts of the audit log are gone; verifyAudit tells where.");
    return { tenantId, range, seal, before, after };
  };

/** Builds one segment of an export: at most `limit` records of a range. */
export const readSegment =
  (deps: Pick<ExportAuditDeps, "records" | "seals">) =>
  async (tenantId: TenantId, { begin, end }: LeafRange, limit: number): Promise<AuditSegment> => {
    const found = await deps.records.readFrom(tenantId, begin, Math.max(0, Math.min(limit, end - begin)));
    const records = found.filter(({ sequence }) => sequence < end);
    const last = records.at(-1)?.sequence ?? begin - 1;
    const seals = await deps.seals.between(tenantId, begin, last + 1, MAX_SEGMENT_SEALS);
    return { records, seals };
  };
