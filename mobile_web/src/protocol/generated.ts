/* Made by scripts/generate_types.py from the Python models; never edited by hand. */

export const PROTOCOL_VERSION = 1;
export const MAX_FRAME_BYTES = 524288;
export const HELLO_WITHIN_S = 5;
export const CLOSE_REPLACED = 4409;
export const CLOSE_REMOVED = 4403;
export const MAX_PLAINTEXT_BYTES = 65536;
export const MAX_SEALED_CHARS = 120000;
export const DEFAULT_EXPIRY_S = 259200;
export const CLIENT_TYPES: readonly string[] = ["answer", "cancel", "edit", "message", "pause", "request.device_remove", "request.fetch", "request.grant_revoke", "request.memory", "request.schedule", "request.settings", "request.undo", "stop"];
export const HOST_TYPES: readonly string[] = ["ask", "ask.closed", "blob.dropped", "checkpoint", "device.added", "device.removed", "fetched", "grants", "host", "memory", "notice", "receipt", "reply", "result", "schedule", "settings", "task.created", "task.plan", "task.state", "undo.done"];
export const APPROVE_TYPES: readonly string[] = ["answer", "request.grant_revoke"];
export const ERROR_CODES: readonly string[] = ["bad_frame", "unauthorized", "removed", "refused", "gap", "stale_epoch", "conflict", "too_large", "rate_limited", "storage_full", "blobs_missing", "behind", "unavailable", "closed", "not_found"];

/** Relay → device: committed and fsynced. */
export interface Ack {
  readonly type: "ack";
  readonly n: number;
  readonly seq: number;
}

/** The exact thing an approval is about, as shown and as run. */
export interface Action {
  readonly title: string;
  readonly tool: string;
  readonly argv?: readonly string[];
  readonly folder?: string | null;
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly hosts?: readonly string[];
  readonly changes?: readonly Change[];
}

/** Answer an ask; ``ask_hash`` is SHA-256 of the ask's signing input, so that it cannot be another one. */
export interface Answer {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "answer";
  readonly ask_seq: number;
  readonly ask_hash: string;
  readonly verdict: "approve" | "deny" | "text" | "check" | "again" | "skip";
  readonly scope?: "once" | "task" | "always" | null;
  readonly text?: string | null;
  readonly reason?: string | null;
}

/** Device → relay: store this entry. ``roster``: root-signed change that takes effect with it. */
export interface Append {
  readonly type: "append";
  readonly n: number;
  readonly sealed: string;
  readonly hint?: "none" | "result" | "ask" | "failed";
  readonly push?: string | null;
  readonly blobs?: readonly string[];
  readonly roster?: string | null;
}

/** The agent needs a person. ``digest`` binds an approval to its exact action. */
export interface Ask {
  readonly id: string;
  readonly type: "ask";
  readonly task: string;
  readonly kind: "approval" | "question" | "in_doubt";
  readonly level: number;
  readonly action: Action;
  readonly digest: string;
  readonly reversible: boolean;
  readonly choices?: readonly string[];
  readonly scopes?: readonly ("once" | "task" | "always")[];
}

/** An ask needs no answer any more. */
export interface AskClosed {
  readonly id: string;
  readonly type: "ask.closed";
  readonly ask_seq: number;
  readonly by_seq?: number | null;
  readonly reason: "answered" | "changed" | "withdrawn";
}

/** These sealed files are no longer at the relay. */
export interface BlobDropped {
  readonly id: string;
  readonly type: "blob.dropped";
  readonly blobs: readonly string[];
}

/** What opens a sealed file: id at the relay, key and nonce prefix in base64url. */
export interface BlobRef {
  readonly id: string;
  readonly key: string;
  readonly prefix: string;
}

export type Body = Message | Edit | Cancel | Stop | Pause | Answer | RequestUndo | RequestDeviceRemove | RequestMemory | RequestSettings | RequestGrantRevoke | RequestSchedule | RequestFetch | HostBegins | Checkpoint | DeviceAdded | DeviceRemoved | Receipt | Reply | TaskCreated | TaskChanged | TaskPlan | Ask | AskClosed | Result | UndoDone | Memory | Schedule | Settings | Grants | Fetched | BlobDropped | Notice;

/** Withdraw a message that has not started. */
export interface Cancel {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "cancel";
  readonly target: string;
}

/** Relay → device, first: sign this nonce. */
export interface Challenge {
  readonly type: "challenge";
  readonly nonce: string;
}

/** One line of an exact action: ``before`` → ``after`` for a move or edit, one of them for add or remove. */
export interface Change {
  readonly op: "add" | "remove" | "change" | "move";
  readonly before?: string | null;
  readonly after?: string | null;
}

/** Reserved: the person's way out after the relay lost entries. */
export interface Checkpoint {
  readonly id: string;
  readonly type: "checkpoint";
  readonly jws: string;
}

/** A device joins. */
export interface DeviceAdded {
  readonly id: string;
  readonly type: "device.added";
  readonly roster: string;
  readonly name: string;
}

/** A device leaves; ``wraps`` bring the next epoch's key to all who stay. */
export interface DeviceRemoved {
  readonly id: string;
  readonly type: "device.removed";
  readonly roster: string;
  readonly wraps: Readonly<Record<string, string>>;
}

/** Replace a message that has not started. */
export interface Edit {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "edit";
  readonly target: string;
  readonly text: string;
  readonly files?: readonly FileRef[];
}

/** Relay → device: consecutive entries from ``first``; ``prev`` is the head before them. */
export interface Entries {
  readonly type: "entries";
  readonly first: number;
  readonly prev: string;
  readonly items: readonly Item[];
}

/** Relay → device: what went wrong and what to do next. ``roster`` accompanies ``removed``. */
export interface ErrorFrame {
  readonly type: "error";
  readonly code: ErrorCode;
  readonly message: string;
  readonly n?: number | null;
  readonly next_n?: number | null;
  readonly retry_after?: number | null;
  readonly roster?: string | null;
}

/** Codes of the ``error`` frame and of HTTP problem bodies (SPEC 5.9). */
export type ErrorCode = "bad_frame" | "unauthorized" | "removed" | "refused" | "gap" | "stale_epoch" | "conflict" | "too_large" | "rate_limited" | "storage_full" | "blobs_missing" | "behind" | "unavailable" | "closed" | "not_found";

/** Answer to ``request.fetch``. */
export interface Fetched {
  readonly id: string;
  readonly type: "fetched";
  readonly target: string;
  readonly files: readonly FileRef[];
}

/** A file in the thread. ``path``: where it lies on the computer; ``blob``: how to fetch it. */
export interface FileRef {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mime: string;
  readonly blob?: BlobRef | null;
  readonly path?: string | null;
  readonly previews?: readonly Preview[];
}

export type FromDevice = Hello | Resume | Append | Live | Looking;

export type FromRelay = Challenge | Welcome | Ack | Entries | Live | Presence | ErrorFrame;

/** The standing permissions as they stand. */
export interface Grants {
  readonly id: string;
  readonly type: "grants";
  readonly items: readonly (Readonly<Record<string, unknown>>)[];
}

/** Device → relay: ``jws`` of type deskhand-hello+jws over {nonce, aud, thread, device}. */
export interface Hello {
  readonly type: "hello";
  readonly v: number;
  readonly jws: string;
}

/** The agent begins (or takes over) the thread. ``name`` is the computer's. */
export interface HostBegins {
  readonly id: string;
  readonly type: "host";
  readonly host_epoch: number;
  readonly cert: string;
  readonly wraps?: Readonly<Record<string, string>>;
  readonly name?: string;
}

/** One stored entry, its sealed bytes as received; ``at`` is the relay's clock and proves nothing. */
export interface Item {
  readonly sealed: string;
  readonly at: string;
}

/** What the relay enforces. */
export interface Limits {
  readonly frame_bytes?: number;
  readonly sealed_chars?: number;
  readonly appends_per_minute?: number;
  readonly live_per_second?: number;
  readonly blob_bytes?: number;
  readonly storage_bytes?: number;
}

/** Either way: worth seeing now, never stored. ``from`` is set towards receivers. */
export interface Live {
  readonly type: "live";
  readonly stream: string;
  readonly sealed: string;
  readonly keep?: boolean;
  readonly from?: string | null;
}

export type LiveBody = LiveText | LiveStep | LiveStatus | TailAsk | Tail;

/** How the computer is: sent when it changes and to latecomers. */
export interface LiveStatus {
  readonly type: "status";
  readonly name: string;
  readonly state: "awake" | "busy" | "paused";
  readonly running: number;
  readonly queued: number;
  readonly brain: string;
}

/** One tool call of a task. ``title`` is for people. */
export interface LiveStep {
  readonly type: "step";
  readonly task: string;
  readonly step: string;
  readonly tool: string;
  readonly title: string;
  readonly state: "running" | "ok" | "failed";
  readonly detail?: string | null;
}

/** Text as the brain writes it: ``text`` belongs at ``offset`` (in Unicode code points) of the whole. ``task`` is set for a task's text; without it this is the front desk's reply to ``in_reply_to``. */
export interface LiveText {
  readonly type: "text";
  readonly in_reply_to: string;
  readonly task?: string | null;
  readonly offset: number;
  readonly text: string;
}

/** Device → relay: whether a person has the thread visible here. */
export interface Looking {
  readonly type: "looking";
  readonly looking: boolean;
}

/** The memory file, whole. */
export interface Memory {
  readonly id: string;
  readonly type: "memory";
  readonly text: string;
  readonly sha256: string;
  readonly tainted?: boolean;
}

/** A person gives work, or adds to a task under way (``task``). */
export interface Message {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "message";
  readonly text: string;
  readonly files?: readonly FileRef[];
  readonly task?: string | null;
  readonly in_reply_to?: string | null;
  readonly expires_in_s?: number;
  readonly not_before?: string | null;
}

/** Something the person should know: ``text`` says what, ``next`` what to do. */
export interface Notice {
  readonly id: string;
  readonly type: "notice";
  readonly code: string;
  readonly text: string;
  readonly next: string;
  readonly target?: string | null;
}

/** Start nothing new (``on``), or go on. */
export interface Pause {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "pause";
  readonly on: boolean;
}

/** One line of a plan. */
export interface PlanStep {
  readonly text: string;
  readonly state: "todo" | "now" | "done" | "skipped";
}

/** Relay → device: who is connected. A hint, unsigned. */
export interface Presence {
  readonly type: "presence";
  readonly devices: readonly Present[];
}

/** One connected device. */
export interface Present {
  readonly device: string;
  readonly looking: boolean;
}

/** How the phone shows a file it cannot read: a grid of cells, text, or images. ``text`` stays small. */
export interface Preview {
  readonly kind: "grid" | "text" | "markdown" | "image";
  readonly text?: string | null;
  readonly rows?: readonly (readonly string[])[] | null;
  readonly total_rows?: number | null;
  readonly note?: string | null;
  readonly blob?: BlobRef | null;
  readonly bytes?: number | null;
}

/** RFC 8291 keys of a subscription, base64url. */
export interface PushKeys {
  readonly p256dh: string;
  readonly auth: string;
}

/** A line of ``GET /v1/push/log``: what the push service answered. */
export interface PushOutcome {
  readonly at: string;
  readonly outcome: "accepted" | "gone" | "refused" | "unreachable" | "quiet" | "looking";
  readonly status?: number | null;
  readonly reason?: string;
}

/** ``PUT /v1/push``: where to wake this device. */
export interface Subscription {
  readonly endpoint: string;
  readonly keys: PushKeys;
  readonly quiet?: Quiet | null;
}

/** Quiet hours of one push subscription, local times HH:MM in an IANA zone. */
export interface Quiet {
  readonly start: string;
  readonly end: string;
  readonly zone: string;
}

/** What happened to a message or request. */
export interface Receipt {
  readonly id: string;
  readonly type: "receipt";
  readonly target: string;
  readonly kind: "received" | "started" | "answered" | "failed" | "stopped" | "expired" | "cancelled" | "refused";
  readonly reason?: string | null;
}

/** What the front desk says. */
export interface Reply {
  readonly id: string;
  readonly type: "reply";
  readonly in_reply_to: string;
  readonly text: string;
  readonly usage?: Usage | null;
}

/** Remove a device. */
export interface RequestDeviceRemove {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "request.device_remove";
  readonly device: string;
}

/** Ask the computer for something too large to send unasked. */
export interface RequestFetch {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "request.fetch";
  readonly what: "steps" | "preview" | "blob";
  readonly of: string;
}

/** Take back a standing permission. */
export interface RequestGrantRevoke {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "request.grant_revoke";
  readonly grant: string;
}

/** Replace the memory file, if it is still the one with ``base_sha256``. */
export interface RequestMemory {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "request.memory";
  readonly base_sha256: string;
  readonly text: string;
}

/** Change the schedules. */
export interface RequestSchedule {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "request.schedule";
  readonly op: "add" | "change" | "remove" | "pause" | "resume" | "run";
  readonly schedule?: string | null;
  readonly rule?: string | null;
  readonly zone?: string | null;
  readonly text?: string | null;
}

/** Change one setting. */
export interface RequestSettings {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "request.settings";
  readonly name: string;
  readonly value: string | number | boolean | null;
}

/** Take back a task's file changes. */
export interface RequestUndo {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "request.undo";
  readonly task: string;
}

/** A task ends with something to show; ``not_done`` lists what was skipped or failed, and why. */
export interface Result {
  readonly id: string;
  readonly type: "result";
  readonly task: string;
  readonly in_reply_to: string;
  readonly text: string;
  readonly files?: readonly FileRef[];
  readonly not_done?: readonly string[];
  readonly undo?: UndoOffer | null;
  readonly steps_blob?: FileRef | null;
  readonly seconds: number;
  readonly usage: Usage;
}

/** Device → relay: send what follows ``after``, then live. */
export interface Resume {
  readonly type: "resume";
  readonly after: number;
}

/** A schedule as it stands. */
export interface Schedule {
  readonly id: string;
  readonly type: "schedule";
  readonly schedule: string;
  readonly rule: string;
  readonly zone: string;
  readonly text: string;
  readonly next?: string | null;
  readonly state: "active" | "paused" | "removed";
}

/** The settings as they stand. */
export interface Settings {
  readonly id: string;
  readonly type: "settings";
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
}

/** Stop one task, or everything. */
export interface Stop {
  readonly id: string;
  readonly via?: "terminal" | null;
  readonly type: "stop";
  readonly task?: string | null;
  readonly all?: boolean;
}

/** The agent's signed answer; valid for ten seconds after the question. */
export interface Tail {
  readonly type: "tail";
  readonly nonce: string;
  readonly asker: string;
  readonly gen: number;
  readonly seq: number;
  readonly head: string;
}

/** A phone asks: how long is the thread really? */
export interface TailAsk {
  readonly type: "tail.ask";
  readonly nonce: string;
}

/** A task changes state. */
export interface TaskChanged {
  readonly id: string;
  readonly type: "task.state";
  readonly task: string;
  readonly state: "queued" | "running" | "waiting" | "done" | "failed" | "stopped" | "expired" | "in_doubt";
  readonly reason?: string | null;
}

/** A task is accepted. */
export interface TaskCreated {
  readonly id: string;
  readonly type: "task.created";
  readonly task: string;
  readonly kind: "work" | "code";
  readonly title: string;
  readonly brief: string;
  readonly plan?: readonly PlanStep[];
  readonly in_reply_to: string;
  readonly schedule?: string | null;
}

/** A task's plan, whole. */
export interface TaskPlan {
  readonly id: string;
  readonly type: "task.plan";
  readonly task: string;
  readonly plan: readonly PlanStep[];
}

/** ``POST /v1/threads``: open a thread. ``proof``: root-signed deskhand-thread+jws over {nonce, aud, thread, device}; ``cert``: the host certificate; ``sealed``: entry 1, the host's own. */
export interface ThreadRequest {
  readonly root: Readonly<Record<string, string>>;
  readonly proof: string;
  readonly cert: string;
  readonly sealed: string;
  readonly invite?: string | null;
}

/** Answer to ``POST /v1/token``. */
export interface Token {
  readonly token: string;
  readonly expires_in: number;
}

/** ``POST /v1/token``: a hello over HTTP; ``nonce`` came from ``GET /v1/challenge``. */
export interface TokenRequest {
  readonly jws: string;
}

/** A task's changes were taken back; ``refused`` says which were not, and why. */
export interface UndoDone {
  readonly id: string;
  readonly type: "undo.done";
  readonly task: string;
  readonly restored: readonly string[];
  readonly refused?: readonly string[];
}

/** What undo would take back, and until when. */
export interface UndoOffer {
  readonly changes: number;
  readonly until: string;
}

/** What a turn or task took: ``usd`` is None where no price is known. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly usd?: number | null;
  readonly seconds: number;
}

/** Relay → device: where the thread stands. ``token`` opens the HTTP twins for ten minutes. */
export interface Welcome {
  readonly type: "welcome";
  readonly v?: number;
  readonly seq: number;
  readonly gen: number;
  readonly epoch: number;
  readonly n: number;
  readonly token: string;
  readonly limits: Limits;
  readonly push_key: string;
  readonly time: string;
}

export const SCHEMAS: Readonly<Record<string, unknown>> = {
  Ack: ["obj", {"type": ["is", "ack"], "n": ["int", 1, 9007199254740991], "seq": ["int", 1, 9007199254740991]}],
  Action: ["obj", {"title": "str", "tool": "str", "argv?": ["list", "str"], "folder?": ["or", "str", "null"], "reads?": ["list", "str"], "writes?": ["list", "str"], "hosts?": ["list", "str"], "changes?": ["list", ["ref", "Change"]]}],
  Answer: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "answer"], "ask_seq": ["int", 1, 9007199254740991], "ask_hash": ["str", "^[0-9a-f]{64}$"], "verdict": ["is", "approve", "deny", "text", "check", "again", "skip"], "scope?": ["or", ["is", "once", "task", "always"], "null"], "text?": ["or", "str", "null"], "reason?": ["or", "str", "null"]}],
  Ask: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "ask"], "task": ["str", "^[0-9a-f]{32}$"], "kind": ["is", "approval", "question", "in_doubt"], "level": ["int", 0, 9007199254740991], "action": ["ref", "Action"], "digest": ["str", "^[0-9a-f]{64}$"], "reversible": "bool", "choices?": ["list", "str"], "scopes?": ["list", ["is", "once", "task", "always"]]}],
  AskClosed: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "ask.closed"], "ask_seq": ["int", 1, 9007199254740991], "by_seq?": ["or", ["int", 1, 9007199254740991], "null"], "reason": ["is", "answered", "changed", "withdrawn"]}],
  BlobDropped: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "blob.dropped"], "blobs": ["list", ["str", "^[0-9a-f]{32}$"]]}],
  BlobRef: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "key": ["str", "^[A-Za-z0-9_-]{43}$"], "prefix": ["str", "^[A-Za-z0-9_-]{10}$"]}],
  Body: ["by", "type", {"answer": ["ref", "Answer"], "ask": ["ref", "Ask"], "ask.closed": ["ref", "AskClosed"], "blob.dropped": ["ref", "BlobDropped"], "cancel": ["ref", "Cancel"], "checkpoint": ["ref", "Checkpoint"], "device.added": ["ref", "DeviceAdded"], "device.removed": ["ref", "DeviceRemoved"], "edit": ["ref", "Edit"], "fetched": ["ref", "Fetched"], "grants": ["ref", "Grants"], "host": ["ref", "Host"], "memory": ["ref", "Memory"], "message": ["ref", "Message"], "notice": ["ref", "Notice"], "pause": ["ref", "Pause"], "receipt": ["ref", "Receipt"], "reply": ["ref", "Reply"], "request.device_remove": ["ref", "RequestDeviceRemove"], "request.fetch": ["ref", "RequestFetch"], "request.grant_revoke": ["ref", "RequestGrantRevoke"], "request.memory": ["ref", "RequestMemory"], "request.schedule": ["ref", "RequestSchedule"], "request.settings": ["ref", "RequestSettings"], "request.undo": ["ref", "RequestUndo"], "result": ["ref", "Result"], "schedule": ["ref", "Schedule"], "settings": ["ref", "Settings"], "stop": ["ref", "Stop"], "task.created": ["ref", "TaskCreated"], "task.plan": ["ref", "TaskPlan"], "task.state": ["ref", "TaskChanged"], "undo.done": ["ref", "UndoDone"]}],
  Cancel: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "cancel"], "target": ["str", "^[0-9a-f]{32}$"]}],
  Challenge: ["obj", {"type": ["is", "challenge"], "nonce": "str"}],
  Change: ["obj", {"op": ["is", "add", "remove", "change", "move"], "before?": ["or", "str", "null"], "after?": ["or", "str", "null"]}],
  Checkpoint: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "checkpoint"], "jws": "str"}],
  DeviceAdded: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "device.added"], "roster": "str", "name": "str"}],
  DeviceRemoved: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "device.removed"], "roster": "str", "wraps": ["map", "str"]}],
  Edit: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "edit"], "target": ["str", "^[0-9a-f]{32}$"], "text": "str", "files?": ["list", ["ref", "File"]]}],
  Entries: ["obj", {"type": ["is", "entries"], "first": ["int", 1, 9007199254740991], "prev": "str", "items": ["list", ["ref", "Item"]]}],
  Error: ["obj", {"type": ["is", "error"], "code": ["ref", "ErrorCode"], "message": "str", "n?": ["or", ["int", 1, 9007199254740991], "null"], "next_n?": ["or", ["int", 1, 9007199254740991], "null"], "retry_after?": ["or", "num", "null"], "roster?": ["or", "str", "null"]}],
  ErrorCode: ["is", "bad_frame", "unauthorized", "removed", "refused", "gap", "stale_epoch", "conflict", "too_large", "rate_limited", "storage_full", "blobs_missing", "behind", "unavailable", "closed", "not_found"],
  Fetched: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "fetched"], "target": ["str", "^[0-9a-f]{32}$"], "files": ["list", ["ref", "File"]]}],
  File: ["obj", {"name": "str", "bytes": ["int", 0, 9007199254740991], "sha256": ["str", "^[0-9a-f]{64}$"], "mime": "str", "blob?": ["or", ["ref", "BlobRef"], "null"], "path?": ["or", "str", "null"], "previews?": ["list", ["ref", "Preview"]]}],
  FromRelay: ["by", "type", {"ack": ["ref", "Ack"], "challenge": ["ref", "Challenge"], "entries": ["ref", "Entries"], "error": ["ref", "Error"], "live": ["ref", "Live"], "presence": ["ref", "Presence"], "welcome": ["ref", "Welcome"]}],
  Grants: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "grants"], "items": ["list", ["map", "any"]]}],
  Host: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "host"], "host_epoch": ["int", 1, 9007199254740991], "cert": "str", "wraps?": ["map", "str"], "name?": "str"}],
  Item: ["obj", {"sealed": "str", "at": "str"}],
  Limits: ["obj", {"frame_bytes?": "int", "sealed_chars?": "int", "appends_per_minute?": "int", "live_per_second?": "int", "blob_bytes?": "int", "storage_bytes?": "int"}],
  Live: ["obj", {"type": ["is", "live"], "stream": ["str", "^[0-9a-f]{32}$"], "sealed": ["str", 0, 120000], "keep?": "bool", "from?": ["or", ["str", "^[a-z2-7]{32}$"], "null"]}],
  LiveBody: ["by", "type", {"status": ["ref", "LiveStatus"], "step": ["ref", "LiveStep"], "tail": ["ref", "Tail"], "tail.ask": ["ref", "TailAsk"], "text": ["ref", "LiveText"]}],
  LiveStatus: ["obj", {"type": ["is", "status"], "name": "str", "state": ["is", "awake", "busy", "paused"], "running": ["int", 0, 9007199254740991], "queued": ["int", 0, 9007199254740991], "brain": "str"}],
  LiveStep: ["obj", {"type": ["is", "step"], "task": ["str", "^[0-9a-f]{32}$"], "step": ["str", "^[0-9a-f]{32}$"], "tool": "str", "title": "str", "state": ["is", "running", "ok", "failed"], "detail?": ["or", "str", "null"]}],
  LiveText: ["obj", {"type": ["is", "text"], "in_reply_to": ["str", "^[0-9a-f]{32}$"], "task?": ["or", ["str", "^[0-9a-f]{32}$"], "null"], "offset": ["int", 0, 9007199254740991], "text": "str"}],
  Memory: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "memory"], "text": "str", "sha256": ["str", "^[0-9a-f]{64}$"], "tainted?": "bool"}],
  Message: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "message"], "text": "str", "files?": ["list", ["ref", "File"]], "task?": ["or", ["str", "^[0-9a-f]{32}$"], "null"], "in_reply_to?": ["or", ["str", "^[0-9a-f]{32}$"], "null"], "expires_in_s?": ["int", 1, 9007199254740991], "not_before?": ["or", ["str", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$"], "null"]}],
  Notice: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "notice"], "code": "str", "text": "str", "next": "str", "target?": ["or", ["str", "^[0-9a-f]{32}$"], "null"]}],
  Pause: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "pause"], "on": "bool"}],
  PlanStep: ["obj", {"text": "str", "state": ["is", "todo", "now", "done", "skipped"]}],
  Presence: ["obj", {"type": ["is", "presence"], "devices": ["list", ["ref", "Present"]]}],
  Present: ["obj", {"device": ["str", "^[a-z2-7]{32}$"], "looking": "bool"}],
  Preview: ["obj", {"kind": ["is", "grid", "text", "markdown", "image"], "text?": ["or", "str", "null"], "rows?": ["or", ["list", ["list", "str"]], "null"], "total_rows?": ["or", ["int", 0, 9007199254740991], "null"], "note?": ["or", "str", "null"], "blob?": ["or", ["ref", "BlobRef"], "null"], "bytes?": ["or", ["int", 0, 9007199254740991], "null"]}],
  PushOutcome: ["obj", {"at": "str", "outcome": ["is", "accepted", "gone", "refused", "unreachable", "quiet", "looking"], "status?": ["or", "int", "null"], "reason?": "str"}],
  Receipt: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "receipt"], "target": ["str", "^[0-9a-f]{32}$"], "kind": ["is", "received", "started", "answered", "failed", "stopped", "expired", "cancelled", "refused"], "reason?": ["or", "str", "null"]}],
  Reply: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "reply"], "in_reply_to": ["str", "^[0-9a-f]{32}$"], "text": "str", "usage?": ["or", ["ref", "Usage"], "null"]}],
  RequestDeviceRemove: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "request.device_remove"], "device": ["str", "^[a-z2-7]{32}$"]}],
  RequestFetch: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "request.fetch"], "what": ["is", "steps", "preview", "blob"], "of": "str"}],
  RequestGrantRevoke: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "request.grant_revoke"], "grant": ["str", "^[0-9a-f]{32}$"]}],
  RequestMemory: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "request.memory"], "base_sha256": ["str", "^[0-9a-f]{64}$"], "text": "str"}],
  RequestSchedule: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "request.schedule"], "op": ["is", "add", "change", "remove", "pause", "resume", "run"], "schedule?": ["or", ["str", "^[0-9a-f]{32}$"], "null"], "rule?": ["or", "str", "null"], "zone?": ["or", "str", "null"], "text?": ["or", "str", "null"]}],
  RequestSettings: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "request.settings"], "name": "str", "value": ["or", "str", "int", "num", "bool", "null"]}],
  RequestUndo: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "request.undo"], "task": ["str", "^[0-9a-f]{32}$"]}],
  Result: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "result"], "task": ["str", "^[0-9a-f]{32}$"], "in_reply_to": ["str", "^[0-9a-f]{32}$"], "text": "str", "files?": ["list", ["ref", "File"]], "not_done?": ["list", "str"], "undo?": ["or", ["ref", "UndoOffer"], "null"], "steps_blob?": ["or", ["ref", "File"], "null"], "seconds": ["num", 0, 1000000000000.0], "usage": ["ref", "Usage"]}],
  Schedule: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "schedule"], "schedule": ["str", "^[0-9a-f]{32}$"], "rule": "str", "zone": "str", "text": "str", "next?": ["or", ["str", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$"], "null"], "state": ["is", "active", "paused", "removed"]}],
  Settings: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "settings"], "values": ["map", ["or", "str", "int", "num", "bool", "null"]]}],
  Stop: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "via?": ["or", ["is", "terminal"], "null"], "type": ["is", "stop"], "task?": ["or", ["str", "^[0-9a-f]{32}$"], "null"], "all?": "bool"}],
  Tail: ["obj", {"type": ["is", "tail"], "nonce": ["str", "^[0-9a-f]{32}$"], "asker": ["str", "^[a-z2-7]{32}$"], "gen": ["int", 0, 9007199254740991], "seq": ["int", 0, 9007199254740991], "head": ["str", "^[0-9a-f]{64}$"]}],
  TailAsk: ["obj", {"type": ["is", "tail.ask"], "nonce": ["str", "^[0-9a-f]{32}$"]}],
  TaskChanged: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "task.state"], "task": ["str", "^[0-9a-f]{32}$"], "state": ["is", "queued", "running", "waiting", "done", "failed", "stopped", "expired", "in_doubt"], "reason?": ["or", "str", "null"]}],
  TaskCreated: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "task.created"], "task": ["str", "^[0-9a-f]{32}$"], "kind": ["is", "work", "code"], "title": "str", "brief": "str", "plan?": ["list", ["ref", "PlanStep"]], "in_reply_to": ["str", "^[0-9a-f]{32}$"], "schedule?": ["or", ["str", "^[0-9a-f]{32}$"], "null"]}],
  TaskPlan: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "task.plan"], "task": ["str", "^[0-9a-f]{32}$"], "plan": ["list", ["ref", "PlanStep"]]}],
  Token: ["obj", {"token": "str", "expires_in": "int"}],
  UndoDone: ["obj", {"id": ["str", "^[0-9a-f]{32}$"], "type": ["is", "undo.done"], "task": ["str", "^[0-9a-f]{32}$"], "restored": ["list", "str"], "refused?": ["list", "str"]}],
  UndoOffer: ["obj", {"changes": ["int", 0, 9007199254740991], "until": ["str", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$"]}],
  Usage: ["obj", {"input_tokens": ["int", 0, 9007199254740991], "output_tokens": ["int", 0, 9007199254740991], "usd?": ["or", ["num", 0, 1000000000000.0], "null"], "seconds": ["num", 0, 1000000000000.0]}],
  Welcome: ["obj", {"type": ["is", "welcome"], "v?": "int", "seq": ["int", 0, 9007199254740991], "gen": ["int", 0, 9007199254740991], "epoch": ["int", 1, 9007199254740991], "n": ["int", 0, 9007199254740991], "token": "str", "limits": ["ref", "Limits"], "push_key": "str", "time": "str"}],
};
