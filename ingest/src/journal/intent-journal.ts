import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { parseBatchId, parseTenantId, type BatchId } from "@tessera/contracts/ids";
import type { BatchStored } from "@tessera/contracts/events/batch-stored";
import { z } from "zod";

/** What is about to be stored: enough to store it again under the same token, and to tell of it. */
export interface Intent {
  readonly batchId: BatchId;
  readonly receivedAtMs: number;
  readonly rows: number;
  /** One entry per tenant, told once the batch is stored. */
  readonly notices: readonly BatchStored[];
  /** The encoded rows as they are inserted. */
  readonly block: Uint8Array;
}

/**
 * Batches between the decision to store them and the proof that they are stored and told. A file that is left over after a crash is
 * stored again under its token. Files survive the end of the process, not the loss of power: like the store, nothing here waits for the disk.
 */
export interface IntentJournal {
  /** Writes the intent; when this resolves a crash can no longer lose it. */
  write(intent: Intent): Promise<void>;
  remove(batchId: BatchId): Promise<void>;
  /** Batches whose file is still there, oldest first by id. */
  leftovers(): Promise<readonly BatchId[]>;
  /** Reads an intent; null when its file is incomplete, which means that its insert never began. */
  read(batchId: BatchId): Promise<Intent | null>;
  /** Puts a file aside that must not be stored again, for an operator to look at. */
  quarantine(batchId: BatchId): Promise<string>;
  /** This journal's own id, kept in its directory: who reads the same directory is the same writer. */
  identity(newId: () => string): Promise<string>;
}

const MAGIC = Buffer.from("TSRINT01", "latin1");
const PREFIX_BYTES = MAGIC.length + 8;
const SUFFIX = ".intent";
const IDENTITY_FILE = "journal-id";

const tenantId = z.string().transform((text, context) => {
  const parsed = parseTenantId(text);
  if (parsed === null) context.addIssue("not a tenant id");
  return parsed ?? z.NEVER;
});
const batchId = z.string().transform((text, context) => {
  const parsed = parseBatchId(text);
  if (parsed === null) context.addIssue("not a batch id");
  return parsed ?? z.NEVER;
});
const header = z.object({
  batchId,
  receivedAtMs: z.number(),
  rows: z.number(),
  notices: z.array(
    z.object({
      tenantId,
      batchId,
      rows: z.number(),
      identifies: z.number().exactOptional(),
      minTimeMs: z.number(),
      maxTimeMs: z.number(),
      receivedAtMs: z.number(),
    }),
  ),
});

/** Writes an intent as bytes: magic, length and checksum of the header, header as JSON, block. */
export const encodeIntent = (intent: Intent): readonly Uint8Array[] => {
  const { block, ...rest } = intent;
  const head = Buffer.from(JSON.stringify({ ...rest, blockBytes: block.byteLength, blockCrc: crc32(block) }), "utf8");
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(head.length, MAGIC.length);
  prefix.writeUInt32LE(crc32(head), MAGIC.length + 4);
  return [prefix, head, block];
};

const integrity = z.object({ blockBytes: z.number(), blockCrc: z.number() });

/** Reads the bytes of an intent; null when anything is missing or does not match its checksum. */
export const decodeIntent = (bytes: Buffer): Intent | null => {
  if (bytes.length < PREFIX_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const headBytes = bytes.readUInt32LE(MAGIC.length);
  const head = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headBytes);
  if (head.length !== headBytes || crc32(head) !== bytes.readUInt32LE(MAGIC.length + 4)) return null;
  const raw: unknown = JSON.parse(head.toString("utf8"));
  const { blockBytes, blockCrc } = integrity.parse(raw);
  const block = bytes.subarray(PREFIX_BYTES + headBytes);
  if (block.length !== blockBytes || crc32(block) !== blockCrc) return null;
  return { ...header.parse(raw), block };
};

const writeFileParts = async (path: string, parts: readonly Uint8Array[]): Promise<void> => {
  const file = await open(path, "w", 0o600);
  try {
    for (const part of parts) await file.writeFile(part);
  } finally {
    await file.close();
  }
};

const readIdentity = async (path: string): Promise<string | null> => {
  try {
    return parseBatchId((await readFile(path, "utf8")).trim());
  } catch {
    return null;
  }
};

/** Opens the journal in a directory, which is made when missing. */
export const openIntentJournal = async (directory: string): Promise<IntentJournal> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pathOf = (id: BatchId): string => join(directory, `${id}${SUFFIX}`);
  return {
    write: async (intent) => {
      const path = pathOf(intent.batchId);
      await writeFileParts(`${path}.part`, encodeIntent(intent));
      await rename(`${path}.part`, path);
    },
    remove: (id) => rm(pathOf(id), { force: true }),
    leftovers: async () => {
      const names = (await readdir(directory)).toSorted();
      // A `.part` was being written when its process ended: its insert never began.
      await Promise.all(
        names.filter((name) => name.endsWith(".part")).map((name) => rm(join(directory, name), { force: true })),
      );
      return names.flatMap((name) => {
        const id = name.endsWith(SUFFIX) ? parseBatchId(name.slice(0, -SUFFIX.length)) : null;
        return id === null ? [] : [id];
      });
    },
    read: async (id) => decodeIntent(await readFile(pathOf(id))),
    quarantine: async (id) => {
      const aside = `${pathOf(id)}.quarantine`;
      await rename(pathOf(id), aside);
      return aside;
    },
    identity: async (newId) => {
      const path = join(directory, IDENTITY_FILE);
      const known = await readIdentity(path);
      if (known !== null) return known;
      const made = newId();
      await writeFileParts(path, [Buffer.from(`${made}\n`, "utf8")]);
      return made;
    },
  };
};
