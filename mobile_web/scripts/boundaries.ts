/**
 * The rules between the page's rooms: what is pure stays pure, and the screens reach the outside through the store only.
 * Exits with 1 and names each import or global that crosses.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const SRC = join(import.meta.dirname, "../src");

/** What the files of a room may import; `type:` where only types. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  protocol: ["protocol"],
  // The items of a thread are described once, where the screens read them.
  core: ["core", "protocol", "type:state/view.ts"],
  io: ["io", "core", "protocol", "type:state/view.ts"],
  state: ["state", "io", "core", "protocol"],
  ui: ["ui", "type:state/view.ts", "state/actions.ts"],
  sw: ["sw", "io", "protocol"],
};

/** Globals that do input or output, or read the clock or chance. */
const IO = /\b(?:fetch|indexedDB|localStorage|sessionStorage|navigator|document|window|location|WebSocket|BroadcastChannel|caches|setTimeout|setInterval|Date\.now|Math\.random|new Date\(\))(?=[\s.(;,)])/g;

const problems: string[] = [];

for (const path of globSync("**/*.{ts,tsx}", { cwd: SRC })) {
  const room = path.split("/")[0] ?? "";
  const allowed = MAY[room];
  const text = readFileSync(join(SRC, path), "utf8");
  if (allowed === undefined) continue;
  for (const [, kind, target = ""] of text.matchAll(/(?:^|\n)(?:import|export)( type)?[^;"']*?["'](\.[^"']+)["']/g)) check(path, allowed, kind !== undefined, target);
  for (const [, target = ""] of text.matchAll(/\bimport\(["'](\.[^"']+)["']\)/g)) check(path, allowed, false, target);
  if (room !== "core") continue;
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, "");
  for (const [name] of code.matchAll(IO)) problems.push(`${path} uses ${name}: core is given its clock, its chance and its data`);
}

function check(path: string, allowed: readonly string[], isType: boolean, target: string): void {
  const full = normalize(join(dirname(path), target));
  const fits = allowed.some((rule) => {
    const [name, onlyType] = rule.startsWith("type:") ? [rule.slice(5), true] : [rule, false];
    return (full === name || full.startsWith(`${name}/`)) && (isType || !onlyType);
  });
  if (!fits) problems.push(`${path} imports ${full}`);
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
