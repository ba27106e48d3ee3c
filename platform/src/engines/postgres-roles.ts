import pg from "pg";

/** Database of the control plane. */
export const CONTROL_DATABASE = "tessera";

/** Schema of the queue; owned by its role. */
export const QUEUE_SCHEMA = "bullmq";

/** Owner of the schema and all tables: runs migrations, serves no request. */
export const OWNER_ROLE = "tessera_owner";

/** Role of every request: owns nothing and is subject to row-level security. */
export const APP_ROLE = "tessera_app";

/** Role of the queue: owns its schema and sees nothing else. */
export const QUEUE_ROLE = "tessera_queue";

/** Key of the advisory lock under which roles are created, so that two starts against one server do not race. */
const ROLES_LOCK = 72_707_370;

const roleNames = [OWNER_ROLE, APP_ROLE, QUEUE_ROLE] as const;

const name = (identifier: string): string => pg.escapeIdentifier(identifier);

/** Statements that make a login role exist with this password and without any privilege that steps over row-level security. */
export const roleStatements = (role: string, password: string, exists: boolean): string =>
  `${exists ? "ALTER" : "CREATE"} ROLE ${name(role)} WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD ${pg.escapeLiteral(password)}`;

/** Statements that give the three roles their places inside the control plane's database; repeating them changes nothing. */
export const databaseStatements = (): readonly string[] => {
  const tables = "SELECT, INSERT, UPDATE, DELETE ON TABLES";
  const sequences = "USAGE, SELECT ON SEQUENCES";
  const byOwner = `ALTER DEFAULT PRIVILEGES FOR ROLE ${name(OWNER_ROLE)}`;
  return [
    `REVOKE ALL ON DATABASE ${name(CONTROL_DATABASE)} FROM PUBLIC`,
    `GRANT CONNECT, TEMPORARY ON DATABASE ${name(CONTROL_DATABASE)} TO ${name(APP_ROLE)}, ${name(QUEUE_ROLE)}`,
    // The queue creates and migrates its own schema, and asks for this right before it looks whether the schema is there.
    `GRANT CREATE ON DATABASE ${name(CONTROL_DATABASE)} TO ${name(QUEUE_ROLE)}`,
    `ALTER SCHEMA public OWNER TO ${name(OWNER_ROLE)}`,
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    `GRANT USAGE ON SCHEMA public TO ${name(APP_ROLE)}`,
    `${byOwner} GRANT ${tables} TO ${name(APP_ROLE)}`,
    `${byOwner} GRANT ${sequences} TO ${name(APP_ROLE)}`,
    `CREATE SCHEMA IF NOT EXISTS ${name(QUEUE_SCHEMA)} AUTHORIZATION ${name(QUEUE_ROLE)}`,
    `ALTER ROLE ${name(QUEUE_ROLE)} IN DATABASE ${name(CONTROL_DATABASE)} SET search_path = ${name(QUEUE_SCHEMA)}`,
  ];
};

const withClient = async <Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** Where the superuser connects and which passwords the roles get. */
export type RoleSetup = {
  readonly superuserUrl: (database: string) => string;
  readonly passwordOf: (role: string) => string;
};

/** Creates what is missing of the roles, the database and their rights, and sets the roles' passwords to those of the credentials file. */
export const ensurePostgresRoles = async ({ superuserUrl, passwordOf }: RoleSetup): Promise<void> => {
  await withClient(superuserUrl("postgres"), async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [ROLES_LOCK]);
    for (const role of roleNames) {
      const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
      await client.query(roleStatements(role, passwordOf(role), rowCount === 1));
    }
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [CONTROL_DATABASE]);
    if (rowCount !== 1) await client.query(`CREATE DATABASE ${name(CONTROL_DATABASE)} OWNER ${name(OWNER_ROLE)}`);
  });
  await withClient(superuserUrl(CONTROL_DATABASE), async (client) => {
    for (const statement of databaseStatements()) await client.query(statement);
  });
};
