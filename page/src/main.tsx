import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { onSessionEnded } from "./api/client";
import { sessionQuery } from "./api/session";
import { makeRouter } from "./routes";
import { WordsProvider } from "./words";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/parts.css";
import "./shell/shell.css";
import "./overview/overview.css";
import "./servers/servers.css";
import "./newserver/newserver.css";
import "./console/console.css";
import "./account/account.css";
import "./activity/activity.css";
import "./palette/palette.css";

const client = new QueryClient({ defaultOptions: { queries: { staleTime: 30_000, retry: 1 } } });
onSessionEnded(() => client.invalidateQueries({ queryKey: sessionQuery.queryKey }));

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <QueryClientProvider client={client}>
      <WordsProvider>
        <RouterProvider router={makeRouter()} />
      </WordsProvider>
    </QueryClientProvider>,
  );
}
