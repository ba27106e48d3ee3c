#!/usr/bin/env node
import { runScript } from "./ensure-installed.mjs";
import { runRole } from "./run-role.mjs";

await runScript(() => runRole(process.argv.slice(2)));
