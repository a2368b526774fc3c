/** The page's only Trusted Types policy. What it makes has been sanitised, or is a script of our own. */

interface Policy {
  createHTML(input: string): string;
  createScriptURL(input: string): string;
}

interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

const WORKER = "/sw.js";

const rules: Policy = {
  createHTML: (input) => input,
  createScriptURL(input) {
    if (input !== WORKER) throw new TypeError("not a script of this page");
    return input;
  },
};

let made: Policy | undefined;

/** Only for `markdown.ts`, whose sanitiser feeds it, and for the worker's address. */
export function policy(): Policy {
  made ??= (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy("deskhand", rules) ?? rules;
  return made;
}

export function workerUrl(): string {
  return policy().createScriptURL(WORKER);
}
