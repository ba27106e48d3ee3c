import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTestHome } from "@tessera/platform/testing/abandoned-engines";

/** Engines run as another user when started by root, and have to reach their files. */
const PASSABLE = 0o711;

/** A directory of one test file. */
export interface TemporaryDirectory {
  readonly path: string;
  /** Path of a data directory inside; made by whoever starts on it. */
  home(name: string): string;
  /** Ends engines that were left behind in its homes and removes everything. */
  remove(): Promise<void>;
}

/** Makes a directory that engines of any user can work in. */
export const makeTemporaryDirectory = async (): Promise<TemporaryDirectory> => {
  const path = await mkdtemp(join(tmpdir(), "tessera-spec-"));
  await chmod(path, PASSABLE);
  const homes: string[] = [];
  return {
    path,
    home: (name) => {
      homes.push(join(path, name));
      return join(path, name);
    },
    remove: async () => {
      for (const home of homes) await removeTestHome(home);
      await rm(path, { recursive: true, force: true });
    },
  };
};
