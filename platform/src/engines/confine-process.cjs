// Confines this process to some file trees with Landlock (Linux 5.19 or later, landlock(7)): SQL functions such as file() then reach nothing
// else, whoever calls them. It holds for this thread and every thread and process begun from it afterwards, and cannot be undone.
const { closeSync, existsSync, openSync, statSync } = require("node:fs");
const { DataType, load, open } = require("ffi-rs");

const CREATE_RULESET = 444;
const ADD_RULE = 445;
const RESTRICT_SELF = 446;
const ASK_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const PR_SET_NO_NEW_PRIVS = 38;
const O_PATH = 0x200000;

/** First version that lets files be renamed between directories, without which the server cannot drop a table. */
const MIN_VERSION = 2;
/** Every right that MIN_VERSION knows. */
const EVERYTHING = 0x3fffn;
/** Rights that exist for a file: execute, write, read. */
const FILE_RIGHTS = 0x7n;
/** Execute, read a file, list a directory. */
const READING = 0xdn;

const syscall = (number, types, values) =>
  load({
    library: "libc",
    funcName: "syscall",
    retType: DataType.I64,
    paramsType: [DataType.I64, ...types],
    paramsValue: [number, ...values],
  });

const allow = (ruleset, path, rights) => {
  if (!existsSync(path)) return;
  const directory = openSync(path, O_PATH);
  try {
    const rule = Buffer.alloc(12);
    rule.writeBigUInt64LE(statSync(path).isDirectory() ? rights : rights & FILE_RIGHTS, 0);
    rule.writeInt32LE(directory, 8);
    const types = [DataType.I64, DataType.I64, DataType.U8Array, DataType.I64];
    if (syscall(ADD_RULE, types, [ruleset, RULE_PATH_BENEATH, rule, 0]) !== 0)
      throw new Error(`landlock refused a rule for ${path}`);
  } finally {
    closeSync(directory);
  }
};

/** Returns whether the process is confined now; false where the system has no Landlock or too old a one. */
exports.confineProcess = ({ readable, writable }) => {
  if (process.platform !== "linux") return false;
  open({ library: "libc", path: "" });
  const version = syscall(CREATE_RULESET, [DataType.I64, DataType.I64, DataType.I64], [0, 0, ASK_VERSION]);
  if (version < MIN_VERSION) return false;
  const attributes = Buffer.alloc(8);
  attributes.writeBigUInt64LE(EVERYTHING);
  const ruleset = syscall(
    CREATE_RULESET,
    [DataType.U8Array, DataType.I64, DataType.I64],
    [attributes, attributes.length, 0],
  );
  if (ruleset < 0) throw new Error("landlock made no ruleset");
  for (const path of readable) allow(ruleset, path, READING);
  for (const path of writable) allow(ruleset, path, EVERYTHING);
  const privileges = load({
    library: "libc",
    funcName: "prctl",
    retType: DataType.I32,
    paramsType: [DataType.I32, DataType.I64, DataType.I64, DataType.I64, DataType.I64],
    paramsValue: [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0],
  });
  const restricted = syscall(RESTRICT_SELF, [DataType.I64, DataType.I64], [ruleset, 0]);
  closeSync(ruleset);
  if (privileges !== 0 || restricted !== 0) throw new Error("landlock did not confine the process");
  return true;
};
