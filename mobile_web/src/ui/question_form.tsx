import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";

import type { AskItem } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { words } from "./words.ts";

/** Choices, and always the person's own words. Typing one's own words leaves the choices. */
export function QuestionForm(props: { ask: AskItem }) {
  const { actions } = useDeskhand();
  const { ask } = props;
  const w = words.value;
  const [choice, setChoice] = useState(ask.choices[0] ?? "");
  const [own, setOwn] = useState("");
  const answer = own.trim() === "" ? choice : own.trim();
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (answer !== "") actions.answer(ask, answer);
  };
  const field = `own-${ask.seq}`;
  return (
    <form class="question" onSubmit={submit}>
      <div class="body">
        {ask.choices.length > 0 && (
          <fieldset class="sec">
            <legend class="vh">{w.choices}</legend>
            {ask.choices.map((text) => (
              <label key={text} class="opt">
                <input type="radio" name={field} checked={own.trim() === "" && choice === text}
                  onChange={() => { setChoice(text); setOwn(""); }} />
                <span dir="auto"><b>{text}</b></span>
              </label>
            ))}
          </fieldset>
        )}
        <label class="label" for={field}>{ask.choices.length > 0 ? w.ownWords : w.yourAnswer}</label>
        <textarea class="field" id={field} rows={1} dir="auto" value={own} placeholder={w.somethingElse}
          onInput={(event) => setOwn(event.currentTarget.value)} />
      </div>
      <footer><button type="submit" class="btn go wide" data-testid="answer" disabled={answer === ""}>{w.answer}</button></footer>
    </form>
  );
}
