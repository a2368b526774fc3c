/** Keeping the identity of what did not change, so that it is not drawn again. */

/** Whether two plain values (objects, lists, texts, numbers) are equal. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]));
}

/** `next`, with each item that equals the one of the same key in `before` replaced by it; `before` if all do. */
export function kept<T extends { readonly key: string }>(next: readonly T[], before: readonly T[]): readonly T[] {
  const known = new Map(before.map((item) => [item.key, item]));
  const items = next.map((item) => {
    const old = known.get(item.key);
    return old !== undefined && same(old, item) ? old : item;
  });
  return items.length === before.length && items.every((item, index) => item === before[index]) ? before : items;
}
