import { Link } from "@tanstack/react-router";
import { Page } from "../ui/Page";
import { useWords } from "../words";

export function MissingScreen() {
  const words = useWords();
  return (
    <main className="alone">
      <Page title={words.missing.title}>
        <p>{words.missing.text}</p>
        <p><Link to="/" className="button primary">{words.missing.home}</Link></p>
      </Page>
    </main>
  );
}
