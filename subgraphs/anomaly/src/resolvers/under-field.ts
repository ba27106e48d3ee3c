/** Puts each item of an iterator under the name of its subscription field; ending it ends the source at once. */
export const underField = <Field extends string, Item>(
  field: Field,
  source: AsyncIterableIterator<Item>,
): AsyncIterableIterator<Record<Field, Item>> => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next: async () => {
    const result = await source.next();
    if (result.done === true) return { done: true, value: undefined };
    // boundary: TypeScript widens a computed key to string.
    return { done: false, value: { [field]: result.value } as Record<Field, Item> };
  },
  return: async () => {
    await source.return?.();
    return { done: true, value: undefined };
  },
});
