import { expect, test } from "@jest/globals";
import { clickHouseLibraryPackage } from "./clickhouse-library.ts";
import { clickHouseUserNames, clickHouseUsersXml, TENANT_ROW_FILTER } from "./clickhouse-users.ts";

const passwords = { tessera_owner: "o", tessera_writer: "w", tessera_reader: "r", tessera_jobs: "j" };
const xml = clickHouseUsersXml(passwords, ["events", "rollup_hour"]);
const sectionOf = (user: string): string =>
  xml.match(new RegExp(`<${user}>\\s*<password_sha256_hex>[\\s\\S]*?</${user}>`))?.[0] ?? "";

test.each(["tessera_reader", "tessera_jobs"])(
  "%s sees the rows of one tenant alone in every listed table and in job_results",
  (user) => {
    for (const table of ["events", "rollup_hour", "job_results"])
      expect(sectionOf(user)).toContain(`<${table}><filter>${TENANT_ROW_FILTER}</filter></${table}>`);
  },
);

test("no user but the owner has rights beyond the event store's tables; jobs may look for their own running queries", () => {
  for (const user of clickHouseUserNames.filter((name) => name !== "tessera_owner")) {
    const grants = [...sectionOf(user).matchAll(/<query>(.*?)<\/query>/g)].map((match) => match[1]);
    expect(grants.length).toBeGreaterThan(0);
    const beyond = user === "tessera_jobs" ? ["GRANT SELECT ON system.processes"] : [];
    expect(grants).toEqual(expect.arrayContaining(beyond));
    for (const grant of grants.filter((one) => !beyond.includes(one ?? "")))
      expect(grant).toMatch(
        /^GRANT (SELECT|INSERT|ALTER DELETE|ALTER UPDATE\((anonymous_id|person|name)\))(, (SELECT|INSERT|ALTER DELETE))* ON (tessera|tessera_restricted|tessera_people|tessera_people_restricted)\.(\*|[a-z_]+)$/,
      );
  }
});

test("jobs write their results and the tables that are named for workers, and no other; readers write none", () => {
  const users = clickHouseUsersXml(passwords, ["events", "worker_facts", "not_worker_facts"]);
  const written = [...users.matchAll(/GRANT SELECT, INSERT, ALTER DELETE ON tessera\.(\w+)/g)].map(
    ([, table]) => table,
  );
  expect(written).toEqual(["job_results", "worker_facts"]);
});

test("the users file holds no password in clear", () => {
  const secret = clickHouseUsersXml({ ...passwords, tessera_reader: "a-very-secret-word" }, []);
  expect(secret).not.toContain("a-very-secret-word");
});

test.each(["events; DROP", "Events", "../x", "<x>", ""])("%j is refused as name of a tenant table", (table) => {
  expect(() => clickHouseUsersXml(passwords, [table])).toThrow("not a name for a table");
});

test.each([
  ["linux", "x64", true, "@chdb/lib-linux-x64-gnu"],
  ["linux", "arm64", true, "@chdb/lib-linux-arm64-gnu"],
  ["darwin", "arm64", false, "@chdb/lib-darwin-arm64"],
])("on %s %s (glibc: %s) the server comes from %s", (platform, arch, glibc, name) => {
  expect(clickHouseLibraryPackage({ platform, arch, glibc })).toBe(name);
});

test.each([
  ["linux", "x64", false],
  ["win32", "x64", false],
  ["linux", "ppc64", true],
])("on %s %s (glibc: %s) the embedded server is refused with what to do instead", (platform, arch, glibc) => {
  expect(() => clickHouseLibraryPackage({ platform, arch, glibc })).toThrow("CLICKHOUSE_URL");
});
