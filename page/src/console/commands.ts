// Which commands are asked about first, and which are never kept.
const ASKED = new Set(["stop", "save-off", "reload", "op", "deop", "ban", "ban-ip"]);
const SECRET = /^\/?(\w+:)?(login|l|register|reg|password|authme|changepassword|changepw|unregister)\b/i;

export function isAskedFirst(command: string): boolean {
  const words = command.trim().replace(/^\//, "").replace(/^minecraft:/, "").toLowerCase().split(/\s+/);
  return ASKED.has(words[0] ?? "") || (words[0] === "whitelist" && words[1] === "off");
}

export function isKept(command: string): boolean {
  return !SECRET.test(command.trim());
}
