// How the kinds of servers are written.
const NAMES: Record<string, string> = {
  VANILLA: "Vanilla", PAPER: "Paper", FABRIC: "Fabric", FORGE: "Forge", NEOFORGE: "NeoForge", SPIGOT: "Spigot",
};

export function typeName(type: string): string {
  return NAMES[type] ?? type;
}
