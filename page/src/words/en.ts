import { list, number, plural } from "./format";

const n = (value: number) => number(value, "en");
const KINDS: Record<string, string> = {
  up: "Start", start: "Start", stop: "Stop", restart: "Restart", down: "Take down", kill: "Kill", pull: "Pull the image",
  create: "New server", update: "Change the compose file", remove: "Remove", backup: "Backup", restore: "Restore", preview: "Preview of a restore",
  verify: "Try a snapshot out", forget: "Forget old snapshots", prune: "Clean the repository", check: "Check the repository",
  delete_snapshot: "Delete a snapshot", adopt_instance: "Take over snapshots", copy_files: "Copy files", delete_files: "Delete files", extract_files: "Extract files",
};

export const en = {
  languageName: "English",
  common: {
    justNow: "just now", retry: "Try again", cancel: "Cancel", close: "Close", copy: "Copy", copied: "Copied", details: "Details", loading: "Loading…",
    slow: "The panel is slow to answer.", skip: "Skip to the content", mainMenu: "Main menu", unknown: "not known",
    pageTitle: (title: string) => `${title} · MC Admin`,
  },
  problems: {
    noAnswer: "The panel does not answer. Is it still running?",
    wrongCredentials: "Name or password is wrong.",
    throttled: (seconds: number) => `Too many tries. Try again in ${n(seconds)} s.`,
    throttledNow: "Too many tries. Try again in a minute.",
    wrongCode: "This link is not good, or it is one of an earlier start. The panel prints the newest one when it starts.",
    setupDone: "This panel has an owner already.",
    crashed: "This part of the page failed.",
    rightMissing: "You may not do that. An owner can give you the right.",
    engineAway: "The Docker engine does not answer.",
    requestId: (id: string) => `Request ${id}`,
  },
  signIn: {
    title: "Sign in", name: "Name", password: "Password", remember: "Stay signed in on this device for 30 days", submit: "Sign in",
    again: "Sign in again", ended: "Your session has ended. What you were doing stays as it is.",
    setup: "This panel has no owner yet. Open the link that it printed when it started.",
  },
  setup: {
    title: "Welcome to MC Admin", lead: "Make the first owner: an account that may do everything.", again: "Password again",
    hint: "At least 8 characters, and not a well-known one.", differ: "The two passwords differ.", submit: "Make the owner",
    noCode: "The link is not whole: its code is missing. Open it as the panel printed it.",
  },
  shell: {
    overview: "Overview", servers: "Servers", me: "Me", signOut: "Sign out", adminSite: "Admin site", api: "API",
    live: "Live", connecting: "Connecting…",
    offline: (time: string) => `No connection since ${time}. You see what was then.`,
    nextTry: (seconds: number) => `Next try in ${n(seconds)} s.`, tryNow: "Try now",
    back: "Connected again.",
  },
  overview: {
    attention: "Needs attention", seeWhy: "See why", allWell: "Everything is well.", none: "No servers yet.",
    noneHint: "Put a folder with a compose file where the servers lie, and it appears here by itself. Or make one on the admin site.",
    players: "Players", cpu: "CPU", memory: "Memory", port: "Port", version: "Version", server: "Server", status: "Status", acts: "Acts",
    playersOnline: (count: number) => plural(count, "en", { one: "1 player online", other: `${n(count)} players online` }),
    running: (count: number, all: number) => `${n(count)} of ${n(all)} servers running`,
    of: (used: string, limit: string) => `${used} of ${limit}`,
    filter: "Filter by name", noMatch: "No server has that in its name.",
  },
  status: {
    running: "Running", noCheck: "Running (no health check)", unwell: "Not well", paused: "Paused", loop: "Crash loop",
    starting: "Starting…", stopped: "Stopped", crashed: "Crashed", never: "Never started", removed: "Removed",
    unknown: "Unknown", problem: "File has a problem", since: "since",
  },
  acts: {
    start: "Start", stop: "Stop", restart: "Restart", kill: "Kill",
    starting: "Starting…", stopping: "Stopping…", restarting: "Restarting…",
    labelled: (act: string, server: string) => `${act} ${server}`,
    affected: (count: number, names: string[]) =>
      plural(count, "en", { one: "1 player will be disconnected", other: `${n(count)} players will be disconnected` }) +
      `: ${list(names, "en")}.`,
    stopTitle: (server: string) => `Stop ${server}?`, restartTitle: (server: string) => `Restart ${server}?`,
    offline: "Not possible without a connection to the panel.", busy: "Something else runs on this server.",
    engineAway: "Not possible while the Docker engine does not answer.",
  },
  operations: {
    tray: "Operations", kind: (kind: string) => KINDS[kind] ?? kind, dismiss: "Dismiss", cancel: "Cancel",
  },
  activity: {
    title: "Activity", one: "Operation", of: (kind: string, server: string) => `${kind} · ${server}`,
    state: { running: "under way", succeeded: "done", failed: "failed", interrupted: "interrupted", cancelled: "cancelled" },
    origin: (origin: string) => ({ api: "over the API", admin: "on the admin site", command: "at a shell", schedule: "by a schedule" })[origin] ?? origin,
    cancelling: "Being cancelled…",
    left: (time: string) => `${time} left`, took: (time: string) => `took ${time}`, more: (count: number) => `${n(count)} more`,
    all: "All", alone: "Of no single server", kind: "What", person: "Who", older: "Older ones",
    none: "Nothing has been done yet.", noMatch: "Nothing fits that.", showAll: "Show all",
    output: "Output", result: "Result", nothingYet: "It has printed nothing yet.", printedNothing: "It printed nothing.",
    toServer: (server: string) => `To ${server}`,
    missing: "There is no such operation", missingText: "The address is wrong, or it is of a server that you may not see.",
  },
  matters: {
    engineAway: "The Docker engine does not answer", serverProblem: (server: string) => `${server}: its file has a problem`,
    serverDown: (server: string) => `${server} has crashed`, serverUnwell: (server: string) => `${server} is not well`,
    savingOff: (game: string) => `Saving is off on ${game}`, noRepository: "There are no backups: no repository is set up",
    repositoryWarning: "The repository of the backups is in danger", sameDisk: "The backups lie on the same disk as the servers",
    repositoryUnread: "The repository of the backups cannot be read", snapshotWarning: (server: string) => `The newest backup of ${server} lacks something`,
    noBackup: (server: string) => `${server} has no whole backup yet`, backupLate: (server: string) => `The last whole backup of ${server} is old`,
    diskLow: (disk: string, free: string, total: string) => `The disk of ${disk} is nearly full: ${free} of ${total} are free`,
    auditLost: (late: string, lost: string, day: string) => `Audit of ${day}: ${late} events came late, ${lost} were lost`,
    backUp: "Back up", backingUp: "Backing up…", showAll: (count: number) => `Show all ${n(count)}`,
  },
  console: {
    title: "Console", log: "Console of the server", source: "Source", gameLog: "Game log", container: "Container output",
    filter: "Filter lines", levels: "Levels", all: "All", warnings: "Warnings", errors: "Errors", wrap: "Wrap lines",
    copyView: "Copy what is shown", follow: "To the end", newLines: (count: number) => `${n(count)} new`,
    command: "Command", placeholder: "Type a command", send: "Send",
    notReady: "The server takes no commands now.", noRight: "You may read this console, but send no commands.",
    lost: (count: number) => `${plural(count, "en", { one: "1 line", other: `${n(count)} lines` })} did not come.`,
    anew: "The console began anew.", empty: "There is nothing in the log yet.", noMatch: "No line fits the filter.",
    confirm: (command: string) => `Send “${command}”?`, confirmText: "This command changes more than the chat. Players may notice.",
    kept: (count: number) => plural(count, "en", { one: "1 line", other: `${n(count)} lines` }),
    reconnecting: "Connecting to the console…",
    closed: "The console is closed.", warningMark: "Warning", errorMark: "Error",
  },
  server: {
    address: "Port", copyAddress: "Copy the address", players: (count: number) => plural(count, "en", { one: "1 player", other: `${n(count)} players` }),
    missing: "There is no such server", missingText: "It was removed, or it never was. Servers that were removed can be brought back on the admin site.",
    whatHappened: "What happened", asBrowserSees: "as this browser sees it",
  },
  me: {
    title: "Me", role: { owner: "Owner", admin: "Admin" }, look: "Look", system: "As the system", light: "Light", dark: "Dark", language: "Language",
    password: "Password", oldPassword: "Present password", newPassword: "New password", again: "New password again", change: "Change the password",
    changed: "The password is changed. All other sessions were ended.",
    sessions: "Sessions", thisOne: "This one", end: "End", endOthers: "End all others", endOf: (what: string) => `End ${what}`,
    lastUsed: "last used", began: "began", noOthers: "There are no others.",
    method: { page: "page", admin_site: "admin site", token: "token", code: "code" },
  },
  missing: { title: "There is nothing here", text: "The address is none of this page.", home: "To the overview" },
};

export type Words = typeof en;
