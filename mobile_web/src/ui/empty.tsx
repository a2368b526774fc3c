import { useDeskhand } from "./deskhand.ts";
import { Icon, type IconName } from "./icon.tsx";
import { words } from "./words.ts";

const ICONS: readonly IconName[] = ["sheet", "doc", "folder"];

/** Before the first message: what can be given away. A tap puts it into the composer, to be changed or sent. */
export function Empty() {
  const { view, actions } = useDeskhand();
  const push = view.push.value.state;
  const w = words.value;
  const begin = (text: string) => {
    actions.setDraft(text);
    document.querySelector<HTMLTextAreaElement>("[data-testid=composer]")?.focus();
  };
  return (
    <section class="group begin" aria-labelledby="begin">
      <div class="e">
        <Icon name="told" class="knot on" />
        <div class="say">
          <h2 id="begin" class="title">{w.emptyTitle}</h2>
          <p>{w.emptyText(view.header.value.name)}</p>
        </div>
      </div>
      <ul class="e near sec">
        {w.suggestions.map((one, index) => (
          <li key={one.text}>
            <button type="button" class="opt" onClick={() => begin(one.text)}>
              <Icon name={ICONS[index] ?? "doc"} />
              <span><b>{one.title}</b><span class="meta">{one.note}</span></span>
              <Icon name="fwd" class="flip" />
            </button>
          </li>
        ))}
        {(push === "off" || push === "needs_install") && (
          <li>
            <button type="button" class="opt" onClick={() => actions.navigate({ screen: "settings" })}>
              <Icon name="bell" />
              <span><b>{w.hearOf}</b><span class="meta">{w.hearOfNote}</span></span>
              <Icon name="fwd" class="flip" />
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
