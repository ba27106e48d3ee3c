import { parseEventId, parseTenantId, type EventId, type TenantId } from "@tessera/contracts/ids";

const readVarint = (bytes: Uint8Array, from: number): { readonly value: number; readonly at: number } => {
  let value = 0;
  let scale = 1;
  let at = from;
  for (;;) {
    const byte = bytes[at] ?? 0;
    at += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, at };
    scale *= 128;
  }
};

const skipHeading = (bytes: Uint8Array, from: number): number => {
  const name = readVarint(bytes, from);
  const type = readVarint(bytes, name.at + name.value);
  return type.at + type.value;
};

const canonical = (bytes: Buffer, at: number): string => {
  const half = (from: number): string => bytes.readBigUInt64LE(from).toString(16).padStart(16, "0");
  const hex = half(at) + half(at + 8);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

/** Reads tenant and event id of every row back from an encoded block, whose first two columns they are. */
export const idsOfBlock = (block: Uint8Array): ReadonlyMap<TenantId, readonly EventId[]> => {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const columns = readVarint(bytes, 0);
  const rows = readVarint(bytes, columns.at);
  let at = skipHeading(bytes, rows.at);
  const tenants: string[] = [];
  for (let row = 0; row < rows.value; row += 1) {
    const length = readVarint(bytes, at);
    tenants.push(bytes.toString("latin1", length.at, length.at + length.value));
    at = length.at + length.value;
  }
  at = skipHeading(bytes, at);
  const ids = new Map<TenantId, EventId[]>();
  for (const [row, tenant] of tenants.entries()) {
    const [tenantId, eventId] = [parseTenantId(tenant), parseEventId(canonical(bytes, at + row * 16))];
    if (tenantId === null || eventId === null) throw new Error("The block is not one of ours.");
    const known = ids.get(tenantId);
    if (known === undefined) ids.set(tenantId, [eventId]);
    else known.push(eventId);
  }
  return ids;
};
