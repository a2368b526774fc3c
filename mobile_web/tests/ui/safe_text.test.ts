import { expect, test } from "vitest";

import { destroys, exact } from "../../src/ui/safe_text.ts";

test.each([
  ["Eisen\u202Egpj.exe", "Eisen\\u{202e}gpj.exe"],
  ["a\u0000b\u001b[31m", "a\\u{0}b\\u{1b}[31m"],
  ["pay\u200bpal\ufeff", "pay\\u{200b}pal\\u{feff}"],
  ["tag\u{e0041}", "tag\\u{e0041}"],
  ["one\ntwo", "one⏎\ntwo"],
  ["Käse für Aydın — محضر 会议.md", "Käse für Aydın — محضر 会议.md"],
])("nothing unseen stays unseen: %j", (text, shown) => {
  expect(exact(text)).toBe(shown);
});

test.each(["--delete", "--delete-after", "-rf", "rm", "--force", "-fr"])("%s deserves a second look", (argument) => {
  expect(destroys(argument)).toBe(true);
});

test.each(["--archive", "report.txt", "-r", "former", "--format", "~/rm"])("%s does not", (argument) => {
  expect(destroys(argument)).toBe(false);
});
