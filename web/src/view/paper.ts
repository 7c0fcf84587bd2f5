import { html, nothing, type TemplateResult } from "lit";

const PAPER = "https://raft.github.io/raft.pdf";
const THESIS = "https://github.com/ongardie/dissertation";

/** A place in the extended paper or in the thesis, `§5.2`, as a link to it; nothing if there is none. */
export const sectionLink = (section: string): TemplateResult | typeof nothing =>
  section === "" ? nothing : html`<a class="linked" href=${section.startsWith("thesis") ? THESIS : PAPER}
    target="_blank" rel="noopener" title="Opens the ${section.startsWith("thesis") ? "thesis"
    : "Raft paper"}">${section}</a>`;
