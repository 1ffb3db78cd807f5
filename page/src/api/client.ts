// Calls to the panel, typed by its own document. Each change carries the token that the session gave.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type ServerItem = Schemas["ServerItem"];
export type Operation = Schemas["Operation"];
export type Work = Schemas["OperationSummary"]; // the same without its output
export type Matter = Schemas["AttentionItem"];
export type Session = Schemas["Session"];
type Problem = Schemas["Problem"];

let csrf = "";
let whenEnded: () => void = () => undefined;

/** Take the token that changes need from an answer about the session. */
export function keepToken(session: Session): Session {
  csrf = session.csrf ?? csrf;
  return session;
}

/** Say what happens when the panel answers that nobody is signed in (any more). */
export function onSessionEnded(handler: () => void): void {
  whenEnded = handler;
}

const session: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("X-CSRFToken", csrf);
    return request;
  },
  onResponse({ request, response }) {
    const isSignIn = request.method === "POST" && new URL(request.url).pathname.startsWith("/api/auth/");
    if (response.status === 401 && !isSignIn) whenEnded();
  },
};

export const api = createClient<paths>({ baseUrl: "/", headers: { Accept: "application/json" } });
api.use(session);

/** What went wrong, as the panel said it; `code` is "" where it said nothing at all. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
    readonly status: number,
    readonly requestId: string,
    readonly retryAfter: number | null,
    readonly errors: Record<string, string[]> = {},
    readonly findings: Problem["findings"] = [],
  ) {
    super(detail || code || "no answer");
  }
}

interface Answer<T> { data?: T; error?: unknown; response: Response }

/** Return the data of an answer, or throw a Failure. */
export async function asked<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new Failure("", "", 0, "", null);
  }
  if (answer.response.ok) return answer.data as T;
  const { headers, status } = answer.response;
  const problem = (answer.error ?? {}) as { code?: unknown; detail?: unknown } & Pick<Problem, "errors" | "findings">;
  const retryAfter = Number(headers.get("Retry-After"));
  throw new Failure(
    typeof problem.code === "string" ? problem.code : "",
    typeof problem.detail === "string" ? problem.detail : "",
    status, headers.get("X-Request-ID") ?? "", retryAfter > 0 ? retryAfter : null, problem.errors, problem.findings,
  );
}
