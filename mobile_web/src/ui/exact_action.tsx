import type { ActionView } from "../state/view.ts";
import { destroys, exact } from "./safe_text.ts";
import { words } from "./words.ts";

function Places(props: { label: string; items: readonly string[] }) {
  if (props.items.length === 0) return null;
  return (
    <>
      <dt>{props.label}</dt>
      <dd>{props.items.map((item) => <code key={item}>{exact(item)}</code>)}</dd>
    </>
  );
}

/** Exactly what would run: one argument a line, numbered, left to right; then what it reads, writes and reaches. */
export function ExactAction(props: { action: ActionView; reversible: boolean }) {
  const { action, reversible } = props;
  const w = words.value;
  return (
    <>
      {action.argv.length > 0 && (
        <div class="exact">
          <ol class="argv">
            {action.argv.map((argument, index) => (
              <li key={index}>{!reversible && destroys(argument) ? <mark>{exact(argument)}</mark> : <span>{exact(argument)}</span>}</li>
            ))}
          </ol>
        </div>
      )}
      <dl class="kv">
        <dt>{w.tool}</dt><dd><code>{exact(action.tool)}</code></dd>
        {action.folder !== undefined && <><dt>{w.folder}</dt><dd><code>{exact(action.folder)}</code></dd></>}
        <Places label={w.reads} items={action.reads} />
        <Places label={w.writes} items={action.writes} />
        <dt>{w.network}</dt>
        <dd>{action.hosts.length === 0 ? w.noNetwork : action.hosts.map((host) => <code key={host}>{exact(host)}</code>)}</dd>
      </dl>
    </>
  );
}
