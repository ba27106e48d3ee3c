import { SUBJECT_KINDS, type Subject } from "@tessera/contracts/caller";
import {
  parseApiKeyId,
  parseTenantId,
  parseUserId,
  type ApiKeyId,
  type TenantId,
  type UserId,
} from "@tessera/contracts/ids";
import { isPermission, type Permission } from "@tessera/contracts/permissions";
import { z } from "zod";

const parsed = <Id>(parse: (text: string) => Id | null, what: string) =>
  z.string().transform((text, context): Id => {
    const id = parse(text);
    if (id !== null) return id;
    context.addIssue(`A stored row has a malformed ${what}.`);
    return z.NEVER;
  });

/** Column of a tenant id. */
export const tenantIdColumn: z.ZodType<TenantId> = parsed(parseTenantId, "tenant id");
/** Column of a user id. */
export const userIdColumn: z.ZodType<UserId> = parsed(parseUserId, "user id");
/** Column of an API key id. */
export const apiKeyIdColumn: z.ZodType<ApiKeyId> = parsed(parseApiKeyId, "API key id");
/** Column of a time, as milliseconds since the epoch. */
export const timeColumn: z.ZodType<number> = z.date().transform((date) => date.getTime());
/** Column of permissions; one that this version no longer knows grants nothing. */
export const permissionsColumn: z.ZodType<readonly Permission[]> = z
  .array(z.string())
  .transform((names) => names.filter(isPermission));
/** Column that says what kind of subject made a row. */
export const subjectKindColumn: z.ZodType<Subject["kind"]> = z.enum(SUBJECT_KINDS);
