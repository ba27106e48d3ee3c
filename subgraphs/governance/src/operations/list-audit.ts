import type { TenantId } from "@tessera/contracts/ids";
import {
  auditFilter,
  pageSize,
  parsePlace,
  parseSealNumber,
  type AuditFilterArguments,
} from "../domain/audit-filter.ts";
import type { AuditRecord } from "../domain/audit-record.ts";
import type { StoredSeal } from "../domain/audit-seal.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { SealStore } from "../store/seal-store.ts";

/** A page of a list that is longer or not. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

interface PageArguments {
  readonly first: number;
  readonly after?: string | null | undefined;
}

const pageOf = <Item>(oneMore: readonly Item[], first: number, after: unknown): Page<Item> => ({
  items: oneMore.slice(0, first),
  hasNext: oneMore.length > first,
  hasPrevious: after !== null,
});

/** One page of a tenant's audit records, the newest start first. */
export const listAudit =
  (deps: { records: AuditStore }) =>
  async (
    tenantId: TenantId,
    asked: PageArguments & { readonly filter?: AuditFilterArguments | null | undefined },
  ): Promise<Page<AuditRecord>> => {
    const [first, after] = [pageSize(asked.first), parsePlace(asked.after)];
    return pageOf(await deps.records.page(tenantId, auditFilter(asked.filter), first + 1, after), first, after);
  };

/** One page of a tenant's seals, the newest first. */
export const listSeals =
  (deps: { seals: SealStore }) =>
  async (tenantId: TenantId, asked: PageArguments): Promise<Page<StoredSeal>> => {
    const [first, after] = [pageSize(asked.first), parseSealNumber(asked.after)];
    return pageOf(await deps.seals.page(tenantId, first + 1, after), first, after);
  };
