/**
 * Table functions no statement may call. Rooms read the event store's own tables alone; these reach past them, and past the row policies that
 * hold a reader to its tenant.
 */
export const FORBIDDEN_TABLE_FUNCTIONS = [
  // A table's own parts and index, without the table's row policies: mergeTreeIndex, mergeTreeProjection, mergeTreeAnalyzeIndexes.
  "mergeTree\\w*",
  "loop",
  "merge",
  // Files and programs of the server.
  "file",
  "fileCluster",
  "executable",
  "input",
  "dictionary",
  "sqlite",
  // Other hosts: data could be sent there or read from there, and the server's own network is not the caller's.
  "url",
  "urlCluster",
  "remote",
  "remoteSecure",
  "cluster",
  "clusterAllReplicas",
  "s3",
  "s3Cluster",
  "gcs",
  "oss",
  "cosn",
  "hdfs",
  "hdfsCluster",
  "azureBlobStorage",
  "azureBlobStorageCluster",
  "iceberg\\w*",
  "deltaLake\\w*",
  "hudi\\w*",
  "paimon\\w*",
  "postgresql",
  "mysql",
  "mongodb",
  "redis",
  "jdbc",
  "odbc",
  "arrowFlight",
  "ytsaurus",
] as const;

/** What may stand between a name and its parenthesis: blanks, the quotes around the name, comments. */
const BETWEEN = '(?:[\\s`"]|--[^\\n]*(?:\\n|$)|#[^\\n]*(?:\\n|$)|/\\*[\\s\\S]*?\\*/)*';

const FORBIDDEN_CALL = new RegExp(`\\b(${FORBIDDEN_TABLE_FUNCTIONS.join("|")})${BETWEEN}\\(`, "i");

/**
 * Throws when a statement's text calls one of {@link FORBIDDEN_TABLE_FUNCTIONS}: a mistake of the code that built it, never of a caller. It looks
 * at text, so it may also refuse a harmless comment; it is the second lock beside the users' rights and row policies, not the first.
 */
export const guardStatement = (statement: { readonly name: string; readonly text: string }): void => {
  const [, name] = FORBIDDEN_CALL.exec(statement.text) ?? [];
  if (name === undefined) return;
  throw new Error(`The statement "${statement.name}" calls ${name}, which the rooms' statements may not.`);
};
