/** Sealed files: AES-256-GCM in STREAM chunks (SPEC 6; Hoang, Reyhanitabar, Rogaway, Vizár 2015). */
import { Malformed } from "./errors.ts";
import type { BlobRef } from "./generated.ts";
import { b64, type Bytes, concat, newHexId, unb64, utf8 } from "./ids.ts";
import { secretKey } from "./jose.ts";

export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
const PREFIX_BYTES = 7;
const KEY_BYTES = 32;

/** What opens one blob; `wire` travels inside the sealed entry that names it. */
export interface BlobKey {
  readonly thread: string;
  readonly size: number;
  readonly wire: BlobRef;
  readonly key: CryptoKey;
  readonly prefix: Bytes;
}

/** A fresh key for a file of `size` plaintext bytes. */
export async function freshBlobKey(thread: string, size: number): Promise<BlobKey> {
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const prefix = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
  const wire = { id: newHexId(), key: b64(key), prefix: b64(prefix) };
  return { thread, size, wire, key: await secretKey(key), prefix };
}

/** Read the `blob` member of a file reference. Throws `Malformed`. */
export async function blobKey(thread: string, size: number, wire: BlobRef): Promise<BlobKey> {
  const key = unb64(wire.key);
  const prefix = unb64(wire.prefix);
  if (key.length !== KEY_BYTES || prefix.length !== PREFIX_BYTES) throw new Malformed("a blob key has the wrong length");
  return { thread, size, wire, key: await secretKey(key), prefix };
}

/** How many chunks a file of `size` bytes has; an empty file has one empty chunk. */
export function chunkCount(size: number): number {
  return Math.max(1, Math.ceil(size / CHUNK_BYTES));
}

/** Bytes on the wire of a file of `size` bytes. */
export function sealedSize(size: number): number {
  return size + TAG_BYTES * chunkCount(size);
}

/** Seal chunk `index`; all chunks but the last are exactly `CHUNK_BYTES`. */
export async function sealChunk(blob: BlobKey, index: number, chunk: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt(params(blob, index), blob.key, chunk));
}

/** Open chunk `index`. Throws `Malformed` for one that is not genuine, out of place, or cut. */
export async function openChunk(blob: BlobKey, index: number, chunk: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params(blob, index), blob.key, chunk));
  } catch {
    throw new Malformed("a chunk of the file is not genuine");
  }
}

/** Open a whole sealed file. Throws `Malformed` for a foreign, missing or extra chunk. */
export async function openBlob(blob: BlobKey, sealed: Bytes): Promise<Bytes[]> {
  if (sealed.length !== sealedSize(blob.size)) throw new Malformed("the file is not complete");
  const step = CHUNK_BYTES + TAG_BYTES;
  const chunks: Bytes[] = [];
  for (let index = 0; index < chunkCount(blob.size); index += 1) {
    chunks.push(await openChunk(blob, index, sealed.subarray(index * step, (index + 1) * step)));
  }
  return chunks;
}

function params(blob: BlobKey, index: number): AesGcmParams {
  const counter = new Uint8Array(5);
  new DataView(counter.buffer).setUint32(0, index);
  counter[4] = index === chunkCount(blob.size) - 1 ? 1 : 0;
  const additionalData = utf8(`deskhand-blob-v1|${blob.thread}|${blob.wire.id}|${blob.size}`);
  return { name: "AES-GCM", iv: concat(blob.prefix, counter), additionalData, tagLength: TAG_BYTES * 8 };
}
