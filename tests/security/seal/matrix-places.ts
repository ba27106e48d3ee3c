import type { OwnThings } from "../examples.ts";

/** What the matrix is told of: the places that take an id, a thing of alpha for each, and how each place is asked. */
export interface Places {
  readonly names: readonly string[];
  readonly foreignIdOf: (place: string, of: OwnThings) => Promise<string>;
  readonly unknownLike: (id: string) => string;
  readonly ask: (place: string, apiKey: string, id: string) => Promise<string>;
}
