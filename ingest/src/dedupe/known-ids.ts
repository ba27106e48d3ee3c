import { setTimeout as wait } from "node:timers/promises";
import type { EventId, TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { LOOKUP_IDS, type StoreWriter } from "../store/store-writer.ts";
import { createIdFilter, hashCanonicalId, hashId, hashText, type IdFilter } from "./id-filter.ts";

/** Lookups one request may have running at a time. */
const PARALLEL_LOOKUPS = 4;
/**
 * Milliseconds of feeding the filter after which the process's other work comes first, and times as long as it then has: of a hundred million ids feeding takes some
 * ten seconds after a start, in which questions are answered too.
 */
const [FEED_MS, REST_TIMES] = [5, 2];
/** Milliseconds before a scan that failed is begun again. */
const RESCAN_MS = 2_000;
/** Tenants whose hash is kept. */
const MAX_TENANT_HASHES = 100_000;
const UUID_BYTES = 16;

/** Knows which event ids the store holds, mostly without asking it. */
export interface KnownIds {
  /** Those of the ids that the store holds. Throws what the store throws. */
  find(tenantId: TenantId, ids: readonly EventId[]): Promise<ReadonlySet<string>>;
  /** Notes ids that the store holds from now on. */
  note(tenantId: TenantId, ids: Iterable<EventId>): void;
  /** Reads all ids received since a time into the filter, in the background; until it ends every id is looked up in the store. */
  rebuild(receivedSinceMs: number): void;
  /** True when the filter knows every id of the store. */
  readonly complete: boolean;
  readonly filterBytes: number;
  stop(): void;
}

/** Splits (tenant, id) pairs out of RowBinary as it streams in; a pair may lie across chunks. */
export const createIdScanner = (each: (tenant: string, bytes: DataView, at: number) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let at = 0;
    for (;;) {
      const tenantLength = data[at];
      if (tenantLength === undefined || at + 1 + tenantLength + UUID_BYTES > data.length) break;
      each(data.toString("latin1", at + 1, at + 1 + tenantLength), view, at + 1 + tenantLength);
      at += 1 + tenantLength + UUID_BYTES;
    }
    rest = data.subarray(at);
  };
};

const inChunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

const lookUp = async (
  store: StoreWriter,
  tenantId: TenantId,
  ids: readonly EventId[],
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  for (const group of inChunks(inChunks(ids, LOOKUP_IDS), PARALLEL_LOOKUPS)) {
    const answers = await Promise.all(group.map((chunk) => store.knownIds(tenantId, chunk)));
    for (const answer of answers) for (const id of answer.keys()) found.add(id);
  }
  return found;
};

const createTenantHashes = () => {
  const hashes = new Map<string, number>();
  return (tenantId: string): number => {
    const known = hashes.get(tenantId);
    if (known !== undefined) return known;
    if (hashes.size >= MAX_TENANT_HASHES) hashes.clear();
    const hash = hashText(tenantId);
    hashes.set(tenantId, hash);
    return hash;
  };
};

/** Feeds every id of the store received since a time into the filter; answers false when it was told to stop on the way. */
const scanInto = async (
  parts: { readonly store: StoreWriter; readonly filter: IdFilter; readonly tenantHash: (tenantId: string) => number },
  receivedSinceMs: number,
  wanted: () => boolean,
): Promise<boolean> => {
  const feed = createIdScanner((tenant, view, at) => {
    const word = (place: number): number => view.getUint32(at + place, true);
    parts.filter.add(hashId(parts.tenantHash(tenant), word(4), word(0), word(12), word(8)));
  });
  let fedMs = 0;
  for await (const chunk of await parts.store.scanIds(receivedSinceMs)) {
    if (!wanted()) return false;
    const beganMs = performance.now();
    feed(chunk);
    fedMs += performance.now() - beganMs;
    if (fedMs < FEED_MS) continue;
    await wait(fedMs * REST_TIMES, undefined, { ref: false });
    fedMs = 0;
  }
  return wanted();
};

/** Builds {@link KnownIds} over the store; `rebuild` must be called before the filter is trusted. */
export const createKnownIds = (deps: {
  readonly store: StoreWriter;
  readonly logger: Logger;
  readonly filter?: IdFilter;
}): KnownIds => {
  const { store, logger } = deps;
  const filter = deps.filter ?? createIdFilter();
  const tenantHash = createTenantHashes();
  let complete = false;
  let generation = 0;
  let timer: NodeJS.Timeout | undefined;

  const rebuild = (receivedSinceMs: number): void => {
    generation += 1;
    const mine = generation;
    complete = false;
    const wanted = (): boolean => generation === mine;
    scanInto({ store, filter, tenantHash }, receivedSinceMs, wanted).then(
      (whole) => {
        if (whole) complete = true;
      },
      (error: unknown) => {
        logger.warn(
          { error: errorMessage(error) },
          "The known event ids can't be read; every id is looked up meanwhile.",
        );
        if (wanted()) timer = setTimeout(() => rebuild(receivedSinceMs), RESCAN_MS);
      },
    );
  };
  return {
    find: async (tenantId, ids) => {
      const hash = tenantHash(tenantId);
      const unsure = complete ? ids.filter((id) => filter.mayContain(hashCanonicalId(hash, id))) : ids;
      return unsure.length === 0 ? new Set() : lookUp(store, tenantId, unsure);
    },
    note: (tenantId, ids) => {
      const hash = tenantHash(tenantId);
      for (const id of ids) filter.add(hashCanonicalId(hash, id));
    },
    rebuild,
    get complete() {
      return complete;
    },
    get filterBytes() {
      return filter.bytes;
    },
    stop: () => {
      generation += 1;
      clearTimeout(timer);
    },
  };
};
