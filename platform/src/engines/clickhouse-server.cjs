// Runs the ClickHouse server inside libchdb.so and returns when standard input closes, so that it never outlives its parent.
// Arguments: the library's path, the server's directory, then the server's own arguments. CommonJS, because plain node runs it without a loader.
const { writeSync } = require("node:fs");
const path = require("node:path");
const { open, load, DataType } = require("ffi-rs");
const { confineProcess } = require("./confine-process.cjs");

const [library, directory, ...serverArguments] = process.argv.slice(2);

/** What the server reads outside of its own directory: processors, memory, time zones, host names, system libraries. */
const SYSTEM_PATHS = [
  `/proc/${process.pid}`,
  ...["cpuinfo", "loadavg", "meminfo", "mounts", "stat", "sys", "uptime", "vmstat"].map((name) => `/proc/${name}`),
  "/sys",
  "/lib",
  "/lib64",
  "/usr/lib",
  "/usr/share/zoneinfo",
  ...["host.conf", "hosts", "localtime", "nsswitch.conf", "resolv.conf"].map((name) => `/etc/${name}`),
];

const argv = ["clickhouse", ...serverArguments];
open({ library: "chdb", path: library });
const confined = confineProcess({
  readable: [...SYSTEM_PATHS, path.dirname(library), path.join(directory, "config")],
  writable: [path.join(directory, "data"), path.join(directory, "log"), "/dev/null", "/dev/random", "/dev/urandom"],
});
writeSync(1, confined ? "confined\n" : "not confined\n");
load({
  library: "chdb",
  funcName: "query_stable",
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
});
