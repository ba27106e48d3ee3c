// Runs the ClickHouse server inside libchdb.so and returns when standard input closes, so that it never outlives its parent.
// Arguments: the library's path, then the server's own arguments. CommonJS, because it runs by plain node without a loader.
const { open, load, DataType } = require("ffi-rs");

const [library, ...serverArguments] = process.argv.slice(2);
const argv = ["clickhouse", ...serverArguments];
open({ library: "chdb", path: library });
load({
  library: "chdb",
  funcName: "query_stable",
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
});
