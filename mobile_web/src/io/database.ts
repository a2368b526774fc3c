/** IndexedDB in promises: the little of it that `kv.ts` needs. */

/** What a request brings. Await it at once: a transaction ends when nothing is asked of it any more. */
export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves once a transaction is on disk; rejects where nothing of it was kept. */
export function done(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new DOMException("The transaction was aborted.", "AbortError"));
  });
}

/** Open a database, making its stores the first time. A newer page in another tab closes it. */
export function openDatabase(name: string, make: (db: IDBDatabase) => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => make(request.result);
  return result(request).then((db) => {
    db.onversionchange = () => db.close();
    return db;
  });
}
