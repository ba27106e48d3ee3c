const STORAGE_KEY = "tessera.apiKey";

/** The API key of this browser tab: it ends with the tab, and is never written to disk or into an address. */
export const readSessionKey = (): string | null => sessionStorage.getItem(STORAGE_KEY);

/** Keeps the key for this tab; null forgets it. */
export const writeSessionKey = (apiKey: string | null): void => {
  if (apiKey === null) sessionStorage.removeItem(STORAGE_KEY);
  else sessionStorage.setItem(STORAGE_KEY, apiKey);
};
