/** Bits per id: about one false "maybe" in a thousand ids and layer, at 8 bits set per id. */
const BITS_PER_ID = 16;
/** A block is one cache line, 512 bits, so that a test touches memory once per layer. */
const WORDS_PER_BLOCK = 16;
const BITS_PER_BLOCK = WORDS_PER_BLOCK * 32;
/** Ids the first layer is made for; each further layer holds four times as many. */
const FIRST_LAYER_IDS = 1_000_000;
const GROWTH = 4;
/** Layers at most: 1 + 4 + 16 + 64 million ids in 170 MB. Beyond that the last layer fills up and answers "maybe" more often. */
export const MAX_LAYERS = 4;

/** An id's hash: two independent 32-bit numbers. */
export interface IdHash {
  readonly high: number;
  readonly low: number;
}

const mix = (value: number): number => {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
};

/** Hashes a text (a tenant id) to 32 bits: FNV-1a with a final mix. */
export const hashText = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix(hash);
};

/** Hashes an event id given as four 32-bit words, under its tenant's hash. */
export const hashId = (tenant: number, w0: number, w1: number, w2: number, w3: number): IdHash => ({
  high: mix(mix(mix(mix(tenant ^ w0) + w1) ^ w2) + w3),
  low: mix(mix(mix(mix(tenant + 0x9e3779b9 + w3) ^ w2) + w1) ^ w0),
});

const hexDigit = (code: number): number => (code <= 57 ? code - 48 : (code | 32) - 87);

const word = (text: string, places: readonly number[]): number => {
  let value = 0;
  for (const place of places) value = (value << 4) | hexDigit(text.charCodeAt(place));
  return value;
};

const WORD_PLACES = [
  [0, 1, 2, 3, 4, 5, 6, 7],
  [9, 10, 11, 12, 14, 15, 16, 17],
  [19, 20, 21, 22, 24, 25, 26, 27],
  [28, 29, 30, 31, 32, 33, 34, 35],
] as const;

/** Hashes an event id in its canonical text form. */
export const hashCanonicalId = (tenant: number, canonical: string): IdHash =>
  hashId(
    tenant,
    word(canonical, WORD_PLACES[0]),
    word(canonical, WORD_PLACES[1]),
    word(canonical, WORD_PLACES[2]),
    word(canonical, WORD_PLACES[3]),
  );

/** A set of hashes that may err only by "maybe": what was added is never denied. Memory is bounded. */
export interface IdFilter {
  add(hash: IdHash): void;
  /** False: certainly never added. True: perhaps added. */
  mayContain(hash: IdHash): boolean;
  readonly bytes: number;
  readonly added: number;
}

interface Layer {
  readonly words: Uint32Array;
  readonly blocks: number;
  readonly capacity: number;
  count: number;
}

const createLayer = (capacity: number): Layer => {
  const blocks = Math.ceil((capacity * BITS_PER_ID) / BITS_PER_BLOCK);
  return { words: new Uint32Array(blocks * WORDS_PER_BLOCK), blocks, capacity, count: 0 };
};

const BITS_PER_HASH = 8;

/** Runs over the 8 bits of a hash in a layer; stops early when `each` says false. */
const eachBit = (layer: Layer, hash: IdHash, each: (index: number, bit: number) => boolean): boolean => {
  const base = Math.floor((hash.high / 4_294_967_296) * layer.blocks) * WORDS_PER_BLOCK;
  let bits = hash.low;
  let step = mix(hash.low ^ 0x5bd1e995) | 1;
  for (let count = 0; count < BITS_PER_HASH; count += 1) {
    const place = bits >>> 23;
    if (!each(base + (place >>> 5), 1 << (place & 31))) return false;
    bits = (bits + step) >>> 0;
    step = (step + 0x9e3779b9) >>> 0;
  }
  return true;
};

/** Makes an empty filter: a blocked Bloom filter (Putze, Sanders, Singler 2007) that grows by layers (Almeida et al. 2007). */
export const createIdFilter = (firstLayerIds = FIRST_LAYER_IDS, maxLayers = MAX_LAYERS): IdFilter => {
  const layers: Layer[] = [createLayer(firstLayerIds)];
  let added = 0;

  const lastLayer = (): Layer => {
    const last = layers.at(-1);
    if (last !== undefined && (last.count < last.capacity || layers.length >= maxLayers)) return last;
    const next = createLayer(firstLayerIds * GROWTH ** layers.length);
    layers.push(next);
    return next;
  };
  const contains = (layer: Layer, hash: IdHash): boolean =>
    eachBit(layer, hash, (index, bit) => ((layer.words[index] ?? 0) & bit) !== 0);
  return {
    add: (hash) => {
      const layer = lastLayer();
      eachBit(layer, hash, (index, bit) => {
        layer.words[index] = (layer.words[index] ?? 0) | bit;
        return true;
      });
      layer.count += 1;
      added += 1;
    },
    mayContain: (hash) => layers.some((layer) => contains(layer, hash)),
    get bytes() {
      return layers.reduce((sum, layer) => sum + layer.words.byteLength, 0);
    },
    get added() {
      return added;
    },
  };
};
