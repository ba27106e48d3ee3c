import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { ClientAddress } from "../http/client-address.ts";
import type { NowMs } from "../time/clock.ts";
import type { Presented } from "./presentation.ts";

/** Credentials that are remembered as good. */
const MAX_GOOD_CREDENTIALS = 10_000;
/** Milliseconds for which they are. */
const GOOD_FOR_MS = 600_000;

/** Credentials that were good a while ago; they go on working from an address at which somebody else guesses. */
export interface GoodCredentials {
  note(authorizationHeader: string): void;
  has(authorizationHeader: string): boolean;
}

/** Builds {@link GoodCredentials}, which keeps hashes of headers alone. */
export const createGoodCredentials = (nowMs: NowMs): GoodCredentials => {
  const good = new LRUCache<string, number>({ max: MAX_GOOD_CREDENTIALS });
  const hashOf = (header: string): string => createHash("sha256").update(header).digest("base64");
  return {
    note: (header) => void good.set(hashOf(header), nowMs() + GOOD_FOR_MS),
    has: (header) => (good.get(hashOf(header)) ?? 0) > nowMs(),
  };
};

/** The address a credential was presented from, through trusted proxies; null where none stands behind. */
export const presentedFrom = (presented: Presented | undefined, clientAddress: ClientAddress): string | null => {
  if (presented === undefined || presented === "AGAIN" || presented.peerAddress === null) return null;
  return clientAddress({
    headers: { "x-forwarded-for": presented.forwardedFor },
    socket: { remoteAddress: presented.peerAddress },
  });
};
