// Who is signed in: one question to the panel, kept beside everything else that it answered.
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { forgetPerson } from "../prefs";
import { api, asked, keepToken, type Schemas, type Session } from "./client";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => keepToken(await asked(api.GET("/api/auth/session"))),
  staleTime: Number.POSITIVE_INFINITY,
  retry: 2,
});

export const rightsQuery = queryOptions({
  queryKey: ["rights"],
  queryFn: () => asked(api.GET("/api/user/me/rights")),
  staleTime: 30_000,
});

export function signIn(username: string, password: string, remember: boolean): Promise<Session> {
  return asked(api.POST("/api/auth/session", { body: { username, password, remember } })).then(keepToken);
}

export function setUp(code: string, username: string, password: string): Promise<Session> {
  return asked(api.POST("/api/auth/setup", { body: { code, username, password } })).then(keepToken);
}

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await asked(api.DELETE("/api/auth/session"));
    forgetPerson();
    client.clear();
    window.location.assign("/sign-in"); // a new page: nothing of this one is left in memory
  };
}

export type Verb = "view" | "console" | "command" | "power" | "players" | "backup";

/** Whether these rights allow `verb` with a server; undefined while they are not known. */
export function allows(rights: Schemas["MyRights"] | undefined, serverId: string, verb: Verb): boolean | undefined {
  if (rights === undefined) return undefined;
  return rights.access === "everything" || (rights.servers[serverId] ?? []).includes(verb);
}

/** Whether the signed-in person may do `verb` with a server; undefined while that is not known. */
export function useMay(serverId: string, verb: Verb): boolean | undefined {
  return allows(useQuery(rightsQuery).data, serverId, verb);
}

/** Whether the signed-in person may make new servers; undefined while that is not known. */
export function useMayCreate(): boolean | undefined {
  const rights = useQuery(rightsQuery).data;
  return rights && (rights.access === "everything" || rights.create);
}

/** Whether commands may be sent at all: any, or those whose first words are allowed. */
export function useMayCommand(serverId: string): boolean | undefined {
  const rights = useQuery(rightsQuery).data;
  const may = useMay(serverId, "command");
  return may === false ? (rights?.commands[serverId] ?? []).length > 0 : may;
}
