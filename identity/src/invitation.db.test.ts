import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createHash, randomBytes } from "node:crypto";
import { createBrowser, type Browser } from "./testing/browser.ts";
import { openInstallation, type Installation } from "./testing/installation.ts";
import { makePerson } from "./testing/running-identity.ts";

const CHOSEN = "four words in a row";

let here: Installation;
let browser: Browser;
beforeAll(async () => {
  here = await openInstallation();
  browser = createBrowser(() => here.urls[0], here.urls[0]);
});
afterAll(() => here.close());

const invite = async (endsIn = "1 hour") => {
  const person = await makePerson(here.opened, here.tenantId, "the password before");
  const token = randomBytes(32).toString("base64url");
  const hash = createHash("sha256").update(token).digest();
  await here.opened.owner.query(
    `INSERT INTO person_invitation (token_hash, tenant_id, user_id, expires_at) VALUES ($1, $2, $3, now() + $4::interval)`,
    [hash, here.tenantId, person.id, endsIn],
  );
  return { person, token, link: `${here.urls[0]}/oauth/invitation/${token}` };
};

const choose = async (link: string, token: string, password: string, again = password) =>
  browser.submit(await browser.open(link), token, { password, again });

describe("an invitation", () => {
  it("sets a password once; the person signs in with it, and with the one before no more", async () => {
    const { person, link, token } = await invite();
    expect((await choose(link, token, CHOSEN)).body).toContain("Your password is set");
    expect((await browser.open(link)).status).toBe(404);
    const page = await browser.open((await here.ask()).url);
    expect((await here.signIn(browser, page, "the password before", person.email)).status).toBe(401);
    expect((await here.signIn(browser, page, CHOSEN, person.email)).body).toContain("Allow Stranger?");
  });

  it("of two at the same time one alone sets the password", async () => {
    const { link, token } = await invite();
    const page = await browser.open(link);
    const send = (password: string) => browser.submit(page, token, { password, again: password });
    const statuses = (await Promise.all([send(`${CHOSEN} one`), send(`${CHOSEN} two`)])).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 404]);
  });

  it("that ended, was cut or never was leads nowhere, and they are told alike", async () => {
    const { link } = await invite("-1 second");
    const seen = [link, link.slice(0, -1), `${here.urls[0]}/oauth/invitation/${randomBytes(32).toString("base64url")}`];
    const pages = await Promise.all(seen.map((address) => browser.open(address)));
    expect(pages.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(pages.map(({ body }) => body)).size).toBe(1);
  });

  it("takes no short password, no two different ones and not the email address, and can be used afterwards", async () => {
    const { person, link, token } = await invite();
    expect((await choose(link, token, "short")).status).toBe(400);
    expect((await choose(link, token, CHOSEN, `${CHOSEN}!`)).status).toBe(400);
    expect((await choose(link, token, person.email)).status).toBe(400);
    expect((await choose(link, token, CHOSEN)).status).toBe(200);
  });

  it("its password is kept as argon2id, which the application can write and not read", async () => {
    const { person, link, token } = await invite();
    await choose(link, token, CHOSEN);
    const { rows } = await here.opened.owner.query("SELECT hash FROM person_password WHERE user_id = $1", [person.id]);
    expect(JSON.stringify(rows)).toMatch(/\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const read = here.opened.resources.sql.run(
      here.tenantId,
      { name: "read-hashes", text: "SELECT hash FROM person_password", params: [] },
      () => null,
    );
    await expect(read).rejects.toThrow("permission denied");
  });
});
