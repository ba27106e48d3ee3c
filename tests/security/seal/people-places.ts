import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TesseraClient } from "../../testing/tessera-client.ts";

const erasureShape = z.object({ erasePerson: z.object({ id: z.string() }) });

/** Asks for the erasure of somebody who was never seen; answers the erasure's id. */
const makeErasure = async (client: TesseraClient): Promise<string> => {
  const text = "mutation ($input: ErasePersonInput!) { erasePerson(input: $input) { id } }";
  const input = { userId: `never-seen-${randomUUID()}`, reason: "asked for" };
  return (await client.ask(erasureShape, text, { input })).erasePerson.id;
};

/** Places about people that take the id of something of a tenant's. */
export const peoplePlaces = (client: () => TesseraClient) => ({
  "Query.personErasure(id)": {
    own: () => makeErasure(client()),
    variables: (id: string) => ({ id }),
    selection: "{ reason }",
  },
});
