import { sealedFor, sealedWith, type KeyRing } from "@tessera/platform/auth/key-ring";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { purposeOf } from "../state/state-store.ts";
import { PURPOSE } from "./signing-key-store.ts";

/** Pieces looked at in one transaction: some hundred kilobytes, and a moment of one lock. */
export const BATCH_PIECES = 200;
/** Batches of one walk at most unless told otherwise: two million pieces. */
const MAX_BATCHES = 10_000;
/** Name under which the signing keys' private parts are walked through. */
const SIGNING_KEYS = "signing-key";

/** What a walk has come to. */
export interface Walk {
  /** False when it stopped at its bound; the next one goes on from there. */
  readonly complete: boolean;
  /** Of the whole walk when it is complete, of this part of it else. */
  readonly lookedAt: number;
  readonly resealed: number;
  /** Pieces that no key of the ring opens; they are left as they are. */
  readonly unreadable: number;
}

/** Seals anew, with the first key of the ring, what other keys have sealed. */
export interface Resealing {
  /**
   * Walks through everything that is sealed, or goes on with a walk that was interrupted, in this process or another. A complete walk that resealed nothing
   * and found all readable proves that the first key alone is needed.
   */
  walkAcrossTenants(options?: { readonly maxBatches?: number }): Promise<Walk>;
}

interface Piece {
  readonly model: string;
  readonly id: Buffer;
  readonly sealed: string;
}

const pieceRow = z.object({ model: z.string(), id: z.instanceof(Buffer), sealed: z.string() });
const idRow = z.object({ id: z.coerce.bigint() });
const countRow = z.object({ resealed: z.number().int() });
const endRow = z
  .object({ looked_at: z.coerce.number(), resealed: z.coerce.number(), unreadable: z.coerce.number() })
  .transform(({ looked_at: lookedAt, ...counts }) => ({ lookedAt, ...counts }));

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });

const BEGIN = "SELECT begin_key_rotation_across_tenants($1) AS id";
const NEXT = "SELECT model, id, sealed FROM next_sealed_across_tenants($1, $2)";
const RESEAL = "SELECT reseal_across_tenants($1, $2, $3, $4, $5, $6, $7, $8, $9) AS resealed";
const FINISH = "SELECT looked_at, resealed, unreadable FROM finish_key_rotation_across_tenants($1)";

/** What rooms keep sealed, by what it is walked through as; each piece tells its own purpose, in which its owner stands. */
const OF_ROOMS: ReadonlySet<string> = new Set([
  ...["webhook-headers", "webhook-secret", "notify-channel", "notify-inbound", "shared-indicator-key"],
]);

const sealingPurposeOf = ({ model, sealed }: Piece): string | null => {
  if (model === SIGNING_KEYS) return PURPOSE;
  return OF_ROOMS.has(model) ? sealedFor(sealed) : purposeOf(model);
};

/** A piece under the first key; the same text when it is already, null when no key of the ring opens it. */
const resealedText = async (keyRing: KeyRing, piece: Piece): Promise<string | null> => {
  const { sealed } = piece;
  if (sealedWith(sealed) === keyRing.keyNames[0]) return sealed;
  const purpose = sealingPurposeOf(piece);
  if (purpose === null) return null;
  try {
    return await keyRing.seal(purpose, await keyRing.open(purpose, sealed));
  } catch {
    return null;
  }
};

/** One batch: what is behind the place of the walk, and the place moved behind it, in one transaction. Null when nothing is left. */
const walkBatch = async (
  transaction: SqlTransaction,
  keyRing: KeyRing,
  rotation: bigint,
): Promise<Omit<Walk, "complete"> | null> => {
  const next = statement("next-sealed", NEXT, [rotation, BATCH_PIECES]);
  const pieces = await transaction.run(next, (raw) => pieceRow.parse(raw));
  const last = pieces.at(-1);
  if (last === undefined) return null;
  const texts = await Promise.all(pieces.map((piece) => resealedText(keyRing, piece)));
  const changed = pieces.flatMap((piece, place) => {
    const text = texts[place] ?? null;
    return text === null || text === piece.sealed ? [] : [{ ...piece, text }];
  });
  const unreadable = texts.filter((text) => text === null).length;
  const columns = [
    changed.map(({ model }) => model),
    changed.map(({ id }) => id),
    changed.map(({ sealed }) => sealed),
    changed.map(({ text }) => text),
  ];
  const params = [rotation, ...columns, last.model, last.id, pieces.length, unreadable];
  const [row] = await transaction.run(statement("reseal", RESEAL, params), (raw) => countRow.parse(raw));
  return { lookedAt: pieces.length, resealed: row?.resealed ?? 0, unreadable };
};

/** Builds {@link Resealing}; several processes may walk at once and share the work. */
export const createResealing = ({
  sql,
  keyRing,
}: {
  readonly sql: TenantSql;
  readonly keyRing: KeyRing;
}): Resealing => ({
  walkAcrossTenants: async ({ maxBatches = MAX_BATCHES } = {}) => {
    const begin = statement("begin-key-rotation", BEGIN, [keyRing.keyNames[0]]);
    const [begun] = await sql.runAcrossTenants(begin, (raw) => idRow.parse(raw));
    if (begun === undefined) throw new Error("A walk through what is sealed could not be begun.");
    const sum = { lookedAt: 0, resealed: 0, unreadable: 0 };
    for (let batch = 0; batch < maxBatches; batch += 1) {
      const done = await sql.transactionAcrossTenants((transaction) => walkBatch(transaction, keyRing, begun.id));
      if (done === null) {
        const finish = statement("finish-key-rotation", FINISH, [begun.id]);
        const [end] = await sql.runAcrossTenants(finish, (raw) => endRow.parse(raw));
        return { complete: true, ...(end ?? sum) };
      }
      sum.lookedAt += done.lookedAt;
      sum.resealed += done.resealed;
      sum.unreadable += done.unreadable;
    }
    return { complete: false, ...sum };
  },
});
