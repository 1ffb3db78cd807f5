import type { Failure } from "../api/client";
import { sessionQuery } from "../api/session";
import { useQuery } from "@tanstack/react-query";
import { Check } from "../ui/Field";
import { useWords } from "../words";

/** What is wrong or dangerous in a compose file, with its line; an owner may accept what is only dangerous. */
export function Findings({ failure, accepted, onChange }: { failure: Failure; accepted: string[]; onChange: (codes: string[]) => void }) {
  const words = useWords();
  const isOwner = useQuery(sessionQuery).data?.user?.role === "owner";
  const isUnsafe = failure.code === "unsafe_compose";
  const codes = [...new Set(failure.findings?.map((one) => one.code))];
  const tick = (code: string, isOn: boolean) => onChange(isOn ? [...accepted, code] : accepted.filter((one) => one !== code));
  return (
    <div className="problem" role="alert">
      <p>{isUnsafe ? words.newServer.unsafe : words.newServer.broken}</p>
      <ul className="plain findings">
        {failure.findings?.map((one) => (
          <li key={`${one.code} ${one.line} ${one.message}`}>
            {one.line !== null && <strong>{words.newServer.line(one.line)} </strong>}<span lang="en">{one.message}</span>
          </li>
        ))}
      </ul>
      {isUnsafe && (isOwner
        ? codes.map((code) => (
          <Check key={code} checked={accepted.includes(code)} onChange={(event) => tick(code, event.target.checked)} label={<>{words.newServer.accept} <code>{code}</code></>} />
        ))
        : <p>{words.newServer.askOwner}</p>)}
    </div>
  );
}
