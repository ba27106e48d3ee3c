/** A column of an answer by the engine's name of its type. */
export interface WrittenColumn {
  readonly name: string;
  readonly type: "UInt8" | "UInt32" | "UInt64" | "Array(UInt64)" | "String";
  readonly values: readonly (number | bigint | string | readonly bigint[])[];
}

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(value >> 7)]);
const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([Buffer.from(varint(bytes.length)), bytes]);
};
const words = (values: readonly bigint[]): Buffer => Buffer.from(BigUint64Array.from(values).buffer);
const list = (value: unknown): readonly bigint[] =>
  Array.isArray(value) ? value.map((one) => BigInt(String(one))) : [];

const valuesOf = ({ type, values }: WrittenColumn): Buffer => {
  switch (type) {
    case "UInt8":
      return Buffer.from(Uint8Array.from(values, Number).buffer);
    case "UInt32":
      return Buffer.from(Uint32Array.from(values, Number).buffer);
    case "UInt64":
      return words(values.map((value) => BigInt(String(value))));
    case "String":
      return Buffer.concat(values.map((value) => text(String(value))));
    case "Array(UInt64)": {
      let end = 0n;
      const ends = values.map((value) => (end += BigInt(list(value).length)));
      return Buffer.concat([words(ends), words(values.flatMap(list))]);
    }
  }
};

/** One block of an answer in the engine's Native format, as `readNativeColumns` reads it. */
export const nativeBytes = (columns: readonly WrittenColumn[]): ArrayBuffer => {
  const rows = columns[0]?.values.length ?? 0;
  const block = Buffer.concat([
    Buffer.from([...varint(columns.length), ...varint(rows)]),
    ...columns.flatMap((column) => [text(column.name), text(column.type), valuesOf(column)]),
  ]);
  return new Uint8Array(block).buffer;
};
