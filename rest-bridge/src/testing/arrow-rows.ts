import { tableFromIPC, type StructRowProxy } from "apache-arrow";

/** The rows of an Arrow stream, by the names of their columns, as Arrow's own reader reads them. */
export const arrowRows = (bytes: ArrayBuffer): readonly Readonly<Record<string, unknown>>[] =>
  tableFromIPC(new Uint8Array(bytes))
    .toArray()
    .map((row: StructRowProxy): Readonly<Record<string, unknown>> => row.toJSON());
