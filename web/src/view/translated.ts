import { _$LH } from "lit";

/**
 * Lets the page be translated by the browser. Translators exchange the text nodes of a page for their own, mostly in
 * <font>; some put a paragraph back without its comments. Lit writes into the text node that it made, and finds its
 * places by comments and by the text behind them: what changed would no longer show, or throw. Here a text that
 * somebody exchanged is made anew when it changes, and so is, if not even its place is there, the template around it.
 * What does not change stays as it was translated.
 *
 * The names are Lit's own, as its published files have them: its version is fixed, and web/e2e translates the pages.
 */
interface Part {
  _$AH: unknown; // what is shown: a primitive, an instance of a template, a list of parts, or nodes
  _$AA: Node; // a comment: what is shown stands behind it
  _$AB: Node | null; // … and before this, or is the last
  _$AM?: Owner; // what it is a part of
  options?: { host?: { renderRoot: ParentNode & { _$litPart$?: Part }; requestUpdate(): void } };
  _$AI(value: unknown, ...more: unknown[]): void;
}

/** An instance of a template if it has a list of parts, else a part with a list in it. */
interface Owner {
  _$AM?: Owner;
  _$AV?: Part[];
}

const TEXT = 3; // Node.TEXT_NODE
const parts = (_$LH as unknown as { I: { prototype: Part } }).I.prototype;
const set = parts._$AI;
const NOTHING_OF_OURS = {}; // as what is shown: whatever comes next is made anew
const torn = new WeakSet<object>(); // instances of templates that have lost a place

parts._$AI = function (this: Part, value: unknown, ...more: unknown[]): void {
  if (this._$AB?.nodeType === TEXT && isPlace(this)) {
    this._$AB = this._$AA.parentNode!.insertBefore(document.createComment(""), this._$AB); // a text may go
  }
  if (isGone(this, value)) this._$AH = NOTHING_OF_OURS;
  try {
    set.call(this, value, ...more);
  } catch (why) {
    if (isPlace(this)) throw why;
    tear(this);
  }
};

/** Whether something else than what a part shows has to take its place, as that is not there any more. */
function isGone(part: Part, value: unknown): boolean {
  const shown = part._$AH;
  if (typeof shown === "object") return torn.has(shown!);
  return typeof shown !== "symbol" && value !== shown && !isIntact(part);
}

/** Whether the text that a part shows is there as it was made, and nothing beside it. */
function isIntact({ _$AA: start, _$AB: end }: Part): boolean {
  return start.nextSibling?.nodeType === TEXT && start.nextSibling.nextSibling === end;
}

/** Whether something can be put where the part is. */
function isPlace({ _$AA: start, _$AB: end }: Part): boolean {
  return start.parentNode !== null && (end === null || end.parentNode === start.parentNode);
}

/** Has the template around a lost place be made anew, or the whole view if it is the view's own. */
function tear({ _$AM, options }: Part): void {
  let owner = _$AM;
  while (owner && !owner._$AV) owner = owner._$AM;
  if (owner) torn.add(owner);
  else if (options?.host) {
    options.host.renderRoot.replaceChildren();
    delete options.host.renderRoot._$litPart$;
  }
  options?.host?.requestUpdate();
}
