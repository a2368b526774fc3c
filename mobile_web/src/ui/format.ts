/** Numbers, times and sizes in the words of the reader's own region. */
import { languageTag } from "./words.ts";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** The reader's region where it speaks the page's language ("en-GB"), else the language alone. */
function locale(): string {
  const tag = languageTag.value;
  return navigator.languages.find((one) => one === tag || one.startsWith(`${tag}-`)) ?? tag;
}

const formats = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let made = formats.get(key) as Intl.DateTimeFormat | undefined;
  if (made === undefined) formats.set(key, (made = new Intl.DateTimeFormat(locale(), options)));
  return made;
}

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let made = formats.get(key) as Intl.NumberFormat | undefined;
  if (made === undefined) formats.set(key, (made = new Intl.NumberFormat(locale(), options)));
  return made;
}

function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}

/** 14:02 */
export function clock(at: string): string {
  return dates({ hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** 14:02, or with its day where that is not today. */
export function when(at: string, now = new Date()): string {
  const date = new Date(at);
  if (sameDay(date, now)) return clock(at);
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return dates({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", year }).format(date);
}

/** 12 Dec */
export function day(at: string): string {
  return dates({ day: "numeric", month: "short" }).format(new Date(at));
}

/** Thursday 12 November, of a YYYY-MM-DD in the device's own zone. */
export function dayTitle(date: string, now = new Date()): string {
  const noon = new Date(`${date}T12:00:00`);
  const year = noon.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return dates({ weekday: "long", day: "numeric", month: "long", year }).format(noon);
}

function unit(value: number, name: string, unitDisplay: "narrow" | "short" = "short", digits = 0): string {
  return numbers({ style: "unit", unit: name, unitDisplay, maximumFractionDigits: digits }).format(value);
}

/** 4m 12s; 2h 5m; 3 days */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const pair = (large: number, of: string, small: number, and: string) => `${unit(large, of, "narrow")} ${unit(small, and, "narrow")}`;
  if (s < MINUTE_S) return unit(s, "second", "narrow");
  if (s < HOUR_S) return pair(Math.floor(s / MINUTE_S), "minute", s % MINUTE_S, "second");
  if (s < DAY_S) return pair(Math.floor(s / HOUR_S), "hour", Math.floor((s % HOUR_S) / MINUTE_S), "minute");
  return unit(Math.round(s / DAY_S), "day");
}

/** A whole length of time as it is chosen: 72 hr, 7 days. */
export function hours(seconds: number): string {
  const inHours = Math.round(seconds / HOUR_S);
  return inHours <= 72 ? unit(inHours, "hour") : unit(Math.round(seconds / DAY_S), "day");
}

/** mm:ss until `at`, never below zero. */
export function countdown(at: string, now: number): string {
  const left = Math.max(0, Math.round((Date.parse(at) - now) / 1000));
  return `${Math.floor(left / MINUTE_S)}:${String(left % MINUTE_S).padStart(2, "0")}`;
}

/** 12 kB */
export function size(bytes: number): string {
  if (bytes < 1000) return unit(bytes, "byte");
  if (bytes < 1e6) return unit(bytes / 1e3, "kilobyte");
  if (bytes < 1e9) return unit(bytes / 1e6, "megabyte", "short", 1);
  return unit(bytes / 1e9, "gigabyte", "short", 1);
}

/** $0.14; below one cent with four digits. */
export function money(usd: number): string {
  const digits = usd > 0 && usd < 0.01 ? 4 : 2;
  return numbers({ style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(usd);
}

/** 18,240 */
export function count(value: number): string {
  return numbers({}).format(value);
}

/** 62% */
export function percent(value: number): string {
  return numbers({ style: "percent" }).format(value / 100);
}
