import { errorCodes, type ErrorCode } from "./error-codes.ts";

/** What a refusal may tell beside its code: the part of the input it is about, when to come back, and typed extras. */
export interface RefusalExtras {
  /** Where in the input the trouble lies, for example `input.range.from`. */
  readonly field?: string;
  /** Seconds after which another try makes sense; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly [key: string]: string | number | boolean | undefined;
}

/** A coded, expected "no" that every surface knows how to say; its message is safe to show to the caller. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ErrorCode;
  readonly extras: RefusalExtras;

  constructor(code: ErrorCode, detail: string, extras: RefusalExtras = {}, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.extras = extras;
  }

  /** What a GraphQL error carries beside its message; graphql-js takes it from here. */
  get extensions(): Record<string, unknown> {
    return { code: this.code, ...this.extras };
  }

  /** HTTP status of the refusal's code. */
  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** Makes a refusal: `throw refuse("BAD_INPUT", "`first` must be between 1 and 1,000.", { field: "first" })`. */
export const refuse = (code: ErrorCode, detail: string, extras: RefusalExtras = {}, cause?: unknown): Refusal =>
  new Refusal(code, detail, extras, cause);
