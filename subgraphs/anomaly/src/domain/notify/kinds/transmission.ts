import { beginningOf, storableText } from "@tessera/platform/text/whole-characters";
import { retryAfterMs } from "../../retry-after.ts";
import { MAX_SAID, type SendOutcome } from "../retry.ts";

/** An HTTP request to a receiver. */
export interface Transmission {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a receiver answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of its body. */
  readonly text: string;
}

/** Reads what a receiver made of a message. */
export type ReadAnswer = (answer: Answer, nowMs: number) => SendOutcome;

/** What is kept of an answer: its beginning on one line, without what could be a credential of the sender. It ends with a whole character: half of one can't be kept, and the try with it. */
export const excerptOf = (text: string): string =>
  storableText(beginningOf(text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim(), MAX_SAID));

/** Answers after which the same message is tried again: too early, too much, or trouble at the other side. */
const isPassing = (status: number): boolean => status === 408 || status === 425 || status === 429 || status >= 500;
/** Answers that say the address or the credential is no good: nothing else will be taken either. */
const isForGood = (status: number): boolean => [401, 403, 404, 405, 410].includes(status);

/** The outcome of an answer that is to be tried again. */
export const tryAgain = ({ status, headers, text }: Answer, nowMs: number): SendOutcome => ({
  ...{ kind: "TRY_AGAIN", code: status, said: excerptOf(text) },
  retryAfterMs: retryAfterMs(headers["retry-after"], nowMs),
});

/** The outcome of an answer that refuses. */
export const refused = ({ status, text }: Answer, disables: boolean): SendOutcome => ({
  ...{ kind: "REFUSED", code: status, said: excerptOf(text), disables },
});

/** The outcome of an answer that takes the message. */
export const sent = ({ status, text }: Answer, reference?: string): SendOutcome => ({
  ...{ kind: "SENT", code: status, said: excerptOf(text) },
  ...(reference === undefined ? {} : { reference }),
});

/** Reads an answer by its status alone; redirects are refusals, since they are not followed. */
export const byStatus: ReadAnswer = (answer, nowMs) => {
  if (answer.status >= 200 && answer.status < 300) return sent(answer);
  return isPassing(answer.status) ? tryAgain(answer, nowMs) : refused(answer, isForGood(answer.status));
};

/** The answer's body as an object; null when it is none. */
export const objectIn = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text);
    // boundary: the fields of an object of JSON are looked at one by one by whoever reads it.
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
};

/** Headers of a body of JSON. */
export const JSON_HEADERS = { "content-type": "application/json; charset=utf-8", "user-agent": "Tessera" } as const;
