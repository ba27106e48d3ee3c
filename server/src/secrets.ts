import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Secrets of an embedded installation, made once and kept beside its data. */
const secretsFile = z.object({
  identitySecret: z.string().min(32),
  apiKeyPepper: z.string().min(32),
  /** Keys that seal what the authorization server keeps; the first seals, all open. */
  keyRing: z.string(),
});
/** A file of an earlier version has no key ring yet. */
const earlierFile = secretsFile.partial({ keyRing: true });

/** Parsed secrets file. */
export type EmbeddedSecrets = z.infer<typeof secretsFile>;

/** Only the user who runs Tessera may read a file with credentials. */
export const PRIVATE_MODE = 0o600;

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

const newKeyRing = (): string => `first:${randomBytes(32).toString("base64url")}`;

/** Writes the file whole or not at all. */
const replace = async (path: string, secrets: EmbeddedSecrets): Promise<EmbeddedSecrets> => {
  await writeFile(`${path}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: PRIVATE_MODE });
  await rename(`${path}.new`, path);
  return secrets;
};

/** Reads the secrets of `home`, or makes them on the first start. */
export const readOrMakeSecrets = async (home: string): Promise<EmbeddedSecrets> => {
  const path = join(home, "secrets.json");
  try {
    const kept = earlierFile.parse(JSON.parse(await readFile(path, "utf8")));
    const { keyRing } = kept;
    return keyRing === undefined ? await replace(path, { ...kept, keyRing: newKeyRing() }) : { ...kept, keyRing };
  } catch (error) {
    if (!isMissing(error))
      throw new Error(`${path} can't be used. Restore it; without it no API key of this installation is valid.`, {
        cause: error,
      });
  }
  const made: EmbeddedSecrets = {
    identitySecret: randomBytes(32).toString("base64url"),
    apiKeyPepper: randomBytes(32).toString("base64url"),
    keyRing: newKeyRing(),
  };
  await writeFile(path, `${JSON.stringify(made, null, 2)}\n`, { mode: PRIVATE_MODE, flag: "wx" });
  return made;
};
