/** What later entries of a stretch of the thread say about earlier ones: receipts, edits, answers, ends. */
import type {
  Answer, AskClosed, Edit, PlanStep, Receipt, Result, UndoDone,
} from "../protocol/generated.ts";
import { ENDED, type TaskState } from "./facts.ts";
import { type Genuine, isGenuine, type Stored } from "./records.ts";

export interface Said<B> {
  readonly body: B;
  readonly at: string;
  readonly seq: number;
  readonly device: string;
}

export interface TaskReading {
  readonly title?: string;
  readonly plan?: readonly PlanStep[];
  readonly state?: TaskState;
  readonly reason?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly result?: Said<Result>;
}

export interface Reading {
  readonly texts: ReadonlyMap<string, string>;
  readonly receipts: ReadonlyMap<string, Said<Receipt>>;
  readonly edits: ReadonlyMap<string, Said<Edit>>;
  readonly cancels: ReadonlySet<string>;
  readonly tasks: ReadonlyMap<string, TaskReading>;
  readonly answers: ReadonlyMap<number, Said<Answer>>;
  readonly closed: ReadonlyMap<number, Said<AskClosed>>;
  readonly undone: ReadonlyMap<string, Said<UndoDone>>;
  readonly undoAsked: ReadonlyMap<string, string>;
}

/** Read a stretch from its oldest to its newest entry. */
export function read(entries: readonly Stored[]): Reading {
  const texts = new Map<string, string>();
  const receipts = new Map<string, Said<Receipt>>();
  const edits = new Map<string, Said<Edit>>();
  const cancels = new Set<string>();
  const tasks = new Map<string, TaskReading>();
  const answers = new Map<number, Said<Answer>>();
  const closed = new Map<number, Said<AskClosed>>();
  const undone = new Map<string, Said<UndoDone>>();
  const undoAsked = new Map<string, string>();
  const asks = new Map<number, string>();

  const change = (task: string, part: TaskReading) => tasks.set(task, { ...tasks.get(task), ...part });
  for (const entry of entries) {
    if (!isGenuine(entry)) continue;
    const { body } = entry;
    switch (body.type) {
      case "message":
        texts.set(body.id, body.text);
        break;
      case "edit":
        texts.set(body.target, body.text);
        edits.set(body.target, told(entry, body));
        break;
      case "cancel":
        cancels.add(body.target);
        break;
      case "receipt":
        receipts.set(body.target, told(entry, body));
        break;
      case "task.created":
        change(body.task, { title: body.title, plan: body.plan ?? [], state: "queued" });
        break;
      case "task.plan":
        change(body.task, { plan: body.plan });
        break;
      case "task.state":
        change(body.task, stateChange(tasks.get(body.task), body.state, body.reason ?? undefined, entry.said));
        break;
      case "result":
        change(body.task, { result: told(entry, body), endedAt: tasks.get(body.task)?.endedAt ?? entry.said });
        if (!ENDED.has(tasks.get(body.task)?.state ?? "running")) change(body.task, { state: "done" });
        break;
      case "ask":
        asks.set(entry.seq, entry.askHash ?? "");
        break;
      case "answer": {
        const hash = asks.get(body.ask_seq);
        if (!answers.has(body.ask_seq) && (hash === undefined || hash === body.ask_hash)) answers.set(body.ask_seq, told(entry, body));
        break;
      }
      case "ask.closed":
        closed.set(body.ask_seq, told(entry, body));
        break;
      case "undo.done":
        undone.set(body.task, told(entry, body));
        break;
      case "request.undo":
        undoAsked.set(body.task, body.id);
        break;
    }
  }
  return { texts, receipts, edits, cancels, tasks, answers, closed, undone, undoAsked };
}

function told<B>(entry: Genuine, body: B): Said<B> {
  return { body, at: entry.said, seq: entry.seq, device: entry.device };
}

function stateChange(before: TaskReading | undefined, state: TaskState, reason: string | undefined, at: string): TaskReading {
  const startedAt = before?.startedAt ?? (state === "running" ? at : undefined);
  const endedAt = ENDED.has(state) ? at : undefined;
  return { state, reason, startedAt, endedAt };
}
