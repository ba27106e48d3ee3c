import { join } from "node:path";
import type { ClickHousePasswords } from "./clickhouse-users.ts";
import { clickHouseUserNames } from "./clickhouse-users.ts";

/** Bounds of the embedded ClickHouse server. */
export const clickHouseLimits = {
  /** Queries at one time over all users; more are refused at once and retried by their callers. */
  maxConcurrentQueries: 200,
  /** Largest single file of the server's log, and how many are kept. */
  logFileBytes: 8 * 1024 ** 2,
  logFiles: 3,
  /** The server takes at most this part of the machine's memory, which it shares with PostgreSQL and Node. */
  memoryShare: 0.5,
  /** Below this the server cannot merge. */
  minMemoryBytes: 1024 ** 3,
  /** Part of the server's memory for cached marks of the sparse index. */
  markCacheShare: 0.1,
} as const;

/** Memory cap of the server in bytes for a machine with `totalBytes`. */
export const clickHouseMemoryCap = (totalBytes: number): number =>
  Math.max(clickHouseLimits.minMemoryBytes, Math.floor(totalBytes * clickHouseLimits.memoryShare));

/** The `Authorization` header by which a user of the event store is known (RFC 7617, Basic). */
export const basicAuthorization = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const escapeRegex = (text: string): string => text.replace(/[+/=.]/g, (character) => `\\${character}`);

/**
 * Only a request with the credentials of one of the four users reaches a query handler; without this, any program on this machine could
 * speak as the password-less `default` user, which the library needs for its own session.
 */
const httpHandlers = (passwords: ClickHousePasswords): string => {
  const accepted = clickHouseUserNames.map((name) => escapeRegex(basicAuthorization(name, passwords[name])));
  return `<http_handlers>
<rule><url>/ping</url><methods>GET,HEAD</methods><handler><type>static</type><status>200</status><response_content>Ok.\n</response_content></handler></rule>
<rule><headers><Authorization>regex:^(${accepted.join("|")})$</Authorization></headers><handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler></rule>
</http_handlers>`;
};

/**
 * Loggers that write statements with their values, which are tenants' data, or repeat themselves each second; a failed statement is told to its caller
 * anyway.
 */
const silentLoggers = [
  "executeQuery",
  "DynamicQueryHandler",
  "HTTPHandler-factory",
  "BackgroundSchedulePool/BgSchPool",
];

const levels = silentLoggers.map((name) => `<logger><name>${name}</name><level>none</level></logger>`).join("");

/** What the server's configuration depends on. */
export type ClickHouseConfigInput = {
  readonly directory: string;
  readonly memoryCapBytes: number;
  readonly passwords: ClickHousePasswords;
};

/** The server's config.xml: users from users.xml alone, nothing readable without a grant, every size bounded. */
export const clickHouseConfigXml = ({ directory, memoryCapBytes, passwords }: ClickHouseConfigInput): string => {
  const at = (name: string): string => escapeXml(join(directory, name));
  const { logFileBytes, logFiles, markCacheShare, maxConcurrentQueries } = clickHouseLimits;
  return `<clickhouse>
<log-level>warning</log-level>
<logger><console>0</console><log>${at("log/clickhouse.log")}</log><size>${logFileBytes}</size><count>${logFiles}</count><levels>${levels}</levels></logger>
<timezone>UTC</timezone>
<users_config>${at("config/users.xml")}</users_config>
<user_directories><users_xml><path>${at("config/users.xml")}</path></users_xml></user_directories>
<user_files_path>${at("data/user_files/")}</user_files_path>
<access_control_improvements>
<users_without_row_policies_can_read_rows>false</users_without_row_policies_can_read_rows>
<select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
<select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
<settings_constraints_replace_previous>true</settings_constraints_replace_previous>
<table_engines_require_grant>true</table_engines_require_grant>
</access_control_improvements>
<max_server_memory_usage>${memoryCapBytes}</max_server_memory_usage>
<mark_cache_size>${Math.floor(memoryCapBytes * markCacheShare)}</mark_cache_size>
<max_concurrent_queries>${maxConcurrentQueries}</max_concurrent_queries>
${httpHandlers(passwords)}
</clickhouse>
`;
};
