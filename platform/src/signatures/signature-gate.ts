import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "../errors/refusal.ts";
import type { NowMs } from "../time/clock.ts";
import type { MessageKey } from "./signature-algorithm.ts";
import { requestPartsOf } from "./signed-request.ts";
import { verifyRequest } from "./verify-signature.ts";

/** Milliseconds what is known of a credential's keys counts: a key that was taken away verifies nothing after that. */
const POLICY_AGE_MS = 5_000;
/** Credentials whose keys are remembered, and signed requests whose connection is still open. */
const MAX_POLICIES = 10_000;

/** How a credential's requests are to be signed. */
export interface SigningPolicy {
  /** Whether a request without a signature is refused. */
  readonly required: boolean;
  readonly keys: ReadonlyMap<string, MessageKey>;
}

/** What the gate is made of. */
export interface SignatureGateDeps {
  readonly policyOf: (caller: Caller) => Promise<SigningPolicy>;
  /** Remembers a nonce for all processes; false when it was used before. */
  readonly useNonce: (
    caller: Caller,
    nonce: { keyId: string; nonce: string; usableUntilMs: number },
  ) => Promise<boolean>;
  /** Where clients reach the installation; null when only the Host field tells. */
  readonly publicUrl: () => string | null;
  readonly nowMs: NowMs;
}

/** Lets a known caller's request through when it is signed as its credential asks; refuses with SIGNATURE_REQUIRED or SIGNATURE_INVALID. */
export type SignatureGate = (caller: Caller, request: IncomingMessage) => Promise<void>;

const keyOf = ({ tenantId, subject }: Caller): string => `${tenantId}:${subject.kind}:${subject.id}`;

/** Builds the gate. People sign in and do not sign requests; API keys and OAuth clients may, once they have registered a key. */
export const createSignatureGate = (deps: SignatureGateDeps): SignatureGate => {
  const policies = new LRUCache<string, { readonly askedMs: number; readonly policy: Promise<SigningPolicy> }>({
    max: MAX_POLICIES,
  });
  // A WebSocket's handshake is looked at each time its credential is renewed: what was signed once stays signed.
  const passed = new WeakMap<IncomingMessage, string>();
  const policyOf = (caller: Caller): Promise<SigningPolicy> => {
    const key = keyOf(caller);
    const known = policies.get(key);
    if (known !== undefined && deps.nowMs() - known.askedMs < POLICY_AGE_MS) return known.policy;
    const policy = deps.policyOf(caller);
    const asked = { askedMs: deps.nowMs(), policy };
    policies.set(key, asked);
    policy.catch(() => policies.peek(key) === asked && policies.delete(key));
    return policy;
  };
  return async (caller, request) => {
    if (caller.subject.kind !== "API_KEY" && caller.subject.kind !== "CLIENT") return;
    const policy = await policyOf(caller);
    if (request.headers["signature-input"] === undefined && request.headers["signature"] === undefined) {
      if (!policy.required) return;
      throw refuse("SIGNATURE_REQUIRED", "Requests with this credential must be signed (RFC 9421).");
    }
    if (passed.get(request) === keyOf(caller)) return;
    const verified = verifyRequest(requestPartsOf(request, deps.publicUrl()), policy.keys, deps.nowMs());
    if (!(await deps.useNonce(caller, verified)))
      throw refuse("SIGNATURE_INVALID", "The signature of the request is not valid: its nonce was used before.");
    passed.set(request, keyOf(caller));
  };
};
