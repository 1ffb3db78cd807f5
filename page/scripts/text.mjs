// What people read comes from src/words: no words stand in the markup itself.
import ts from "typescript";

const READ = new Set(["aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "alt", "label", "placeholder", "title"]);
const WORD = /\p{L}{2,}/u;
// What is a name or the game's, and so the same in every language.
const NAMES = new Set(["MC Admin", "Deutsch", "English", "中文", "EULA", "RCON", "TPS", "CPU", "Ctrl", "Esc", "Enter", "Tab", "yaml", "compose.yaml", "server.properties", "A Minecraft server"]);

/** The strings that an expression may come to: those that stand in it, not those that it hands to something. */
function strings(node) {
  if (!node) return [];
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node];
  if (ts.isTemplateExpression(node)) return [node.head, ...node.templateSpans.map((span) => span.literal)];
  if (ts.isJsxExpression(node) || ts.isParenthesizedExpression(node)) return strings(node.expression);
  if (ts.isConditionalExpression(node)) return [...strings(node.whenTrue), ...strings(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...strings(node.left), ...strings(node.right)].filter((one) => joins(node, one));
  return [];
}

const JOINING = [ts.SyntaxKind.PlusToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken];
const joins = (node, one) =>
  JOINING.includes(node.operatorToken.kind) ||
  (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken && one.pos >= node.right.pos);

/** Bare words in the markup of one file. */
export function textFaults(path, text) {
  if (!path.endsWith(".tsx") || path.includes(".test.")) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found = [];
  const look = (node) => {
    let shown = [];
    if (ts.isJsxText(node)) shown = [node];
    else if (ts.isJsxAttribute(node) && READ.has(node.name.getText(source))) shown = strings(node.initializer);
    else if (ts.isJsxExpression(node) && (ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent))) shown = strings(node);
    for (const one of shown) {
      const words = one.text.trim();
      if (!WORD.test(words) || NAMES.has(words)) continue;
      const line = source.getLineAndCharacterOfPosition(one.getStart(source)).line + 1;
      found.push(`src/${path}:${line}: “${words}” stands in the markup; words come from src/words`);
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return found;
}
