import { createHash } from "node:crypto";
import { StartProblem } from "./start-problem.ts";

/** Database that holds the event store; migrations create its tables. */
export const EVENT_DATABASE = "tessera";

/**
 * Database of the views through which a query of a caller under data policies reads; they have the names and columns of the tables and apply
 * the policy that the third part of the query id carries.
 */
export const RESTRICTED_DATABASE = "tessera_restricted";

/**
 * Databases of the views through which questions that count persons read when some of a tenant's people are linked: the tables' names and columns, with
 * the person an event counts for. The first is for queries of a whole tenant, the second for those under a data policy.
 */
export const PEOPLE_DATABASE = "tessera_people";
/** See {@link PEOPLE_DATABASE}. */
export const RESTRICTED_PEOPLE_DATABASE = "tessera_people_restricted";

/** Table into which the jobs user writes results, and from which it may delete them. */
export const JOB_RESULTS_TABLE = "job_results";

/** Columns that workers may empty where the row itself has to stay: what names a person. */
const ERASED_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  events: ["anonymous_id"],
  events_sample: ["anonymous_id"],
  event_ids: ["person", "name"],
};

/** Tables of tenants that workers write besides: facts they compute, named so in the migrations. */
const WORKER_TABLE = /^worker_/;

/** The four users of the event store: one per kind of work, none with more rights than its work needs. */
export const clickHouseUserNames = ["tessera_owner", "tessera_writer", "tessera_reader", "tessera_jobs"] as const;

/** Name of a user of the event store. */
export type ClickHouseUserName = (typeof clickHouseUserNames)[number];

/** Password of every user of the event store. */
export type ClickHousePasswords = Readonly<Record<ClickHouseUserName, string>>;

/**
 * A row is visible when its tenant is the one named before the colon of the query id (`<tenantId>:<uuid>`), which the store's client
 * sets and SQL cannot change: unlike a setting, it has no SETTINGS clause. A query id with a third part is of a caller under data policies, to
 * whom the tables show nothing: such a query reads the views of {@link RESTRICTED_DATABASE}.
 */
export const TENANT_ROW_FILTER =
  "tenant_id = splitByChar(':', initialQueryID())[1] AND length(splitByChar(':', initialQueryID())) = 2";

const everyRow = "1";

/** Bounds on what one question of a tenant may cost; seconds, bytes and counts. */
export const readerLimits = {
  /** A page of a dashboard is given up after this; longer questions are jobs. */
  maxExecutionSeconds: 30,
  /** One question takes at most this, so that some dozens fit beside each other. */
  maxMemoryBytes: 1024 ** 3,
  /** More at a time only queue on the processors. */
  maxConcurrentQueries: 64,
} as const;

/** Bounds on one long query of a worker; seconds, bytes and counts. */
export const jobsLimits = {
  /** An hour: a query that needs longer is wrong. */
  maxExecutionSeconds: 3600,
  /** Twice a reader's; sorting and grouping spill to disk from half of it. */
  maxMemoryBytes: 2 * 1024 ** 3,
  /** Workers run few at a time; the rest waits in the queue. */
  maxConcurrentQueries: 16,
} as const;

const element = (name: string, content: string | number): string => `<${name}>${content}</${name}>`;

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * How often an expression was used before the engine makes machine code of it. By its own default that is 3, and making it costs tens of milliseconds of
 * processor time, as much as a question of a small tenant: only what is asked again and again is worth it.
 */
const USES_BEFORE_COMPILING = 50;

type Limits = {
  readonly maxExecutionSeconds: number;
  readonly maxMemoryBytes: number;
  readonly maxConcurrentQueries: number;
};

const limitSettings = (limits: Limits): string =>
  [
    element("max_execution_time", limits.maxExecutionSeconds),
    element("max_memory_usage", limits.maxMemoryBytes),
    element("max_bytes_before_external_group_by", limits.maxMemoryBytes / 2),
    element("max_bytes_before_external_sort", limits.maxMemoryBytes / 2),
    element("max_concurrent_queries_for_user", limits.maxConcurrentQueries),
    element("cancel_http_readonly_queries_on_client_close", 1),
  ].join("");

/** Settings a read-only caller may still choose per query, because they only narrow its own answer or shape its encoding. */
const changeableInReadonly = [
  "enable_http_compression",
  "http_headers_progress_interval_ms",
  "http_response_buffer_size",
  "max_result_bytes",
  "max_result_rows",
  "max_rows_to_read",
  "max_threads",
  "output_format_json_quote_64bit_integers",
  "output_format_json_quote_decimals",
  "read_in_order_use_buffering",
  "read_overflow_mode",
  "result_overflow_mode",
  "send_progress_in_http_headers",
] as const;

const constraints = (limits: Limits, allowed: readonly string[]): string => {
  const within = (name: string, max: number): string =>
    element(name, `<min>1</min><max>${max}</max><changeable_in_readonly/>`);
  return element(
    "constraints",
    [
      within("max_execution_time", limits.maxExecutionSeconds),
      within("max_memory_usage", limits.maxMemoryBytes),
      element("max_concurrent_queries_for_user", "<readonly/>"),
      ...allowed.map((name) => element(name, "<changeable_in_readonly/>")),
    ].join(""),
  );
};

const compiling = ["expression", "aggregate_expression", "sort_description"]
  .map((what) => element(`min_count_to_compile_${what}`, USES_BEFORE_COMPILING))
  .join("");

const profiles = (): string =>
  element(
    "profiles",
    [
      element("default", compiling),
      element(
        "tessera_reader",
        element("readonly", 1) +
          compiling +
          limitSettings(readerLimits) +
          constraints(readerLimits, changeableInReadonly),
      ),
      element("tessera_jobs", compiling + limitSettings(jobsLimits) + constraints(jobsLimits, [])),
    ].join(""),
  );

type UserRights = {
  readonly name: ClickHouseUserName;
  readonly password: string;
  readonly profile: string;
  readonly grants: readonly string[];
  readonly rowFilters: Readonly<Record<string, string>>;
};

const user = ({ name, password, profile, grants, rowFilters }: UserRights): string =>
  element(
    name,
    [
      element("password_sha256_hex", createHash("sha256").update(password).digest("hex")),
      "<networks><ip>127.0.0.1</ip></networks>",
      element("profile", profile),
      "<quota>default</quota>",
      grants.length === 0 ? "" : element("grants", grants.map((grant) => element("query", grant)).join("")),
      element(
        "databases",
        element(
          EVENT_DATABASE,
          Object.entries(rowFilters)
            .map(([table, filter]) => element(table, element("filter", escapeXml(filter))))
            .join(""),
        ),
      ),
    ].join("\n"),
  );

/**
 * The session that keeps the server running (see clickhouse-server.cjs) is always the user `default` without a password. It can
 * do nothing but listen and wait for standard input, and no HTTP request reaches it: see `httpHandlers` in clickhouse-config.ts.
 */
const keeperUser =
  "<default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota><grants>" +
  ["SYSTEM LISTEN", "FILE", "CREATE TEMPORARY TABLE"]
    .map((right) => element("query", `GRANT ${right} ON *.*`))
    .join("") +
  "</grants></default>";

const tableName = /^[a-z][a-z0-9_]{0,62}$/;

const filterEach = (tables: readonly string[], filter: string): Record<string, string> =>
  Object.fromEntries(tables.map((table) => [table, filter]));

const userRights = (passwords: ClickHousePasswords, tables: readonly string[]): readonly UserRights[] => {
  const selects = [
    ...tables.map((table) => `GRANT SELECT ON ${EVENT_DATABASE}.${table}`),
    ...[RESTRICTED_DATABASE, PEOPLE_DATABASE, RESTRICTED_PEOPLE_DATABASE].map((views) => `GRANT SELECT ON ${views}.*`),
  ];
  const jobRights = [JOB_RESULTS_TABLE, ...tables.filter((table) => WORKER_TABLE.test(table))].map(
    (table) => `GRANT SELECT, INSERT, ALTER DELETE ON ${EVENT_DATABASE}.${table}`,
  );
  // To erase a tenant, or a person of a tenant, on behalf of whom workers do it, from every table.
  const eraseRights = tables.flatMap((table) => [
    `GRANT ALTER DELETE ON ${EVENT_DATABASE}.${table}`,
    ...(ERASED_COLUMNS[table] ?? []).map((column) => `GRANT ALTER UPDATE(${column}) ON ${EVENT_DATABASE}.${table}`),
  ]);
  // To end its own queries by name; the engine looks them up as the user who asks.
  const killRights = "GRANT SELECT ON system.processes";
  const tenantRows = filterEach(tables, TENANT_ROW_FILTER);
  const everyTenant = filterEach(tables, everyRow);
  return [
    {
      name: "tessera_owner",
      password: passwords.tessera_owner,
      profile: "default",
      grants: [],
      rowFilters: everyTenant,
    },
    {
      name: "tessera_writer",
      password: passwords.tessera_writer,
      profile: "default",
      grants: [`GRANT INSERT, SELECT ON ${EVENT_DATABASE}.*`],
      rowFilters: everyTenant,
    },
    {
      name: "tessera_reader",
      password: passwords.tessera_reader,
      profile: "tessera_reader",
      grants: selects,
      rowFilters: tenantRows,
    },
    {
      name: "tessera_jobs",
      password: passwords.tessera_jobs,
      profile: "tessera_jobs",
      grants: [...selects, ...jobRights, ...eraseRights, killRights],
      rowFilters: tenantRows,
    },
  ];
};

/**
 * The users file of the embedded server: rights, limits and one row policy per user and tenant table.
 * A table that is not in `tenantTables` (or job_results) cannot be read by reader and jobs at all.
 */
export const clickHouseUsersXml = (passwords: ClickHousePasswords, tenantTables: readonly string[]): string => {
  const unfit = tenantTables.find((table) => !tableName.test(table));
  if (unfit !== undefined)
    throw new StartProblem(
      "ENGINE_FAILED",
      `"${unfit}" is not a name for a table of the event store: use a-z, 0-9 and _.`,
    );
  const tables = [...new Set([...tenantTables, JOB_RESULTS_TABLE])];
  const users = [keeperUser, ...userRights(passwords, tables).map(user)].join("\n");
  return `${element("clickhouse", `\n${profiles()}\n<quotas><default/></quotas>\n${element("users", `\n${users}\n`)}\n`)}\n`;
};
