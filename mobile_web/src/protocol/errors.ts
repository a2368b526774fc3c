/** A text that breaks a rule of SPEC. The message says which, without quoting secret content. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}
