type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** Picks a language's form for a number, by the rules of Unicode CLDR. */
export function pluraliser(tag: string) {
  const rules = new Intl.PluralRules(tag);
  const numbers = new Intl.NumberFormat(tag);
  /** The form for `n`, its `#` replaced by the number. */
  return (n: number, forms: Forms): string => (forms[rules.select(n)] ?? forms.other).replace("#", numbers.format(n));
}
