/** Keys of this device. They are made so that nobody can read them again, this page included. */
import { keyId, type PublicJwk, publicJwk } from "../protocol/ids.ts";
import type { Ephemeral } from "../protocol/pairing.ts";

export interface DeviceKey {
  readonly id: string;
  readonly jwk: PublicJwk;
  readonly privateKey: CryptoKey;
}

/** Whether this page may use keys at all: browsers give them to secure origins only. */
export function canUseKeys(): boolean {
  return globalThis.isSecureContext && globalThis.crypto?.subtle !== undefined;
}

export async function newDeviceKey(): Promise<DeviceKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const jwk = await exported(pair.publicKey);
  return { id: await keyId(jwk), jwk, privateKey: pair.privateKey };
}

/** A key pair for one pairing. */
export async function newEphemeral(): Promise<Ephemeral> {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  return { privateKey: pair.privateKey, jwk: await exported(pair.publicKey) };
}

async function exported(key: CryptoKey): Promise<PublicJwk> {
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", key);
  return publicJwk({ crv, kty, x, y });
}
