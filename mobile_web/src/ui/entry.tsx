import { Component } from "preact";

import type { DayItem, Item } from "../state/view.ts";
import { AskCard } from "./ask_card.tsx";
import { Message } from "./message.tsx";
import { DeviceLine, Notice, VoidRow } from "./notice.tsx";
import { Reply } from "./reply.tsx";
import { ResultCard } from "./result_card.tsx";
import { TaskCard } from "./task_card.tsx";

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

/** One line of the thread with its knot. An item that kept its identity is not drawn again. */
export class Entry extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return next.item !== this.props.item || next.near !== this.props.near;
  }

  override render({ item, near }: Props) {
    const classes = ["e", item.type === "message" && "me", near && "near"].filter(Boolean).join(" ");
    return <li class={classes} data-testid="entry" data-type={item.type} data-key={item.key}>{body(item)}</li>;
  }
}
