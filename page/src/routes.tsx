// Every address of the page. A screen for signed-in people stands below `inside`.
import { createRootRoute, createRoute, createRouter, Outlet } from "@tanstack/react-router";
import { ActivityScreen } from "./activity/ActivityScreen";
import { narrowedBy } from "./activity/narrowed";
import { OperationScreen } from "./activity/OperationScreen";
import { MeScreen } from "./account/MeScreen";
import { NewServerScreen } from "./newserver/NewServerScreen";
import { OverviewScreen } from "./overview/OverviewScreen";
import { ServerScreen } from "./servers/ServerScreen";
import { SetupScreen } from "./setup/SetupScreen";
import { Inside } from "./shell/Inside";
import { MissingScreen } from "./shell/MissingScreen";
import { SignInScreen } from "./signin/SignInScreen";
import { Guard } from "./ui/Problem";

const root = createRootRoute({ component: () => <Guard><Outlet /></Guard>, notFoundComponent: MissingScreen });
const inside = createRoute({ getParentRoute: () => root, id: "inside", component: Inside });

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const signIn = createRoute({
  getParentRoute: () => root, path: "/sign-in", component: SignInScreen,
  validateSearch: (search): { next?: string } => {
    const next = text(search.next);
    return next ? { next } : {};
  },
});
const setup = createRoute({ getParentRoute: () => root, path: "/setup", component: SetupScreen });
const overview = createRoute({ getParentRoute: () => inside, path: "/", component: OverviewScreen });
const me = createRoute({ getParentRoute: () => inside, path: "/me", component: MeScreen });
const newServer = createRoute({ getParentRoute: () => inside, path: "/new", component: NewServerScreen }); // a server may be called "new"
const server = createRoute({
  getParentRoute: () => inside, path: "/servers/$id",
  validateSearch: (search): { first?: true } => (search.first === true ? { first: true } : {}),
  component: function OneServer() {
    const { id } = server.useParams();
    const { first } = server.useSearch();
    return <ServerScreen key={id} id={id} isFirst={first} />;
  },
});
const activity = createRoute({
  getParentRoute: () => inside, path: "/activity", validateSearch: narrowedBy,
  component: function Activity() {
    return <ActivityScreen narrowed={activity.useSearch()} />;
  },
});
const operation = createRoute({
  getParentRoute: () => inside, path: "/operations/$id",
  component: function OneOperation() {
    const { id } = operation.useParams();
    return <OperationScreen key={id} id={id} />;
  },
});

export function makeRouter() {
  return createRouter({ routeTree: root.addChildren([signIn, setup, inside.addChildren([overview, me, newServer, server, activity, operation])]) });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
