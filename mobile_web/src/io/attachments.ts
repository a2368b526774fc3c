/** Makes a file ready to be sent: a private copy with its own key, in a form the computer can read. */
import { freshBlobKey } from "../protocol/blobs.ts";
import { hex, sha256 } from "../protocol/ids.ts";
import type { Copy } from "./kv.ts";

export type Prepared = Copy;

/** A file is read into memory to be hashed. */
const MAX_BYTES = 200 * 1024 * 1024;
const JPEG_QUALITY = 0.9;

export async function prepare(file: File, id: string, thread: string, mostBytes: number): Promise<Prepared> {
  const limit = Math.min(MAX_BYTES, mostBytes);
  if (file.size > limit) {
    throw new Error(`Files up to ${Math.floor(limit / 1024 / 1024)} MB can be sent from here. Put this one into a folder of the computer.`);
  }
  const { content, name, mime } = await readable(file);
  const bytes = new Uint8Array(await content.arrayBuffer());
  const { wire } = await freshBlobKey(thread, bytes.length);
  // Of its own, so that the file on the device may change or vanish meanwhile.
  return { id, name, mime, content: new Blob([bytes], { type: mime }), blob: wire, sha256: hex(await sha256(bytes)) };
}

/** HEIC pictures become JPEG where this browser can read them, which are those that make them. */
async function readable(file: File): Promise<{ content: Blob; name: string; mime: string }> {
  const mime = file.type || "application/octet-stream";
  const asIs = { content: file, name: file.name, mime };
  if (!/^image\/hei[cf]/.test(mime) && !/\.hei[cf]$/i.test(file.name)) return asIs;
  try {
    const picture = await createImageBitmap(file);
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
    const content = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
    return { content, name: file.name.replace(/\.hei[cf]$/i, ".jpg"), mime: "image/jpeg" };
  } catch {
    return asIs;
  }
}
