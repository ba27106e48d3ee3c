import { pino, type Logger as PinoLogger } from "pino";

/** Structured logger; lines are JSON on standard output and hold no personal data and no credentials. */
export type Logger = PinoLogger;

/** Levels a process may log at. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const REDACTED = [
  "authorization",
  "apiKey",
  "password",
  "secret",
  "*.authorization",
  "*.apiKey",
  "*.password",
  "*.secret",
  "req.headers.authorization",
];

/** Makes the process's logger; `role` names the process in each line. */
export const createLogger = (role: string, level: LogLevel): Logger =>
  pino({ level, base: { role }, redact: { paths: REDACTED, censor: "[redacted]" } });
