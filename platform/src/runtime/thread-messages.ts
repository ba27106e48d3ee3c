import type { ErrorCode } from "../errors/error-codes.ts";
import { Refusal, refuse, type RefusalExtras } from "../errors/refusal.ts";

/** What a thread is told: of one work, named by its number, what it is, a part of it, that its result is wanted, that nobody waits any more. */
export type ToThread =
  | { readonly work: number; readonly kind: "BEGIN"; readonly task: unknown }
  | { readonly work: number; readonly kind: "PART"; readonly part: unknown }
  | { readonly work: number; readonly kind: "RESULT" }
  | { readonly work: number; readonly kind: "END" };

/** An error on its way between threads: a refusal stays one. */
export type Told =
  | { readonly kind: "REFUSAL"; readonly code: ErrorCode; readonly detail: string; readonly extras: RefusalExtras }
  | { readonly kind: "ERROR"; readonly message: string; readonly stack: string };

/** What a thread answers to a part and to the wish for a result, in their order. */
export type FromThread =
  | { readonly work: number; readonly kind: "DONE"; readonly value: unknown }
  | { readonly work: number; readonly kind: "FAILED"; readonly error: Told };

/** Writes an error so that another thread can throw it. */
export const tellError = (error: unknown): Told => {
  if (error instanceof Refusal)
    return { kind: "REFUSAL", code: error.code, detail: error.message, extras: error.extras };
  return error instanceof Error
    ? { kind: "ERROR", message: error.message, stack: error.stack ?? "" }
    : { kind: "ERROR", message: String(error), stack: "" };
};

/** The error that another thread told of. */
export const errorTold = (told: Told): Error => {
  if (told.kind === "REFUSAL") return refuse(told.code, told.detail, told.extras);
  const error = new Error(told.message);
  error.stack = told.stack;
  return error;
};
