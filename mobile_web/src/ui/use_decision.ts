import { useState } from "preact/hooks";

import type { AskItem, AskScope } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";

export interface Decision {
  readonly scope: AskScope;
  setScope(scope: AskScope): void;
  readonly reason: string;
  setReason(reason: string): void;
  approve(): void;
  deny(): void;
}

/** What the person is about to say to an approval: for how long, or why not. `after` it is said. */
export function useDecision(ask: AskItem, after?: () => void): Decision {
  const { actions } = useDeskhand();
  const [scope, setScope] = useState<AskScope>(ask.scopes[0] ?? "once");
  const [reason, setReason] = useState("");
  return {
    scope, setScope, reason, setReason,
    approve: () => {
      actions.approve(ask, scope);
      after?.();
    },
    deny: () => {
      actions.deny(ask, reason.trim() === "" ? undefined : reason.trim());
      after?.();
    },
  };
}
