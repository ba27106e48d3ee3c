import type { KeyRing } from "@tessera/platform/auth/key-ring";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** A public key on P-256 as JWK (RFC 7517). */
const publicJwk = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: coordinate, y: coordinate });
const privateJwk = publicJwk.extend({ d: coordinate });

/** A private key on P-256 as JWK. */
export type PrivateJwk = z.infer<typeof privateJwk>;

/** A key of the installation that signs tokens, with the times of its life in milliseconds since the epoch. */
export interface SigningKey {
  readonly kid: string;
  readonly privateJwk: PrivateJwk;
  readonly createdAtMs: number;
  /** From when it signs; it is published before, so that every verifier knows it by then. */
  readonly signsFromMs: number;
  /** Until when it is published: longer than any token it signed lives. */
  readonly publishedUntilMs: number;
}

/** The installation's signing keys, the same for every replica; private parts are sealed. */
export interface SigningKeyStore {
  list(): Promise<readonly SigningKey[]>;
  /** Lets one process of all decide on a new key: `decide` sees the keys under a lock and answers the one to add, or null. */
  addUnderLock(decide: (present: readonly SigningKey[]) => Promise<SigningKey | null>): Promise<void>;
}

/** What private keys are sealed for. */
export const PURPOSE = "signing-key";
/** Advisory lock of key rotation, any fixed number. */
const ROTATION_LOCK = 7_270_736_955;

const row = z.object({
  kid: z.string(),
  private_key: z.string(),
  created_at: z.date(),
  signs_from: z.date(),
  published_until: z.date(),
});

const LIST = {
  name: "list-signing-keys",
  text: "SELECT kid, private_key, created_at, signs_from, published_until FROM signing_key WHERE published_until > now() ORDER BY signs_from DESC, kid",
  params: [],
};

/** Builds {@link SigningKeyStore}. */
export const createSigningKeyStore = (deps: { sql: TenantSql; keyRing: KeyRing }): SigningKeyStore => {
  const { sql, keyRing } = deps;
  const read = async (raw: z.infer<typeof row>): Promise<SigningKey> => ({
    kid: raw.kid,
    privateJwk: privateJwk.parse(JSON.parse(await keyRing.open(PURPOSE, raw.private_key))),
    createdAtMs: raw.created_at.getTime(),
    signsFromMs: raw.signs_from.getTime(),
    publishedUntilMs: raw.published_until.getTime(),
  });
  const insert = async (transaction: SqlTransaction, key: SigningKey): Promise<void> => {
    const sealed = await keyRing.seal(PURPOSE, JSON.stringify(key.privateJwk));
    const times = [key.createdAtMs, key.signsFromMs, key.publishedUntilMs].map((timeMs) => new Date(timeMs));
    await transaction.run(
      {
        name: "add-signing-key",
        text: `INSERT INTO signing_key (kid, algorithm, public_key, private_key, created_at, signs_from, published_until)
          VALUES ($1, 'ES256', $2, $3, $4, $5, $6)`,
        params: [key.kid, JSON.stringify(publicJwk.parse(key.privateJwk)), sealed, ...times],
      },
      () => null,
    );
  };
  return {
    list: async () => Promise.all((await sql.runAcrossTenants(LIST, (raw) => row.parse(raw))).map(read)),
    addUnderLock: (decide) =>
      sql.transactionAcrossTenants(async (transaction) => {
        const lock = { name: "lock-key-rotation", text: "SELECT pg_advisory_xact_lock($1)", params: [ROTATION_LOCK] };
        await transaction.run(lock, () => null);
        const present = await Promise.all((await transaction.run(LIST, (raw) => row.parse(raw))).map(read));
        const added = await decide(present);
        if (added !== null) await insert(transaction, added);
      }),
  };
};
