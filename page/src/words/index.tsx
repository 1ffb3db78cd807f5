// The words of the page in the language of whoever reads it: `const words = useWords()`.
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { type Language, useLanguage } from "../prefs";
import { en, type Words } from "./en";
import { TAGS } from "./format";

const LOADERS: Record<Language, () => Promise<Words>> = {
  en: async () => en,
  de: async () => (await import("./de")).de,
  zh: async () => (await import("./zh")).zh,
};

interface Spoken { words: Words; language: Language }

const SpokenContext = createContext<Spoken>({ words: en, language: "en" });

export function WordsProvider({ children }: { children: ReactNode }) {
  const wanted = useLanguage();
  const [spoken, setSpoken] = useState<Spoken | null>(wanted === "en" ? { words: en, language: "en" } : null);

  useEffect(() => {
    let isCurrent = true;
    LOADERS[wanted]()
      .catch(() => en) // better another language than none
      .then((words) => {
        if (isCurrent) setSpoken({ words, language: wanted });
      });
    return () => {
      isCurrent = false;
    };
  }, [wanted]);

  useEffect(() => {
    if (spoken) document.documentElement.lang = TAGS[spoken.language];
  }, [spoken]);

  return spoken && <SpokenContext.Provider value={spoken}>{children}</SpokenContext.Provider>;
}

export function useWords(): Words {
  return useContext(SpokenContext).words;
}

/** The language whose words are shown, for numbers and times. */
export function useSpoken(): Language {
  return useContext(SpokenContext).language;
}
