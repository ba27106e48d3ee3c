// Verifies an audit export without any other program of the product: node scripts/verify-audit-export.mjs <file> [--keys <jwks file>]
// Every hash is taken anew, every link followed, every seal checked; needs nothing but Node.
import { createHash, createPublicKey, verify } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const FORMAT = "tessera-audit-export/1";
const SEAL_TYPE = "tessera-audit-seal+jws";
const NO_HASH = "0".repeat(64);

class Broken extends Error {}
const must = (good, what) => {
  if (!good) throw new Broken(what);
};

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafOf = (data) => sha256(Buffer.of(0), data);
const nodeOf = (left, right) => sha256(Buffer.of(1), left, right);

/** JSON in its canonical form (RFC 8785). */
const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value).toSorted();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
};

/** The tree of RFC 6962 as it grows: one hash per level. */
const createTree = () => {
  const subtrees = [];
  let size = 0;
  return {
    size: () => size,
    append: (appended, atLevel = 0) => {
      must(size % 2 ** atLevel === 0, `A subtree of level ${atLevel} can't begin at ${size}.`);
      let [hash, level] = [appended, atLevel];
      while (subtrees.at(-1)?.level === level) {
        hash = nodeOf(subtrees.pop().hash, hash);
        level += 1;
      }
      subtrees.push({ level, hash });
      size += 2 ** atLevel;
    },
    root: () => {
      const hashes = subtrees.map(({ hash }) => hash);
      return hashes.length === 0 ? sha256() : hashes.reduceRight((right, left) => nodeOf(left, right));
    },
  };
};

/** Appends what the file does not hold, by the roots of its perfect subtrees. */
const appendRange = (tree, end, hashes, where) => {
  const rest = [...hashes];
  while (tree.size() < end) {
    let level = 0;
    while (tree.size() % 2 ** (level + 1) === 0 && tree.size() + 2 ** (level + 1) <= end) level += 1;
    const hash = rest.shift();
    must(/^[0-9a-f]{64}$/.test(hash ?? ""), `Hashes ${where} are missing.`);
    tree.append(Buffer.from(hash, "hex"), level);
  }
  must(rest.length === 0 && tree.size() === end, `There are too many hashes ${where}.`);
};

const keysOf = (jwks) =>
  new Map(
    jwks.map((jwk) => {
      const kid = createHash("sha256")
        .update(canonical({ crv: jwk.crv, kty: jwk.kty, x: jwk.x }))
        .digest("base64url");
      return [kid, createPublicKey({ key: jwk, format: "jwk" })];
    }),
  );

/** What a seal says, after its signature was verified with a trusted key. */
const openSeal = (jws, keys) => {
  const [header = "", payload = "", signature = ""] = String(jws).split(".");
  const { alg, kid, typ } = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
  const key = keys.get(kid);
  must(key !== undefined, `A seal is signed with the key ${kid}, which is not trusted.`);
  must(alg === "Ed25519" && typ === SEAL_TYPE && key.asymmetricKeyType === "ed25519", "A seal is of another kind.");
  const good = verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
  must(good, "A seal's signature is not good.");
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
};

/** Opens a seal that covers exactly the records so far. */
const sealedHere = ({ tree, header, keys }, jws) => {
  const said = openSeal(jws, keys);
  const { number, treeSize } = said;
  must(said.tenantId === header.tenantId, `Seal ${number} is another tenant's.`);
  must(treeSize === tree.size(), `Seal ${number} covers ${treeSize} records and stands behind ${tree.size()}.`);
  must(said.rootHash === tree.root().toString("hex"), `Seal ${number} was made of other records.`);
  return said;
};

const takeRecord = (state, { document, hash }) => {
  const place = state.tree.size();
  must(document.sequence === place, `At ${place} stands the record ${document.sequence}.`);
  must(document.tenantId === state.header.tenantId, `The record at ${place} is another tenant's.`);
  const taken = leafOf(canonical(document));
  must(taken.toString("hex") === hash, `The record at ${place} is not what its hash was taken of.`);
  const isLinked = state.head === null || document.previousHash === state.head;
  must(isLinked, `The record at ${place} was written behind another one.`);
  state.tree.append(taken);
  state.head = hash;
  state.records += 1;
};

const takeSeal = (state, { jws }) => {
  const said = sealedHere(state, jws);
  must(state.head === null || said.headHash === state.head, `Seal ${said.number} names another last record.`);
  // Of a file that begins at the first record every seal is known, of another those behind its first one.
  const { number, digest } = state.previous ?? { number: state.header.begin === 0 ? -1 : said.number - 1 };
  must(said.number === number + 1, `Seal ${number + 1} is missing.`);
  const isLinked = digest === undefined ? number >= 0 || said.previousSeal === null : said.previousSeal === digest;
  must(isLinked, `Seal ${said.number} was made behind another seal.`);
  state.previous = { number: said.number, digest: sha256(jws).toString("hex") };
  state.seals += 1;
};

const takeEnd = (state, line) => {
  const { tree, header } = state;
  const isWhole = line.end === tree.size() && line.end === header.end;
  must(isWhole, `The file ends at ${tree.size()} in place of ${header.end}.`);
  state.end = line;
  if (line.seal === null) return must(state.records === 0, "The records are covered by no seal.");
  appendRange(tree, openSeal(line.seal, state.keys).treeSize, line.hashesAfter, "behind the last record");
  state.newest = sealedHere(state, line.seal);
};

const createVerification = (trustedKeys) => {
  const state = {
    tree: createTree(),
    header: null,
    keys: null,
    head: null,
    previous: null,
    records: 0,
    seals: 0,
    end: null,
  };
  const takes = {
    header: (line) => {
      must(line.format === FORMAT, "This is no audit export of a known format.");
      state.header = line;
      state.keys = keysOf(trustedKeys ?? line.keys);
      appendRange(state.tree, line.begin, line.hashesBefore, "before the first record");
      state.head = line.begin === 0 ? NO_HASH : null;
    },
    record: (line) => takeRecord(state, line),
    seal: (line) => takeSeal(state, line),
    end: (line) => takeEnd(state, line),
    error: ({ code, detail }) => must(false, `The export was not brought to its end: ${code}, ${detail}`),
  };
  return {
    state,
    take: (text, number) => {
      const line = JSON.parse(text);
      must((line.type === "header") === (number === 1), `Line ${number} is not where it belongs.`);
      must(state.end === null, `Line ${number} stands behind the end.`);
      must(Object.hasOwn(takes, line.type), `Line ${number} is of no known type.`);
      takes[line.type](line);
    },
  };
};

const main = async ([file, option, keyFile]) => {
  if (file === undefined || (option !== undefined && (option !== "--keys" || keyFile === undefined))) {
    console.error("node scripts/verify-audit-export.mjs <file> [--keys <jwks file>]");
    return 2;
  }
  const trusted = keyFile === undefined ? null : JSON.parse(readFileSync(keyFile, "utf8")).keys;
  const { state, take } = createVerification(trusted);
  let number = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number += 1;
      take(text, number);
    }
    must(state.end !== null, "The file has no end: it is not complete.");
  } catch (error) {
    const why = error instanceof Broken ? error.message : `It can't be read (${error.message}).`;
    console.log(`NOT VERIFIED, line ${number}: ${why}`);
    return 1;
  }
  const { header, records, seals, newest } = state;
  console.log(
    `VERIFIED: ${records} records from ${header.begin} to before ${header.end} and ${seals} seals of tenant ${header.tenantId}.`,
  );
  if (newest !== undefined)
    console.log(
      `Newest seal: ${newest.number}, of ${newest.treeSize} records, made ${new Date(newest.sealedAtMs).toISOString()}.`,
    );
  if (trusted === null)
    console.log(
      `The keys are those the file names: compare them with /.well-known/tessera-audit-keys, or give them by --keys.\n${[...state.keys.keys()].join("\n")}`,
    );
  return 0;
};

process.exitCode = await main(process.argv.slice(2));
