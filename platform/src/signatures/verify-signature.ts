import { isInnerList, parseDictionary, type InnerList } from "structured-headers";
import { Refusal, refuse } from "../errors/refusal.ts";
import { coveredNames, signatureBase, type RequestParts } from "./signature-base.ts";
import { verifyBytes, type MessageKey } from "./signature-algorithm.ts";

/** Seconds a signature counts after it was made, whatever `expires` it names: every nonce is remembered that long. */
export const MAX_SIGNATURE_AGE_SECONDS = 300;
/** Seconds a client's clock may be ahead. */
const CLOCK_SKEW_SECONDS = 5;
/** Characters the two fields may have together, and signatures one request may carry. */
const MAX_FIELD_CHARACTERS = 8_192;
const MAX_SIGNATURES = 4;
const MIN_NONCE_CHARACTERS = 16;
const MAX_NONCE_CHARACTERS = 128;

/** A signature that was found good. */
export interface VerifiedSignature {
  readonly keyId: string;
  readonly nonce: string;
  /** Until when the nonce must be remembered, milliseconds since the epoch. */
  readonly usableUntilMs: number;
}

/** A refusal that says what is wrong with a signature; the client knows its own key, so nothing is told that it did not send. */
const invalid = (why: string, cause?: unknown): Refusal =>
  refuse("SIGNATURE_INVALID", `The signature of the request is not valid: ${why}.`, {}, cause);

/** A parameter of a signature; unknown until it is looked at. */
const parameterOf = (input: InnerList, name: string): unknown => {
  const value: unknown = input[1].get(name);
  return value;
};

interface Candidate {
  readonly label: string;
  readonly input: InnerList;
  readonly signature: Uint8Array;
  readonly keyId: string;
}

const textOf = (request: RequestParts, name: string): string => (request.fields[name] ?? []).join(", ");

const candidatesIn = (request: RequestParts): readonly Candidate[] => {
  const [inputs, signatures] = [textOf(request, "signature-input"), textOf(request, "signature")];
  if (inputs.length + signatures.length > MAX_FIELD_CHARACTERS) throw invalid("it is too long");
  const [parsedInputs, parsedSignatures] = [parseDictionary(inputs), parseDictionary(signatures)];
  if (parsedInputs.size > MAX_SIGNATURES) throw invalid("there are too many");
  return [...parsedInputs].flatMap(([label, input]) => {
    const signature = parsedSignatures.get(label);
    if (!isInnerList(input) || signature === undefined || isInnerList(signature)) return [];
    const bytes: unknown = signature[0];
    const keyId = parameterOf(input, "keyid");
    if (!(bytes instanceof ArrayBuffer) || typeof keyId !== "string") return [];
    return [{ label, input, signature: new Uint8Array(bytes), keyId }];
  });
};

const hasBody = ({ fields }: RequestParts): boolean => {
  const [length] = fields["content-length"] ?? [];
  return fields["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
};

/** Everything that could be changed on the way, or sent again elsewhere, has to be covered. */
const requireCoverage = (request: RequestParts, input: InnerList): void => {
  const covered = coveredNames(input);
  const hasTarget =
    covered.has("@target-uri") || (covered.has("@authority") && covered.has("@path") && covered.has("@query"));
  if (!covered.has("@method")) throw invalid("it does not cover @method");
  if (!hasTarget) throw invalid("it covers neither @target-uri nor @authority, @path and @query");
  if (hasBody(request) && !covered.has("content-digest")) throw invalid("it does not cover content-digest");
  if (request.fields["authorization"] !== undefined && !covered.has("authorization"))
    throw invalid("it does not cover authorization");
};

/** The window of a signature, in seconds since the epoch; both ends are needed to bound how long its nonce is remembered. */
const usableUntil = (input: InnerList, nowSeconds: number): number => {
  const [created, expires] = [parameterOf(input, "created"), parameterOf(input, "expires")];
  if (typeof created !== "number" || !Number.isInteger(created)) throw invalid("it has no `created`");
  if (expires !== undefined && (typeof expires !== "number" || !Number.isInteger(expires)))
    throw invalid("`expires` is no time");
  const until = Math.min(created + MAX_SIGNATURE_AGE_SECONDS, expires ?? Number.POSITIVE_INFINITY);
  if (created > nowSeconds + CLOCK_SKEW_SECONDS) throw invalid("it was made in the future");
  if (until <= nowSeconds) throw invalid("it has expired");
  return until;
};

const nonceOf = (input: InnerList): string => {
  const nonce = parameterOf(input, "nonce");
  if (typeof nonce !== "string" || nonce.length < MIN_NONCE_CHARACTERS || nonce.length > MAX_NONCE_CHARACTERS)
    throw invalid(`it needs a nonce of ${MIN_NONCE_CHARACTERS} to ${MAX_NONCE_CHARACTERS} characters`);
  return nonce;
};

const check = (request: RequestParts, candidate: Candidate, key: MessageKey, nowMs: number): VerifiedSignature => {
  const { input, keyId, signature } = candidate;
  const algorithm = parameterOf(input, "alg");
  if (algorithm !== undefined && algorithm !== key.algorithm) throw invalid("`alg` is not that of its key");
  requireCoverage(request, input);
  const until = usableUntil(input, nowMs / 1_000);
  const nonce = nonceOf(input);
  if (!verifyBytes(key, signatureBase(input, request), signature))
    throw invalid("it is not of its key, or the request was changed");
  return { keyId, nonce, usableUntilMs: until * 1_000 };
};

/**
 * Verifies the signature of a request (RFC 9421, 3.2) by one of the caller's keys, and that it covers what may not change: method, target, the
 * credential, and the digest of a body. Refuses with SIGNATURE_INVALID. Whether its nonce was used before is for the caller to ask.
 */
export const verifyRequest = (
  request: RequestParts,
  keys: ReadonlyMap<string, MessageKey>,
  nowMs: number,
): VerifiedSignature => {
  try {
    const candidates = candidatesIn(request);
    const candidate = candidates.find(({ keyId }) => keys.has(keyId));
    const key = keys.get(candidate?.keyId ?? "");
    if (candidate === undefined || key === undefined)
      throw invalid("it is of no key that is registered for this credential");
    return check(request, candidate, key, nowMs);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw invalid("it can't be read, or covers what is not there", error);
  }
};
