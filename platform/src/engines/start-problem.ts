/** Every reason why the embedded engines can refuse to start; the command line maps each to exit code 1 and prints the sentence alone. */
export type StartProblemCode =
  | "HOME_LOCKED"
  | "HOME_NEWER"
  | "HOME_DAMAGED"
  | "HOME_PERMISSION"
  | "DISK_FULL"
  | "PORT_TAKEN"
  | "PLATFORM_UNSUPPORTED"
  | "ENGINE_LOCKED"
  | "ENGINE_FAILED"
  | "ENGINE_TIMEOUT";

/** A failure to start that the operator can act on: `message` is a complete sentence saying what is wrong and what to do. */
export class StartProblem extends Error {
  override readonly name = "StartProblem";
  readonly code: StartProblemCode;

  constructor(code: StartProblemCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

/** The `code` of a Node system error (`ENOENT`, `EACCES`, ...), or null for any other value; also for errors made in another realm. */
export const systemErrorCode = (error: unknown): string | null =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : null;
