// Our own icons: strokes of one width on a field of 20.
const PATHS = {
  home: "M3 9.5 10 3.5l7 6M5 8.5V16h3.5v-4h3v4H15V8.5",
  activity: "M3 10h3l2.5-6 3.5 12 2.5-6H17",
  person: "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M3.8 17c.6-3.2 3-5 6.2-5s5.6 1.8 6.2 5",
  copy: "M7 7h9v9H7zM4 13V4h9",
  check: "m4 10.5 4 4 8-9",
  close: "m5 5 10 10M15 5 5 15",
  send: "M3 10 17 4l-4.5 13-3-5.5z",
  down: "M10 4v11m-4.5-4.5L10 15l4.5-4.5",
  out: "M8 4H4v12h4M12 6.5 15.5 10 12 13.5M15 10H8",
  plus: "M10 4v12M4 10h12",
  machine: "M3 4.5h14v5H3zM3 11.5h14v5H3zM6 7h.01M6 14h.01M9.5 7H14M9.5 14H14",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M13 13l4 4",
  wrap: "M3 5h14M3 10h11a2.5 2.5 0 0 1 0 5h-3m2-2-2 2 2 2M3 15h4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="drawn" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
