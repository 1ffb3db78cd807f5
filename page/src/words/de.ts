import type { Words } from "./en";
import { list, number, plural } from "./format";

const n = (value: number) => number(value, "de");
const KINDS: Record<string, string> = {
  up: "Starten", start: "Starten", stop: "Stoppen", restart: "Neu starten", down: "Herunterfahren", kill: "Sofort beenden",
  pull: "Image holen", create: "Neuer Server", update: "Compose-Datei ändern", remove: "Entfernen", backup: "Sichern", restore: "Wiederherstellen",
  preview: "Vorschau einer Wiederherstellung", verify: "Snapshot erproben", forget: "Alte Snapshots vergessen", prune: "Repository aufräumen",
  check: "Repository prüfen", delete_snapshot: "Snapshot löschen", adopt_instance: "Snapshots übernehmen", copy_files: "Dateien kopieren",
  delete_files: "Dateien löschen", extract_files: "Dateien entpacken",
};
const DISKS: Record<string, string> = { "the servers": "der Server", "the logs": "der Logs", "the backups": "der Sicherungen" };

export const de = {
  languageName: "Deutsch",
  common: {
    justNow: "gerade eben", retry: "Noch einmal", cancel: "Abbrechen", close: "Schließen", copy: "Kopieren", copied: "Kopiert", details: "Einzelheiten", loading: "Lädt…",
    slow: "Das Panel antwortet langsam.", skip: "Zum Inhalt", mainMenu: "Hauptmenü", unknown: "nicht bekannt",
    pageTitle: (title) => `${title} · MC Admin`,
  },
  problems: {
    noAnswer: "Das Panel antwortet nicht. Läuft es noch?",
    wrongCredentials: "Name oder Passwort ist falsch.",
    throttled: (seconds) => `Zu viele Versuche. Noch einmal in ${n(seconds)} s.`,
    throttledNow: "Zu viele Versuche. Noch einmal in einer Minute.",
    wrongCode: "Dieser Link gilt nicht oder stammt von einem früheren Start. Das Panel gibt den neuesten beim Start aus.",
    setupDone: "Dieses Panel hat schon einen Besitzer.",
    crashed: "Dieser Teil der Seite ist ausgefallen.",
    rightMissing: "Das darfst du nicht. Ein Besitzer kann dir das Recht geben.",
    engineAway: "Die Docker-Engine antwortet nicht.",
    requestId: (id) => `Anfrage ${id}`,
  },
  signIn: {
    title: "Anmelden", name: "Name", password: "Passwort", remember: "Auf diesem Gerät 30 Tage angemeldet bleiben", submit: "Anmelden",
    again: "Noch einmal anmelden", ended: "Deine Sitzung ist zu Ende. Was du gerade tust, bleibt, wie es ist.",
    setup: "Dieses Panel hat noch keinen Besitzer. Öffne den Link, den es beim Start ausgegeben hat.",
  },
  setup: {
    title: "Willkommen bei MC Admin", lead: "Lege den ersten Besitzer an: ein Konto, das alles darf.", again: "Passwort noch einmal",
    hint: "Mindestens 8 Zeichen, und kein allbekanntes.", differ: "Die beiden Passwörter sind verschieden.", submit: "Besitzer anlegen",
    noCode: "Der Link ist nicht vollständig: sein Code fehlt. Öffne ihn so, wie das Panel ihn ausgegeben hat.",
  },
  shell: {
    overview: "Übersicht", servers: "Server", me: "Ich", signOut: "Abmelden", adminSite: "Verwaltung", api: "API",
    live: "Live", connecting: "Verbindet…",
    offline: (time) => `Keine Verbindung seit ${time}. Du siehst den Stand von da.`,
    nextTry: (seconds) => `Nächster Versuch in ${n(seconds)} s.`, tryNow: "Jetzt versuchen",
    back: "Wieder verbunden.",
  },
  overview: {
    attention: "Braucht Aufmerksamkeit", seeWhy: "Warum?", allWell: "Alles ist in Ordnung.", none: "Noch keine Server.",
    noneHint: "Lege einen Ordner mit einer Compose-Datei dorthin, wo die Server liegen, dann erscheint er hier von selbst. Oder lege einen in der Verwaltung an.",
    players: "Spieler", cpu: "CPU", memory: "Speicher", port: "Port", version: "Version", server: "Server", status: "Zustand", acts: "Aktionen",
    playersOnline: (count) => plural(count, "de", { one: "1 Spieler online", other: `${n(count)} Spieler online` }),
    running: (count, all) => `${n(count)} von ${n(all)} Servern laufen`,
    of: (used, limit) => `${used} von ${limit}`,
    filter: "Nach Namen filtern", noMatch: "Kein Server hat das im Namen.",
  },
  status: {
    running: "Läuft", noCheck: "Läuft (ohne Prüfung)", unwell: "Nicht gesund", paused: "Angehalten", loop: "Absturzschleife",
    starting: "Startet…", stopped: "Gestoppt", crashed: "Abgestürzt", never: "Nie gestartet", removed: "Entfernt",
    unknown: "Unbekannt", problem: "Datei hat ein Problem", since: "seit",
  },
  acts: {
    start: "Starten", stop: "Stoppen", restart: "Neu starten", kill: "Sofort beenden",
    starting: "Startet…", stopping: "Stoppt…", restarting: "Startet neu…",
    labelled: (act, server) => `${server}: ${act}`,
    affected: (count, names) =>
      plural(count, "de", { one: "1 Spieler verliert die Verbindung", other: `${n(count)} Spieler verlieren die Verbindung` }) +
      `: ${list(names, "de")}.`,
    stopTitle: (server) => `${server} stoppen?`, restartTitle: (server) => `${server} neu starten?`,
    offline: "Ohne Verbindung zum Panel nicht möglich.", busy: "Auf diesem Server läuft schon etwas.",
    engineAway: "Nicht möglich, solange die Docker-Engine nicht antwortet.",
  },
  operations: {
    tray: "Vorgänge", kind: (kind) => KINDS[kind] ?? kind, dismiss: "Ausblenden", cancel: "Abbrechen",
  },
  activity: {
    title: "Vorgänge", one: "Vorgang", of: (kind, server) => `${kind} · ${server}`,
    state: { running: "läuft", succeeded: "fertig", failed: "fehlgeschlagen", interrupted: "unterbrochen", cancelled: "abgebrochen" },
    origin: (origin) => ({ api: "über die API", admin: "in der Verwaltung", command: "in einer Shell", schedule: "nach Zeitplan" })[origin] ?? origin,
    cancelling: "Wird abgebrochen…",
    left: (time) => `noch ${time}`, took: (time) => `dauerte ${time}`, more: (count) => `${n(count)} weitere`,
    all: "Alle", alone: "Keines einzelnen Servers", kind: "Was", person: "Wer", older: "Ältere",
    none: "Noch wurde nichts getan.", noMatch: "Nichts passt dazu.", showAll: "Alle zeigen",
    output: "Ausgabe", result: "Ergebnis", nothingYet: "Noch keine Ausgabe.", printedNothing: "Keine Ausgabe.",
    toServer: (server) => `Zu ${server}`,
    missing: "Diesen Vorgang gibt es nicht", missingText: "Die Adresse stimmt nicht, oder er gehört zu einem Server, den du nicht sehen darfst.",
  },
  matters: {
    engineAway: "Die Docker-Engine antwortet nicht", serverProblem: (server) => `${server}: Die Datei hat ein Problem`,
    serverDown: (server) => `${server} ist abgestürzt`, serverUnwell: (server) => `${server} geht es nicht gut`,
    savingOff: (game) => `Auf ${game} ist das Speichern aus`, noRepository: "Es gibt keine Sicherungen: Kein Repository ist eingerichtet",
    repositoryWarning: "Das Repository der Sicherungen ist in Gefahr", sameDisk: "Die Sicherungen liegen auf derselben Platte wie die Server",
    repositoryUnread: "Das Repository der Sicherungen ist nicht lesbar", snapshotWarning: (server) => `Der neuesten Sicherung von ${server} fehlt etwas`,
    noBackup: (server) => `${server} hat noch keine vollständige Sicherung`, backupLate: (server) => `Die letzte vollständige Sicherung von ${server} ist alt`,
    diskLow: (disk, free, total) => `Die Platte ${DISKS[disk] ?? disk} ist fast voll: ${free} von ${total} sind frei`,
    auditLost: (late, lost, day) => `Audit vom ${day}: ${late} Ereignisse kamen spät, ${lost} gingen verloren`,
    backUp: "Sichern", backingUp: "Sichert…", showAll: (count) => `Alle ${n(count)} zeigen`,
  },
  console: {
    title: "Konsole", log: "Konsole des Servers", source: "Quelle", gameLog: "Spiel-Log", container: "Ausgabe des Containers",
    filter: "Zeilen filtern", levels: "Stufen", all: "Alle", warnings: "Warnungen", errors: "Fehler", wrap: "Zeilen umbrechen",
    copyView: "Angezeigtes kopieren", follow: "Ans Ende", newLines: (count) => `${n(count)} neu`,
    command: "Befehl", placeholder: "Befehl eingeben", send: "Senden",
    notReady: "Der Server nimmt gerade keine Befehle an.", noRight: "Du darfst diese Konsole lesen, aber keine Befehle senden.",
    lost: (count) => plural(count, "de", { one: "1 Zeile ist nicht angekommen.", other: `${n(count)} Zeilen sind nicht angekommen.` }),
    anew: "Die Konsole hat neu begonnen.", empty: "Im Log steht noch nichts.", noMatch: "Keine Zeile passt zum Filter.",
    confirm: (command) => `„${command}“ senden?`, confirmText: "Dieser Befehl ändert mehr als den Chat. Spieler können es bemerken.",
    kept: (count) => plural(count, "de", { one: "1 Zeile", other: `${n(count)} Zeilen` }),
    reconnecting: "Verbindet mit der Konsole…",
    closed: "Die Konsole ist geschlossen.", warningMark: "Warnung", errorMark: "Fehler",
  },
  server: {
    address: "Port", copyAddress: "Adresse kopieren", players: (count) => plural(count, "de", { one: "1 Spieler", other: `${n(count)} Spieler` }),
    missing: "Diesen Server gibt es nicht", missingText: "Er wurde entfernt, oder es gab ihn nie. Entfernte Server lassen sich in der Verwaltung zurückholen.",
    whatHappened: "Was geschah", asBrowserSees: "wie dieser Browser sie sieht",
  },
  me: {
    title: "Ich", role: { owner: "Besitzer", admin: "Admin" }, look: "Aussehen", system: "Wie das System", light: "Hell", dark: "Dunkel", language: "Sprache",
    password: "Passwort", oldPassword: "Jetziges Passwort", newPassword: "Neues Passwort", again: "Neues Passwort noch einmal", change: "Passwort ändern",
    changed: "Das Passwort ist geändert. Alle anderen Sitzungen wurden beendet.",
    sessions: "Sitzungen", thisOne: "Diese", end: "Beenden", endOthers: "Alle anderen beenden", endOf: (what) => `${what} beenden`,
    lastUsed: "zuletzt benutzt", began: "begonnen", noOthers: "Es gibt keine anderen.",
    method: { page: "Seite", admin_site: "Verwaltung", token: "Token", code: "Code" },
  },
  missing: { title: "Hier ist nichts", text: "Die Adresse gehört nicht zu dieser Seite.", home: "Zur Übersicht" },
} satisfies Words;
