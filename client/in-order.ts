/** Works on up to `count` items at once, and answers in their order. */
export async function* mapInOrder<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  count: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const results: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    // Its failure is thrown when it is its turn, if that comes.
    result.catch(() => undefined);
    results.push(result);
    const first = results.length < count ? undefined : results.shift();
    if (first !== undefined) yield await first;
  }
  for (const result of results) yield await result;
}
