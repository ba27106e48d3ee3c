import { Refusal } from "../errors/refusal.ts";
import type { ErrorCode } from "../errors/error-codes.ts";

/** True when the work throws a refusal with this code; anything else it throws goes on. */
export const isRefusedWith = (code: ErrorCode, work: () => unknown): boolean => {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof Refusal) return error.code === code;
    throw error;
  }
};
