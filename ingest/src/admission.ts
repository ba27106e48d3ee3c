import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";

/** Events one process takes in at a time, from their arrival to their answer; above it requests are refused before memory grows. */
export const MAX_EVENTS_IN_FLIGHT = 150_000;
/** Bytes of request bodies one process holds at a time. */
export const MAX_BODY_BYTES_IN_FLIGHT = 128 * 1_048_576;
/** The part of either bound that one tenant may take, so that one can't shut out the others. */
const TENANT_SHARE = 0.5;
const RETRY_AFTER_SECONDS = 1;

/** Bounds what is in flight. `take` answers the function that gives the room back. */
export interface Admission {
  takeEvents(tenantId: TenantId, events: number): () => void;
  takeBytes(tenantId: TenantId, bytes: number): () => void;
  readonly events: number;
  readonly bytes: number;
}

interface Room {
  take(tenantId: TenantId, amount: number): () => void;
  readonly taken: number;
}

const createRoom = (limit: number, what: string): Room => {
  const byTenant = new Map<TenantId, number>();
  let taken = 0;
  return {
    take: (tenantId, amount) => {
      const mine = byTenant.get(tenantId) ?? 0;
      if (taken + amount > limit)
        throw refuse("OVERLOADED", `More than ${limit} ${what} are being stored at the moment.`, {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      if (mine + amount > limit * TENANT_SHARE)
        throw refuse(
          "RATE_LIMITED",
          `More than ${limit * TENANT_SHARE} ${what} of this tenant are being stored at the moment.`,
          {
            retryAfterSeconds: RETRY_AFTER_SECONDS,
          },
        );
      taken += amount;
      byTenant.set(tenantId, mine + amount);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        taken -= amount;
        const left = (byTenant.get(tenantId) ?? 0) - amount;
        if (left > 0) byTenant.set(tenantId, left);
        else byTenant.delete(tenantId);
      };
    },
    get taken() {
      return taken;
    },
  };
};

/** Builds the admission of one process. */
export const createAdmission = (
  limits: { readonly events: number; readonly bytes: number } = {
    events: MAX_EVENTS_IN_FLIGHT,
    bytes: MAX_BODY_BYTES_IN_FLIGHT,
  },
): Admission => {
  const events = createRoom(limits.events, "events");
  const bytes = createRoom(limits.bytes, "bytes");
  return {
    takeEvents: (tenantId, count) => events.take(tenantId, count),
    takeBytes: (tenantId, count) => bytes.take(tenantId, count),
    get events() {
      return events.taken;
    },
    get bytes() {
      return bytes.taken;
    },
  };
};
