import { runScript } from "./ensure-installed.mjs";
import { runRole } from "./run-role.mjs";

await runScript(() => runRole(["embedded", ...process.argv.slice(2)]));
