import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What the page tells of the core's own source: for every kind of event the functions that emit it, for
 * every rule the functions that consult it, and what the catalogue and the stories say of the rule. All of
 * it is read from the files that are compiled, so it cannot differ from the code that runs. The shape of the
 * result is Core in src/story/core.ts.
 */
export function readCore(root) {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const files = readdirSync(join(root, "raft")).filter((f) => f.endsWith(".go") && !f.endsWith("_test.go")).sort();
  const functions = files.flatMap((f) => functionsOf(`raft/${f}`, read(`raft/${f}`)));
  const names = read("raft/explain/names.go");
  const rules = read("raft/rules.go").replace(/" \+\n\s+"/g, ""); // long sentences are joined from parts
  const used = new Map(); // the functions to include → their place in the list
  const placed = (places) => places.map(({ of, ...place }) => {
    if (!used.has(of)) used.set(of, used.size);
    return { at: used.get(of), ...place };
  });
  const kinds = Object.fromEntries(namesIn(names, "kindNames")
    .map(([constant, name]) => [name, placed(emitters(functions, constant, namesIn(names, "reasonNames")))]));
  const properties = new Map([...read("raft/check/violation.go").matchAll(/(\w+): "([A-Z][\w -]+)"/g)]
    .map(([, constant, name]) => [constant, name]));
  const extensions = /const Extensions = RuleSet\((.*)\)/.exec(rules)?.[1] ?? "";
  const stories = storiesIn(read);
  const catalogue = [...rules.matchAll(/^\t\{(\w+),\s+"(\w+)",\s+"(.*?)",\s+"(.*?)",\s+"(.*?)",\s+(\w+)\},$/gm)]
    .map(([, constant, id, title, sentence, section, protects]) => ({
    id, title, sentence, section,
    protects: properties.get(protects) ?? protects,
    extension: new RegExp(`<<${constant}\\b`).test(extensions),
    places: placed(consulters(functions, constant)),
    stories: stories.filter((s) => s.rule === id).map(({ rule, ...story }) => story),
  }));
  return { functions: [...used.keys()], kinds, rules: catalogue };
}

/** The functions of a file as gofmt leaves them, each with the comment above it. */
function functionsOf(file, text) {
  const lines = text.split("\n");
  const found = [];
  for (let i = 0; i < lines.length; i++) {
    const name = /^func (?:\(\w+ \*?\w+\) )?(\w+)/.exec(lines[i])?.[1];
    if (!name) continue;
    let first = i;
    while (first > 0 && lines[first - 1].startsWith("//")) first--;
    let last = i;
    while (lines[last] !== "}" && !(last === i && lines[i].endsWith("}"))) last++;
    found.push({ name, file, line: first + 1, text: lines.slice(first, last + 1).join("\n") });
  }
  return found;
}

/** The pairs of constant and name in a table of explain/names.go. */
function namesIn(text, table) {
  const body = text.slice(text.indexOf(`var ${table} `)).split(/^}/m)[0];
  return [...body.matchAll(/raft\.(\w+):\s+"(\w+)"/g)].map(([, constant, name]) => [constant, name]);
}

/**
 * The functions that emit a kind of event: `marks` are the lines that name the kind; `reason` is set if the
 * event always has the same reason there.
 */
function emitters(functions, kind, reasons) {
  const named = new RegExp(`(Kind: |kind :?= |\\.Kind, .* = )${kind}\\b`);
  return functions.flatMap((of) => {
    const marks = marked(of, named);
    if (marks.length === 0 || !/Event\{Kind: |\.Kind, /.test(of.text)) return [];
    const constant = new RegExp(`Event\\{Kind: ${kind}, Reason: ([A-Z]\\w+)`).exec(of.text)?.[1];
    // kept in a variable, whose reason may change later
    const changes = new RegExp(`:= Event\\{Kind: ${kind}\\b`).test(of.text);
    const reason = changes ? undefined : reasons.find(([c]) => c === constant)?.[1];
    return [{ of, marks, ...(reason ? { reason } : {}) }];
  });
}

/** The functions that consult a rule. */
function consulters(functions, rule) {
  return functions.flatMap((of) => {
    const marks = marked(of, new RegExp(`\\bkeeps\\(${rule}\\)`));
    return marks.length > 0 ? [{ of, marks }] : [];
  });
}

/** The lines of a function that match, counted from its first. */
const marked = (of, pattern) => of.text.split("\n").flatMap((line, i) => (pattern.test(line) && !line.startsWith("//")
  ? [i] : []));

/** The stories of raft/scenario that break without a rule, each with what it tells. */
function storiesIn(read) {
  const rows = [...read("raft/scenario/TABLE.md").matchAll(/^\| (\w+) \| \[(.*?)\]\((.*?)\) \| (.*?) \|$/gm)];
  return rows.filter(([, , , file]) => file.startsWith("testdata/")).map(([, rule, title, file, breaks]) => {
    const head = read(`raft/scenario/${file}`).split("\n").filter((line, i, all) => line.startsWith("#") &&
      all.slice(0, i).every((l) => l.startsWith("#")));
    const text = head.slice(head.indexOf("#") + 1).map((line) => line.slice(2)).join(" ");
    return { rule, title: title.replace(/^\d[\d, ]* /, ""), file: `raft/scenario/${file}`, breaks, text };
  });
}
