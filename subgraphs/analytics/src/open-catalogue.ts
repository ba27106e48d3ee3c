import type { Resources } from "@tessera/platform/runtime/resources";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import { createCatalogueBound } from "./reactions/bound-catalogue.ts";
import { createForgetRarest } from "./store/semantic/catalogue-bound.ts";
import { createKnownNames } from "./store/semantic/known-names.ts";
import { createPropertyCatalogue } from "./store/semantic/property-catalogue.ts";

/** Opens what was ever sent: how it is listed, how names are looked up in it, and what holds it to its bound. */
export const openCatalogue = (
  resources: Pick<Resources, "sql" | "logger" | "eventStore">,
  { longQueries }: { readonly longQueries: LongQueryStore },
) => {
  const knownNames = createKnownNames(resources.eventStore);
  const forgetRarest = createForgetRarest(longQueries);
  return {
    ...{ knownNames, catalogue: createPropertyCatalogue(resources.eventStore) },
    background: [createCatalogueBound({ ...resources, knownNames, forgetRarest })],
  };
};
