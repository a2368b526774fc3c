/** What a notification says when its own text cannot be opened. The page's catalogue is too large for the worker. */
export interface GenericWords {
  readonly result: string;
  readonly ask: string;
  readonly failed: string;
  readonly test: string;
  more(count: number): string;
}

const WORDS: Readonly<Record<"en" | "zh" | "ar", GenericWords>> = {
  en: {
    result: "Your computer has an answer.",
    ask: "Your computer asks you something.",
    failed: "Something needs a look.",
    test: "Notifications arrive on this device.",
    more: (count) => (count === 1 ? "and 1 more" : `and ${count} more`),
  },
  zh: {
    result: "你的电脑有了答复。",
    ask: "你的电脑有事要问你。",
    failed: "有件事需要你看一下。",
    test: "这台设备能收到通知。",
    more: (count) => `另有 ${count} 条`,
  },
  ar: {
    result: "لدى حاسوبك جواب.",
    ask: "حاسوبك يسألك شيئًا.",
    failed: "هناك ما يحتاج إلى نظرة منك.",
    test: "تصل الإشعارات إلى هذا الجهاز.",
    more: (count) => `و${new Intl.NumberFormat("ar").format(count)} أخرى`,
  },
};

export function genericWords(language: string): GenericWords {
  const short = language.slice(0, 2);
  return short === "zh" || short === "ar" ? WORDS[short] : WORDS.en;
}
