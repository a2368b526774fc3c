/** The page's verdicts for `tests/protocol/test_differential.py`: a JSON list of cases in, a list of verdicts out. */
import { readFileSync } from "node:fs";

import { parseEntry } from "../../src/protocol/envelope.ts";
import { Malformed } from "../../src/protocol/errors.ts";
import { hex, kidText, parseKid, type PublicJwk, unb64, unhex } from "../../src/protocol/ids.ts";
import * as jose from "../../src/protocol/jose.ts";
import { checkBody, type JsonObject, parseLive, strictJson } from "../../src/protocol/parse.ts";

interface Case {
  readonly kind: string;
  readonly text: string;
  readonly body: JsonObject;
}

const { jwk, key, kid, typ, cases } = JSON.parse(readFileSync(0, "utf8")) as {
  jwk: PublicJwk; key: string; kid: string; typ: string; cases: Case[];
};
const secret = await jose.secretKey(unb64(key));

async function verdict(given: Case): Promise<unknown> {
  switch (given.kind) {
    case "base64url":
      return hex(unb64(given.text));
    case "kid":
      return kidText(parseKid(given.text));
    case "json":
      // Written again, as numbers have more than one spelling.
      return JSON.stringify(strictJson(unhex(given.text)));
    case "jws": {
      const signed = jose.parseSigned(given.text, typ);
      return (await jose.verify(signed, jwk)) ? hex(signed.payload) : null;
    }
    case "jwe":
      return hex(await jose.decrypt(given.text, secret, kid));
    case "entry":
      return kidText(parseEntry(given.text).kid);
    case "body":
      return checkBody(given.body);
    case "live":
      return parseLive(given.body) !== null;
    default:
      throw new TypeError(given.kind);
  }
}

const verdicts: unknown[] = [];
for (const given of cases) {
  try {
    verdicts.push([true, await verdict(given)]);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    verdicts.push([false, null]);
  }
}
process.stdout.write(JSON.stringify(verdicts));
