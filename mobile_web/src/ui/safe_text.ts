/** Text of others, shown so that nothing in it hides: what the eye cannot see is spelt out. */

// Controls but tab and line feed; soft hyphen, zero width, line separators, directional marks, embeddings and isolates.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** An argument, a path or a host as it will be used: line ends become ⏎, unseen characters `\u{…}`. */
export function exact(text: string): string {
  return text
    .replace(UNSEEN, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`)
    .replaceAll("\n", "⏎\n");
}

const DESTROYS = /^(-{1,2}(delete|force|overwrite|remove|purge|hard|prune|yes|clean)\b.*|-[a-z]*(rf|fr)[a-z]*|rm|rmdir|shred|dd|mkfs.*)$/i;

/** Worth a second look in an action that cannot be undone. */
export function destroys(argument: string): boolean {
  return DESTROYS.test(argument);
}
