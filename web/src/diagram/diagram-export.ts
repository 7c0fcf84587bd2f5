import { textWidth } from "../stage/marks.js";
import type { Message, Moment, StoryLine } from "../model.js";
import type { Store } from "../state/store.js";
import { heading } from "../story/story.js";
import { flightName, seconds, who } from "../view/words.js";
import { lanesOf, stamped, type Point } from "./causality.js";
import { arrived, endOf } from "../inspector/messages.js";
import { download, writeLink } from "../share/moment.js";
import { SPARED } from "./spacetime.js";

/**
 * The visible part of the diagram as a file: a picture, a Mermaid sequence diagram, or a log for ShiViz.
 * Each says which run it is, and whether that is Raft.
 */

export type Format = "svg" | "png" | "mermaid" | "shiviz";

export interface Seen {
  drawing: SVGSVGElement;
  messages: Message[];
  story: StoryLine[];
  from: number;
  to: number;
  by: number; // anything later has not happened
}

/** Where an exported file comes from, as every format says it. */
export interface Origin {
  title: string; // "Raft playground, seed 7, 0.100 to 0.600 s"
  modified: string; // "Modified Raft: oneVotePerTerm is off", or empty
  link: string; // to the moment; empty if the run is too long for one
}

const SCALE = 2; // pixels of a PNG to one of the page
const MARGIN = 16;
const LINE = 18; // px of a line above the picture
const [SANS, SIZE, WEIGHT] = ["Inter, system-ui, sans-serif", 13, 600];
// characters; Mermaid draws nothing longer, unless the page around it says otherwise (maxTextSize)
const MERMAID_MOST = 50_000;

/** Makes a file of the visible part and hands it to the person. */
export async function save(store: Store, format: Format, seen: Seen): Promise<void> {
  const origin = await originOf(store, seen);
  const name = `raft-seed-${store.lab?.seed ?? 0}-${seconds(seen.from)}-${seconds(seen.to)}`;
  switch (format) {
    case "svg":
      return download(`${name}.svg`, new Blob([picture(seen.drawing, origin)], { type: "image/svg+xml" }));
    case "png":
      return download(`${name}.png`, await raster(picture(seen.drawing, origin)));
    case "mermaid": {
      const text = mermaid(seen.messages, seen.story, origin, seen.by);
      if (text.length > MERMAID_MOST)
        store.notice(`Mermaid draws ${MERMAID_MOST} characters, and this has ${text.length}. Enlarge the diagram to `
          + "save a shorter stretch.");
      return download(`${name}.mmd`, new Blob([text], { type: "text/plain" }));
    }
    case "shiviz":
      return download(`${name}.log`, new Blob([shiviz(seen.messages, seen.story, origin, seen.by)],
        { type: "text/plain" }));
  }
}

async function originOf(store: Store, seen: Seen): Promise<Origin> {
  const off = store.lab?.modified ?? [];
  const moment = (await store.askLab((id) => ({ type: "moment", id }))) as Moment;
  const link = await writeLink(moment).catch(() => ""); // a run that is too long has a picture but no link
  return {
    title: `Raft playground, seed ${moment.run.seed}, ${seconds(seen.from)} to ${seconds(seen.to)} s`,
    modified: off.length > 0 ? `Modified Raft: ${off.join(", ")} ${off.length > 1 ? "are" : "is"} off` : "",
    link: link ? new URL(link.startsWith("#") ? link : `#${link}`, location.href).href : "",
  };
}

// --- pictures

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "font-family",
  "font-size", "font-weight", "text-anchor", "paint-order", "display"];

/** Default values, which need not be written. */
const UNLESS: Record<string, string> = { "stroke-dasharray": "none", "stroke-linecap": "butt", opacity: "1",
  "text-anchor": "start", "paint-order": "normal", display: "inline" };

/** The drawing as it looks now, in a file of its own: its styles are written into each element. */
function picture(drawing: SVGSVGElement, origin: Origin): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const [from, to] = [[...drawing.querySelectorAll("*")], [...copy.querySelectorAll("*")]];
  from.forEach((element, i) => inline(element, to[i] as Element));
  for (const seat of copy.querySelectorAll("[data-unseen]")) seat.remove();
  const width = drawing.width.baseVal.value;
  const height = drawing.height.baseVal.value;
  const root = getComputedStyle(document.documentElement);
  const token = (name: string) => root.getPropertyValue(name).trim();
  const words = [...lines([origin.title, origin.modified].filter((t) => t).join(" · "), width),
    ...(origin.link ? [shortened(origin.link, width)] : [])];
  const head = words.map((line, i) => {
    const link = origin.link !== "" && i === words.length - 1;
    const text = `<text x="${MARGIN}" y="${MARGIN + 10 + LINE * i}" font-family="${SANS}" font-size="${SIZE}"
      font-weight="${link ? 400 : WEIGHT}" fill="${token(link ? "--t3" : "--t1")}">${escaped(line)}</text>`;
    return link ? `<a href="${escaped(origin.link)}">${text}</a>` : text;
  });
  const top = MARGIN + LINE * words.length + 8;
  const size = { width: width + 2 * MARGIN, height: top + height + MARGIN };
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}"
    viewBox="0 0 ${size.width} ${size.height}"><title>${escaped([origin.title, origin.modified].filter((t) => t)
    .join(". "))}</title>${origin.link ? `<desc>${escaped(origin.link)}</desc>` : ""}<rect width="100%" height="100%"
    fill="${token("--surface")}"/>${head.join("")}<g transform="translate(${MARGIN} ${top})">${new XMLSerializer()
    .serializeToString(copy)}</g></svg>`;
}

const long = (words: string): number => textWidth(words, `${WEIGHT} ${SIZE}px ${SANS}`);

/** Breaks words into lines: even a narrow picture must say, above all, that this is not Raft. */
function lines(words: string, width: number): string[] {
  const broken: string[] = [];
  for (const word of words.split(" ")) {
    const longer = broken.length > 0 ? `${broken.at(-1)} ${word}` : word;
    if (broken.length > 0 && long(longer) <= width) broken[broken.length - 1] = longer;
    else broken.push(word);
  }
  return broken;
}

/** A link cut to one line; the whole link is its target, and is in the file's description. */
function shortened(link: string, width: number): string {
  let shown = link;
  while (long(shown) > width && shown.length > 2) shown = `${shown.slice(0, -2)}…`;
  return shown;
}

/** Copies an element's appearance, and removes what only the page needs. */
function inline(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  const seen = [style.fill, style.stroke].some((paint) => paint !== "none" &&
    !/^(transparent|rgba\(0, 0, 0, 0\))$/.test(paint)) || from.children.length > 0;
  if (!seen) to.setAttribute("data-unseen", ""); // it only catches the pointer
  for (const name of STYLES) {
    const value = style.getPropertyValue(name);
    if (value && value !== UNLESS[name]) to.setAttribute(name, value);
  }
  to.removeAttribute("class");
  to.removeAttribute("data-point");
}

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

async function raster(text: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * SCALE;
  canvas.height = image.naturalHeight * SCALE;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("expected a picture, the browser made none"))),
    "image/png"));
}

// --- text

const named = (address: number): string => (address >= 1001 ? `C${address - 1000}` : who(address));

/**
 * A Mermaid sequenceDiagram. A message stands where it arrives, so its causes stand above it. Messages that
 * only say that all is well are left out if the diagram would be too long to draw.
 */
export function mermaid(messages: Message[], story: StoryLine[], origin: Origin, by: number): string {
  let text = "";
  for (const out of SPARED) {
    const told = messages.filter((m) => !out(m));
    text = sequence(told, messages.length - told.length, story, origin, by);
    if (text.length <= MERMAID_MOST) break;
  }
  return text;
}

function sequence(messages: Message[], leftOut: number, story: StoryLine[], origin: Origin, by: number): string {
  const addresses = new Set([...messages.flatMap((m) => [m.from, m.to]), ...story.map((l) => l.server)]);
  const steps = [
    ...messages.filter((m) => arrived(m, by) || m.fate !== "sent")
      .map((m) => ({ at: endOf(m), rank: 0,
      text: `${named(m.from)}${m.fate === "sent" ? "->>"
      : "-x"}${named(m.to)}: ${plain(`${flightName(m)}${m.label ? `, ${m.label}` : ""}${m.term ? ` (term ${m.term})`
      : ""}`)}` })),
    ...story.filter((l) => l.at <= by)
      .map((l) => ({ at: l.at, rank: 1, text: `Note over ${named(l.server)}: ${plain(heading(l.text))}` })),
  ].sort((a, b) => a.at - b.at || a.rank - b.rank);
  return [
    "---",
    `title: "${plain([origin.title, origin.modified].filter((t) => t).join(". "))}"`,
    "---",
    "sequenceDiagram",
    ...(origin.link ? [`  %% ${origin.link}`] : []),
    ...(leftOut > 0 ? [`  %% ${leftOut} messages that say that all is well are left out`] : []),
    ...[...addresses].sort((a, b) => a - b).map((a) => `  participant ${named(a)}`),
    ...steps.map((s) => `  ${s.text}`),
    "",
  ].join("\n");
}

/** Replaces what has a meaning in Mermaid's grammar, or ends a line. Keys and values may be any text. */
const plain = (text: string): string => text.replace(/[;\n\r\u2028\u2029]/g, ",").replace(/%(?=%)/g, "% ")
  .replace(/#/g, "no. ").replace(/"/g, "'").replace(/:/g, " –");

/**
 * A log for ShiViz in its default format: for each event a line that describes it, and a line with its host
 * and vector clock.
 */
export function shiviz(messages: Message[], story: StoryLine[], origin: Origin, by: number): string {
  const clock = (entries: [string, number][]) => `{${entries.map(([host, n]) => `"${host}":${n}`).join(", ")}}`;
  const lines = stamped(lanesOf(messages, story, by))
    .map(({ point, clock: c }) => `${oneLine(what(point))}\n${named(point.lane)} ${clock([...c]
    .sort(([a], [b]) => a - b).map(([lane, n]) => [named(lane), n]))}`);
  const first = [origin.title, origin.modified, origin.link].filter((t) => t).join(". ");
  return `${first}\nrun ${clock([["run", 1]])}\n${lines.join("\n")}\n`;
}

function what(p: Point): string {
  if (p.line) return heading(p.line.text);
  const m = p.message as Message;
  const name = `${flightName(m)}${m.label ? ` (${m.label})` : ""}`;
  return p.key.startsWith("s") ? `sends ${name} to ${named(m.to)}` : `receives ${name} from ${named(m.from)}`;
}

/** Text that a client wrote, on one line: ShiViz would read the next line as a host and a clock. */
const oneLine = (text: string): string => text.replace(/[\n\r\u2028\u2029]+/g, " ");
