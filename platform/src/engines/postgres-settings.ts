import { LOOPBACK_HOST } from "./loopback-port.ts";

/** Bounds of the embedded PostgreSQL server. */
export const postgresLimits = {
  /** Pools of all roles together (application, queue, listeners, migrations) stay below this; each connection is a process of some MB. */
  maxConnections: 150,
  /** A transaction that its client forgot must not hold back vacuum or locks for longer. */
  idleInTransactionSeconds: 60,
  /** Shared cache; the control plane is small. */
  sharedBuffersMb: 128,
  /** Log of changes kept between checkpoints: bounds disk use and the time of recovery after a crash. */
  maxWalMb: 512,
} as const;

/** Server settings given on the command line, where no file in the data directory can undo them. */
export const postgresSettings: Readonly<Record<string, string>> = {
  listen_addresses: LOOPBACK_HOST,
  unix_socket_directories: "",
  max_connections: String(postgresLimits.maxConnections),
  shared_buffers: `${postgresLimits.sharedBuffersMb}MB`,
  max_wal_size: `${postgresLimits.maxWalMb}MB`,
  idle_in_transaction_session_timeout: `${postgresLimits.idleInTransactionSeconds}s`,
  password_encryption: "scram-sha-256",
  timezone: "UTC",
  log_timezone: "UTC",
  // The log tells of the server's own life only: statements and row values of tenants do not belong in it.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_checkpoints: "off",
};

/** The settings as arguments of `postgres`. */
export const settingArguments = (settings: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
