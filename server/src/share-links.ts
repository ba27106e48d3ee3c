import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import { createTenantRoom, unavailable, type ErrorMeaning } from "./tenant-room.ts";

/** Makes and ends the credentials of share links. */
export interface ShareLinks {
  issue(
    tenantId: TenantId,
    link: {
      readonly sharer: Subject;
      readonly needs: readonly string[];
      readonly rowFilters: readonly object[];
      readonly masks: readonly object[];
      readonly expiresAtMs: number;
    },
  ): Promise<{ readonly id: string; readonly secret: string }>;
  end(tenantId: TenantId, id: string): Promise<void>;
}

const ISSUE = `mutation Issue($input: IssueShareLinkInput!) { link: issueShareLink(input: $input) { id secret } }`;
const END = `mutation End($tenantId: ID!, $id: ID!) { ended: endShareLink(tenantId: $tenantId, id: $id) }`;
const issued = z.object({ link: z.object({ id: z.string(), secret: z.string() }) });
const ended = z.object({ ended: z.boolean() });

const refused = z.object({
  message: z.string(),
  extensions: z.object({ code: z.enum(["BAD_INPUT", "FORBIDDEN", "CONFLICT"]), field: z.string().optional() }),
});

/** What the tenant room refuses of a link is for whoever asked for it; everything else they can only wait out. */
const meaning: ErrorMeaning = (error) => {
  const known = refused.safeParse(error);
  if (!known.success) return unavailable("Links can't be made or ended at the moment.")(error);
  const { code, field } = known.data.extensions;
  return refuse(code, known.data.message, field === undefined ? {} : { field }, error);
};

/** Builds {@link ShareLinks} over the tenant room, wherever it runs. */
export const createShareLinks = (tenant: SubgraphConnection<GatewayCall>, role: string): ShareLinks => {
  const ask = createTenantRoom(tenant, role, meaning);
  return {
    issue: async (tenantId, { sharer, expiresAtMs, ...rest }) => {
      const expiresAt = new Date(expiresAtMs).toISOString();
      const input = { tenantId, sharerKind: sharer.kind, sharerId: sharer.id, expiresAt, ...rest };
      return (await ask(issued, ISSUE, { input })).link;
    },
    end: async (tenantId, id) => {
      await ask(ended, END, { tenantId, id });
    },
  };
};
