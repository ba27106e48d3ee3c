import type { TenantId } from "@tessera/contracts/ids";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";

/** The tenant's salt for hashes of masked values: 128 bits that only who has the pepper can compute; 32 hexadecimal digits. */
export const maskSaltOf = (keyedHash: KeyedHash, tenantId: TenantId): string =>
  Buffer.from(keyedHash.of(`mask salt of ${tenantId}`))
    .toString("hex")
    .slice(0, 32);
