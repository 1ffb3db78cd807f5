// A server's status: a shape, a word and a colour, never a colour alone.
import type { ServerItem } from "../api/client";
import { useWords } from "../words";
import { Lasting } from "./Ago";
import { lookOf, type Shape, type Tone } from "./status";

const MIDDLE = 6;

function Drawn({ shape }: { shape: Shape }) {
  switch (shape) {
    case "disc":
      return <circle cx={MIDDLE} cy={MIDDLE} r="5" fill="currentColor" />;
    case "ring":
      return <circle cx={MIDDLE} cy={MIDDLE} r="4" fill="none" stroke="currentColor" strokeWidth="2" />;
    case "triangle":
      return <path d="M6 1 11.5 11H.5z" fill="currentColor" />;
    case "pause":
      return <path d="M2.5 1.5h2.5v9H2.5zM7 1.5h2.5v9H7z" fill="currentColor" />;
    case "loop":
      return <path d="M10 3.5A4.7 4.7 0 1 0 10.7 6.5M10.5.8v3h-3M4.4 4.4l3.2 3.2m0-3.2L4.4 7.6" fill="none" stroke="currentColor" strokeWidth="1.5" />;
    case "part":
      return <><circle cx={MIDDLE} cy={MIDDLE} r="4.5" fill="none" stroke="currentColor" strokeWidth="1.5" /><path d="M6 1.5a4.5 4.5 0 0 1 4.5 4.5H6z" fill="currentColor" /></>;
    case "square":
      return <rect x="1.5" y="1.5" width="9" height="9" fill="currentColor" />;
    case "diamond":
      return <path d="M6 .3 11.7 6 6 11.7.3 6z" fill="currentColor" />;
    case "dashed":
      return <rect x="1.5" y="1.5" width="9" height="9" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.25" />;
    case "question":
      return <><circle cx={MIDDLE} cy={MIDDLE} r="5.2" fill="none" stroke="currentColor" strokeDasharray="1.6" /><path d="M4.3 4.7a1.7 1.7 0 1 1 2.4 1.5c-.5.2-.7.5-.7 1M6 8.3v1" fill="none" stroke="currentColor" strokeWidth="1.2" /></>;
  }
}

export function StatusShape({ shape, tone }: { shape: Shape; tone: Tone }) {
  return (
    <svg className={`shape tone-${tone}${shape === "part" ? " turns" : ""}`} viewBox="0 0 12 12" aria-hidden="true">
      <Drawn shape={shape} />
    </svg>
  );
}

export function Status({ server, withSince = false }: { server: ServerItem; withSince?: boolean }) {
  const words = useWords();
  const { shape, tone, condition } = lookOf(server);
  return (
    <span className="status">
      <StatusShape shape={shape} tone={tone} />
      <span className={`tone-${tone}`}>{words.status[condition]}</span>
      {withSince && server.since && <span className="muted">· <Lasting since={server.since} /></span>}
    </span>
  );
}
