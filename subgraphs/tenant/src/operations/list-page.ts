import type { TenantId } from "@tessera/contracts/ids";
import { pageOf, pageRequest, type Page, type PageRequest } from "../domain/page.ts";

/** Builds the reading of one page from a store that reads one item more than asked for. */
export const createListPage =
  <Item>(list: (tenantId: TenantId, request: PageRequest) => Promise<readonly Item[]>) =>
  async (
    tenantId: TenantId,
    args: { readonly first: number; readonly after?: string | null | undefined },
  ): Promise<Page<Item>> => {
    const request = pageRequest(args);
    return pageOf(request, await list(tenantId, request));
  };
