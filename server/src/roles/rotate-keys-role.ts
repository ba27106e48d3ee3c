import { createResealing } from "@tessera/identity/keys/resealing";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import type { loadRotateKeysConfig } from "../config.ts";

/** Walks at most: replicas that still seal with an older key make the next one necessary. */
const MAX_WALKS = 5;

/** `tessera rotate-keys`: seals anew with the first key of the ring until a whole walk finds nothing of another; says what may be dropped. */
export const rotateKeys = async (
  config: ReturnType<typeof loadRotateKeysConfig>,
): Promise<{ readonly sentence: string; readonly isDone: boolean }> => {
  const keyRing = readKeyRing(config.KEY_RING);
  const [sealingKey, ...older] = keyRing.keyNames;
  const pool = new TenantPool(config.DATABASE_URL);
  try {
    const resealing = createResealing({ sql: createTenantSql(pool), keyRing });
    let resealed = 0;
    for (let walks = 0; walks < MAX_WALKS; walks += 1) {
      const walk = await resealing.walkAcrossTenants();
      resealed += walk.resealed;
      if (!walk.complete || walk.resealed > 0) continue;
      const done = `Sealed anew with ${sealingKey}: ${resealed}; looked at: ${walk.lookedAt}.`;
      if (walk.unreadable > 0)
        return { sentence: `${done} No key of the ring opens ${walk.unreadable}; they were left.`, isDone: false };
      const drop = older.length === 0 ? "The ring has no older key." : `Not needed any more: ${older.join(", ")}.`;
      return { sentence: `${done} ${drop}`, isDone: true };
    }
    return {
      sentence: `Others still seal with older keys; ${resealed} were sealed anew. Run it again.`,
      isDone: false,
    };
  } finally {
    await pool.end();
  }
};
