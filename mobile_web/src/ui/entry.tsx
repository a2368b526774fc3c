import { Component } from "preact";

import type { DayItem, Item } from "../state/view.ts";
import { AskCard } from "./ask_card.tsx";
import { Message } from "./message.tsx";
import { DeviceLine, Notice, VoidRow } from "./notice.tsx";
import { Reply } from "./reply.tsx";
import { ResultCard } from "./result_card.tsx";
import { TaskCard } from "./task_card.tsx";
import { words } from "./words.ts";

export type EntryItem = Exclude<Item, DayItem>;

function body(item: EntryItem) {
  switch (item.type) {
    case "message": return <Message message={item} />;
    case "reply": return <Reply reply={item} />;
    case "task": return <TaskCard task={item} />;
    case "ask": return <AskCard ask={item} />;
    case "result": return <ResultCard result={item} />;
    case "notice": return <Notice notice={item} />;
    case "device": return <DeviceLine device={item} />;
    case "void": return <VoidRow entry={item} />;
  }
}

interface Props {
  readonly item: EntryItem;
  /** Belongs to what stands above it. */
  readonly near: boolean;
}

interface State {
  readonly failed: EntryItem | null;
}

/** One line of the thread with its knot. An item that kept its identity is not drawn again. */
export class Entry extends Component<Props, State> {
  override state: State = { failed: null };

  override shouldComponentUpdate(next: Props, state: State): boolean {
    return next.item !== this.props.item || next.near !== this.props.near || state.failed !== this.state.failed;
  }

  /** One entry that cannot be drawn must not take the thread with it; it is tried again when it changes. */
  override componentDidCatch(): void {
    this.setState({ failed: this.props.item });
  }

  override render({ item, near }: Props, { failed }: State) {
    const classes = ["e", item.type === "message" && "me", near && "near"].filter(Boolean).join(" ");
    return <li class={classes} data-testid="entry" data-type={item.type} data-key={item.key}>{failed === item ? <p class="aside" role="alert">{words.value.entryFailed}</p> : body(item)}</li>;
  }
}
