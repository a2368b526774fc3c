/** Files on their way: sealed from a private copy, or fetched, opened and checked before anybody sees them. */
import { blobKey, CHUNK_BYTES, openBlob, sealChunk, sealedSize, TAG_BYTES } from "../protocol/blobs.ts";
import { Malformed } from "../protocol/errors.ts";
import type { BlobRef } from "../protocol/generated.ts";
import { concat, hex, sha256 } from "../protocol/ids.ts";
import type { Api } from "./api.ts";
import type { Copy } from "./kv.ts";

/** Sealed chunks sent in one request. */
const PART_CHUNKS = 16;
const SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES;

/** Bring a copy to the relay, going on where an earlier try ended. */
export async function upload(api: Api, thread: string, copy: Copy, onPercent: (percent: number) => void): Promise<string> {
  const { content, blob: wire } = copy;
  const blob = await blobKey(thread, content.size, wire);
  const total = sealedSize(content.size);
  let offset = copy.begun === true ? await api.uploaded(wire.id) : 0;
  while (offset !== null && offset < total) {
    onPercent(Math.floor((offset * 100) / total));
    const first = Math.floor(offset / SEALED_CHUNK);
    const chunks: Uint8Array[] = [];
    for (let index = first; index < first + PART_CHUNKS && index * SEALED_CHUNK < total; index += 1) {
      const plain = content.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      chunks.push(await sealChunk(blob, index, new Uint8Array(await plain.arrayBuffer())));
    }
    const part = concat(...chunks).subarray(offset - first * SEALED_CHUNK);
    await api.upload(wire.id, offset, total, part);
    offset += part.length;
  }
  onPercent(100);
  return wire.id;
}

/** Fetch and open a sealed file of `size` bytes. Throws `Malformed` where it is not the one the entry names. */
export async function download(
  api: Api, thread: string, size: number, wire: BlobRef, digest: string | null, onPercent: (percent: number) => void,
): Promise<Blob> {
  const total = sealedSize(size);
  const sealed = await api.download(wire.id, (bytes) => onPercent(Math.min(100, Math.floor((bytes * 100) / total))));
  const plain = new Blob(await openBlob(await blobKey(thread, size, wire), sealed));
  if (digest !== null && hex(await sha256(new Uint8Array(await plain.arrayBuffer()))) !== digest) {
    throw new Malformed("the file is not the one the entry names");
  }
  return plain;
}
