/** Literal view models: one of every item and state, for the gallery and the component tests. */
import type {
  ActivityDay, AskItem, DeviceView, FactsView, FileView, FrozenView, HeaderView, Item, LinkView, MessageItem, PreviewView, ResultItem, StepLine, TaskItem,
} from "../../src/state/view.ts";

const hex = (n: number) => n.toString(16).padStart(32, "0");
const at = (time: string) => new Date(`2026-11-12T${time}:00`).toISOString();

export const workbook: FileView = {
  id: "f1", name: "Unpaid invoices October.xlsx", bytes: 12_040, mime: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  sha256: "0".repeat(64), availability: "relay", path: "~/Deskhand/Unpaid invoices October.xlsx", hasPreview: true, seq: 12, at: at("08:46"),
};
export const photo: FileView = {
  id: "f2", name: "Roof 1.jpg", bytes: 2_100_000, mime: "image/jpeg", sha256: "1".repeat(64), availability: "sending", hasPreview: false,
};
export const minutes: FileView = {
  id: "f3", name: "محضر الاجتماع.md", bytes: 4_100, mime: "text/markdown", sha256: "2".repeat(64), availability: "computer", hasPreview: true, seq: 31, at: at("14:12"),
};

export const grid: PreviewView = {
  kind: "grid", totalRows: 31, note: "Open",
  rows: [
    ["Client", "Invoice", "Due", "Open, €", "Days late"],
    ["Hofmann & Söhne", "2026-0184", "02 Oct", "6,120.00", "41"],
    ["Pension Seeblick", "2026-0188", "10 Oct", "4,875.50", "33"],
    ["Lindenhof eG", "2026-0197", "31 Oct", "3,300.00", "12"],
    ["Café Morgenrot", "2026-0199", "02 Nov", "1,980.00", "10"],
    ["Fam. Brandt", "2026-0201", "05 Nov", "1,240.00", "7"],
    ["Dr. Aydın", "2026-0203", "06 Nov", "495.00", "6"],
    ["Stadtwerke", "2026-0204", "09 Nov", "230.00", "3"],
  ],
};
export const previews: Readonly<Record<string, readonly PreviewView[]>> = {
  f1: [grid, { kind: "grid", note: "Paid", rows: [["Client", "Paid"], ["Müller", "120.00"]] }],
  f3: [{ kind: "markdown", text: "## Decided\n\n- Larch, 28 m²\n- Before Easter\n\n> In the minutes, **not in the offer**." }],
};

let counter = 0;
export function message(text: string, time: string, rest: Partial<MessageItem> = {}): MessageItem {
  counter += 1;
  return {
    type: "message", key: `m${counter}`, id: hex(counter), seq: counter, at: at(time), text, files: [], mine: true, from: "Ines’s phone", viaTerminal: false,
    edited: false, receipt: { kind: "answered", at: at("08:46") }, canCancel: false, canEdit: false, expiresAt: at("23:59"), ...rest,
  };
}

export const steps: readonly StepLine[] = [
  { step: hex(101), tool: "read", title: "Read Offer Brandt.pdf", state: "ok", detail: "pages 1–8\n4,180.00 larch, triple glass" },
  { step: hex(102), tool: "edit", title: "Edit Cost sheet.md", state: "ok", detail: "--- a/Cost sheet.md\n+++ b/Cost sheet.md\n-Windows: open\n+Windows: 23,480.00" },
  { step: hex(103), tool: "shell", title: "Convert Roof.dwg", state: "failed", detail: "no program here opens .dwg" },
  { step: hex(104), tool: "read", title: "Reading page 7 of 12", state: "running" },
];

export const runningTask: TaskItem = {
  type: "task", key: "t1", seq: 40, at: at("15:04"), task: hex(201), title: "Compare the three window offers", brief: "", kind: "work", state: "running",
  plan: [
    { text: "Read Offer Brandt.pdf and Offer Nordlicht.pdf", state: "done" },
    { text: "Read Offer Kuhn.pdf", state: "now" },
    { text: "Line up price, glass, delivery, warranty", state: "todo" },
    { text: "Print it", state: "skipped" },
  ],
  currentStep: "Reading page 7 of 12", steps, usd: 0.06, inReplyTo: hex(1), fromSchedule: false, canStop: true, openAsks: 0,
  startedAt: new Date(Date.now() - 161_000).toISOString(),
};

export function taskIn(state: TaskItem["state"], reason?: string): TaskItem {
  const rest = { seq: 60, key: `t-${state}`, task: hex(300), title: `A task that is ${state}`, plan: [], steps: [], startedAt: undefined, seconds: 33, currentStep: undefined };
  return { ...runningTask, ...rest, state, reason, canStop: state === "queued" || state === "waiting" };
}

export const result: ResultItem = {
  type: "result", key: "r1", seq: 12, at: at("08:46"), task: hex(200), taskTitle: "Unpaid invoices, October", inReplyTo: hex(1),
  text: "7 of 31 invoices are open, **€18,240.50** in all. Two are more than 30 days late: Hofmann and Seeblick.",
  files: [workbook], notDone: ["2 scans could not be read (IMG_2044, IMG_2051): too dark.", "Payments after 9 Nov: the bank export ends there."],
  undo: "offered", undoChanges: 1, undoUntil: "2026-12-12T08:46:00Z", seconds: 252, usage: { inputTokens: 31_000, outputTokens: 900, usd: 0.14, seconds: 252 }, hasSteps: true,
};

const approval = {
  type: "ask" as const, task: hex(202), kind: "approval" as const, level: 2, choices: [], state: "open" as const, canAnswer: true,
};
export const renameAsk: AskItem = {
  ...approval, key: "a1", seq: 33, at: at("14:33"), taskTitle: "Tidy the site photos", reversible: true, scopes: ["once", "task", "always"],
  action: {
    title: "Rename 214 photos by date and room", tool: "rename_many", argv: [], folder: "~/Deskhand/Lindenhof/Site photos", reads: [], writes: ["~/Deskhand/Lindenhof/Site photos"], hosts: [],
    changes: Array.from({ length: 214 }, (_, i) => ({ op: "move" as const, before: `IMG_${4410 + i}.jpg`, after: `2026-10-28 kitchen ${String(i + 1).padStart(2, "0")}.jpg` })),
  },
};
export const deleteAsk: AskItem = {
  ...approval, key: "a2", seq: 34, at: at("14:35"), taskTitle: "Bring the NAS up to date", reversible: false, scopes: ["once", "task"],
  action: {
    title: "Copy the Lindenhof plans to nas.local and delete 3 files there", tool: "shell", argv: ["rsync", "--archive", "--delete", "~/Projects/Lindenhof/Plans/", "rsync://nas.local/lindenhof/"],
    folder: "~/Projects/Lindenhof", reads: ["~/Projects/Lindenhof/Plans"], writes: ["rsync://nas.local/lindenhof"], hosts: ["nas.local"],
    changes: [
      { op: "remove", before: "Roof old.dwg" }, { op: "remove", before: "Roof old.pdf" }, { op: "remove", before: "Notes Maria.txt" },
      { op: "change", before: "Ground floor.dwg, 2.4 MB", after: "2.6 MB" }, { op: "add", after: "Terrace.dwg, 1.1 MB" },
    ],
  },
};
export const smallAsk: AskItem = {
  ...approval, key: "a3", seq: 35, at: at("14:36"), taskTitle: "File the receipt", reversible: true, scopes: ["once", "task", "always"],
  action: {
    title: "Move 2 files into Receipts", tool: "move", argv: [], reads: [], writes: ["~/Receipts/2026-11"], hosts: [],
    changes: [{ op: "move", before: "IMG_1.jpg", after: "Receipts/2026-11/Holzhof.jpg" }, { op: "move", before: "IMG_2.jpg", after: "Receipts/2026-11/Eisen\u202Egpj.exe" }],
  },
};
export const question: AskItem = {
  ...approval, kind: "question", key: "a4", seq: 36, at: at("15:10"), taskTitle: "Compare the three window offers", reversible: true, scopes: [], choices: ["With fitting", "Material only", "Show both"],
  action: { title: "Which price shall I compare?", tool: "ask", argv: [], reads: [], writes: [], hosts: [], changes: [] },
};
export const inDoubt: AskItem = {
  ...question, kind: "in_doubt", key: "a5", seq: 37, choices: [], taskTitle: "Mail the minutes", action: { ...question.action, title: "Mail the minutes to the Brandts" },
};

export const working: readonly Item[] = [
  { type: "day", key: "d1", date: "2026-11-12" },
  message("Go through October’s invoices: who hasn’t paid? I want a table I can send to Jonas.", "08:41"),
  result,
  message("Receipt from the timber yard, please file it.", "11:20", { files: [{ ...photo, availability: "relay" }] }),
  { type: "reply", key: "p1", seq: 21, at: at("11:20"), inReplyTo: hex(2), text: "Filed as `2026-11-12 Holzhof Brandt 184.30.jpg` in **Receipts/2026-11**.", streaming: false },
  message("Rename the site photos by date and room.", "14:10", { receipt: { kind: "working", at: at("14:33") } }),
  renameAsk,
  message("Compare the three window offers in Lindenhof.", "15:04", { receipt: { kind: "working", at: at("15:04") } }),
  runningTask,
  message("What did we agree with the Brandts about the terrace?", "15:08", { receipt: { kind: "working" } }),
  message("And put the cheapest window into the cost sheet.", "15:09", { receipt: { kind: "computer" }, canCancel: true, canEdit: true }),
  {
    type: "reply", key: "p2", at: at("15:09"), inReplyTo: hex(3), quoted: "What did we agree with the Brandts about the terrace?", streaming: true,
    text: "On 3 September you agreed on larch, 28 m², laid before Easter. Mrs Brandt asked for a step at the east side; it is in the minutes but **not in the offer of 14 September**",
  },
  message("Tell Jonas I’m 20 minutes late.", "15:10", { receipt: { kind: "relay" } }),
  message("These two belong to the Seeblick roof.", "15:11", { receipt: { kind: "on_phone" }, files: [photo], canCancel: true, seq: undefined, sentPercent: 62 }),
];

export const asleep: readonly Item[] = [
  { type: "day", key: "d0", date: "2026-11-11" },
  { type: "device", key: "x1", seq: 2, at: at("07:40"), change: "added", name: "Ines’s phone" },
  message("هل دُفعت فاتورة أكتوبر؟ من فضلك أرسل لي الجدول", "07:58"),
  { type: "reply", key: "p0", seq: 5, at: at("07:58"), inReplyTo: hex(1), text: "نعم، دُفعت في 3 نوفمبر.", streaming: false },
  { type: "day", key: "d1", date: "2026-11-12" },
  taskIn("failed", "No program here opens .dwg. Nothing was changed; ask for the PDF instead."),
  { ...result, key: "r2", seq: 61, undo: "done", undoRestored: ["a", "b"], undoRefused: ["Cost sheet.xlsx: changed since by another program"], files: [], hasSteps: false, notDone: [] },
  { type: "notice", key: "n1", seq: 62, at: at("13:00"), code: "budget", text: "Today’s budget of $1.00 is used up.", next: "Raise it at the computer, or wait until midnight." },
  { type: "void", key: "v1", seq: 63, kind: "unverified", at: at("13:20"), reason: "Its signature is not that of a device of this thread." },
  { ...smallAsk, key: "a6", seq: 64, state: "answered", verdict: "approve", answeredBy: "Firefox on Atelier" },
  message("Rename the site photos by date and room.", "14:10", { receipt: { kind: "waiting" }, canCancel: true, canEdit: true }),
  message("Print the plans", "14:12", { receipt: { kind: "refused", at: at("14:20"), reason: "The computer has no printer. Connect one, then send this again." } }),
  message("And this one, please.", "14:13", { receipt: { kind: "on_phone" }, canCancel: true, canEdit: true, seq: undefined }),
];

export const awake: HeaderView = { name: "Atelier", state: "busy", running: 1, queued: 2, brain: "rehearsal" };
export const sleeping: HeaderView = { name: "Atelier", state: "asleep", since: at("14:02"), running: 0, queued: 0 };

export const fine: LinkView = {
  phone: "online", relay: "connected", relayHost: "relay.example.org", computer: "present", upToDateAt: at("15:12"), heldBack: false,
};
export const away: LinkView = { ...fine, computer: "away", computerSeen: at("14:02"), clockOffS: 200 };

export const frozen: FrozenView = {
  seq: 4812, since: at("14:20"), reason: "It ends 12 entries earlier than one this phone has already seen.", remedy: "Nothing is lost on this phone; mend the thread at the computer.",
};

const devices: readonly DeviceView[] = [
  { id: "d1", name: "Atelier", role: "host", mine: false, scopes: [], connected: true, removing: false },
  { id: "d2", name: "Ines’s phone", role: "client", mine: true, scopes: ["write", "approve"], connected: true, removing: false },
  { id: "d3", name: "Firefox on Atelier", role: "client", mine: false, scopes: ["write", "approve"], connected: false, removing: false },
  { id: "d4", name: "Old tablet", role: "client", mine: false, scopes: [], connected: false, removing: true },
];
export const facts: FactsView = {
  devices, settings: {}, paused: false,
  memory: { text: "# People\n- Jonas keeps the books.\n", sha256: "3".repeat(64), tainted: true, saving: false },
  schedules: [{ schedule: hex(400), rule: "Weekdays at 07:30", zone: "Europe/Berlin", text: "Briefing from new mail and minutes", next: at("07:30"), state: "active" }],
  grants: [{ grant: hex(500), text: "Rename files in Lindenhof/Site photos", revoking: false }],
};

export const activity: readonly ActivityDay[] = [
  {
    date: "2026-11-12", usd: 0.31,
    tasks: [
      { task: hex(201), seq: 40, title: "Compare the three window offers", state: "running", at: at("15:04"), usd: 0.06 },
      { task: hex(203), seq: 61, title: "Mail the minutes to the Brandts", state: "in_doubt", at: at("14:40"), seconds: 12, usd: 0.03 },
      { task: hex(200), seq: 12, title: "Unpaid invoices, October", state: "done", at: at("08:46"), seconds: 252, usd: 0.14 },
    ],
  },
];
