// Writes contracts/src/field-permissions.ts and what it is made of: the permission tables of all rooms as one, so that any process can explain a decision of any room.
// A test in tests/security compares it with the tables. Run: node --import tsx scripts/field-permissions.mjs
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";

const root = join(import.meta.dirname, "..");
const rooms = ["analytics", "anomaly", "governance", "ml", "tenant"];
const tables = await Promise.all(rooms.map((room) => import(join(root, "subgraphs", room, "src/permissions.ts"))));
const byName = ([a], [b]) => (a < b ? -1 : 1);
const wholeTenant = tables
  .flatMap(({ wholeTenantFields = [] }) => wholeTenantFields)
  .toSorted((a, b) => (a < b ? -1 : 1));
const write = async (path, text) =>
  writeFileSync(join(root, "contracts/src", path), await format(text, { parser: "typescript", printWidth: 120 }));

for (const [place, room] of rooms.entries())
  await write(
    `field-permissions-of/${room}.ts`,
    `// Written by scripts/field-permissions.mjs from the room's permission table.
import type { Permission } from "../permissions.ts";

/** What each root field and each sensitive field of the ${room} room asks for. */
export const ${room}Fields: Readonly<Record<string, Permission | "PUBLIC">> = {
${Object.entries(tables[place].permissions)
  .toSorted(byName)
  .map(([field, permission]) => `  ${JSON.stringify(field)}: ${JSON.stringify(permission)},`)
  .join("\n")}
};
`,
  );
await write(
  "field-permissions.ts",
  `// Written by scripts/field-permissions.mjs from the rooms' permission tables.
${rooms.map((room) => `import { ${room}Fields } from "./field-permissions-of/${room}.ts";`).join("\n")}
import type { Permission } from "./permissions.ts";

/** What each root field and each sensitive field of every room asks for: a permission, or PUBLIC for every known caller. */
export const fieldPermissions: Readonly<Record<string, Permission | "PUBLIC">> = {
${rooms.map((room) => `  ...${room}Fields,`).join("\n")}
};

/** Fields that tell of all of a tenant's events, whoever asks: refused to callers under a data policy. */
export const wholeTenantFields: readonly string[] = [
${wholeTenant.map((field) => `  ${JSON.stringify(field)},`).join("\n")}
];
`,
);
