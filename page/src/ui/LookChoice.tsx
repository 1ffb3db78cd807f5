// Language and look: chosen on the page of one's own account, the language before signing in, too.
import { LANGUAGES, type Look, setLanguage, setLook, useLanguage, useLook } from "../prefs";
import { useWords } from "../words";
import { TAGS } from "../words/format";
import { Select } from "./Field";

const NAMES = { en: "English", de: "Deutsch", zh: "中文" };

export function LanguageChoice() {
  const words = useWords();
  const language = useLanguage();
  const choices = LANGUAGES.map((value) => ({ value, label: NAMES[value], lang: TAGS[value] }));
  return <Select label={words.me.language} value={language} choices={choices} onChange={setLanguage} />;
}

export function LookChoice() {
  const words = useWords();
  const look = useLook();
  const choices: { value: Look; label: string }[] = [
    { value: "system", label: words.me.system }, { value: "light", label: words.me.light }, { value: "dark", label: words.me.dark },
  ];
  return <Select label={words.me.look} value={look} choices={choices} onChange={setLook} />;
}
