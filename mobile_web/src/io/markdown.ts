/** Markdown of the computer as safe HTML. Loaded when it is first needed. */
import DOMPurify from "dompurify";
import { Marked } from "marked";

import type { RenderMarkdown } from "../state/view.ts";
import { policy } from "./trusted.ts";

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    // Raw HTML is shown as it was written.
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => imageLink(href, text),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

const ALLOWED = [
  "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol",
  "p", "pre", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
];

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/**
 * A remote image becomes a link: the page itself connects to nothing but its own origin, and fetching an image would
 * tell its server that the message is being read.
 */
function imageLink(href: string, text: string): string {
  const host = hostOf(href);
  return host === null ? escaped(text) : `<a href="${escaped(href)}">${escaped(text || host)}</a>`;
}

function hostOf(href: string): string | null {
  try {
    const url = new URL(href);
    return url.protocol === "https:" ? url.host : null;
  } catch {
    return null;
  }
}

const purify = DOMPurify(window);
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  const href = node.getAttribute("href") ?? "";
  if (/^mailto:/i.test(href)) return;
  const host = /^https?:/i.test(href) ? hostOf(href.replace(/^http:/i, "https:")) : null;
  if (host === null) {
    node.removeAttribute("href");
    return;
  }
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
  node.setAttribute("title", host);
  // A link may not dress up as another address than it leads to.
  const text = node.textContent ?? "";
  if (!text.includes(host)) node.append(` (${host})`);
});

const MAX_KEPT = 100;
const kept = new Map<string, { __html: string }>();

/** The same text gives the same object, so that it is not put into the page again. */
export const renderMarkdown: RenderMarkdown = (text) => {
  const held = kept.get(text);
  if (held !== undefined) return held;
  const html = purify.sanitize(marked.parse(text) as string, {
    ALLOWED_TAGS: ALLOWED,
    ALLOWED_ATTR: ["href", "class", "start", "align", "dir"],
    ALLOW_DATA_ATTR: false,
    RETURN_TRUSTED_TYPE: true,
    TRUSTED_TYPES_POLICY: policy() as never,
  });
  const markup = { __html: html as unknown as string };
  kept.set(text, markup);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) break;
    kept.delete(oldest);
  }
  return markup;
};
