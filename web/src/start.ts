import { SOURCE, VERSION } from "./embed/protocol.js";

/**
 * The page's first script, and the only one that is not a module. It runs even where modules are refused,
 * and tells the reader, and a page around this one, what is wrong and what to do. If even this script does
 * not load, the style sheet shows the words of index.html after 10 s.
 */
addEventListener("load", () => {
  if (customElements.get("raft-app")) return;
  const words = document.querySelector(".unstarted > p:last-child");
  if (words) words.textContent = reason()?.replace(/\s+/g, " ") ?? words.textContent;
  document.documentElement.dataset["unstarted"] = "";
  const text = `The page has not started. ${words?.textContent}`;
  if (parent !== window) parent.postMessage({ source: SOURCE, version: VERSION, type: "failed", detail: { text } },
    "*");
});

function reason(): string | null {
  if (location.protocol === "file:")
    return `It was opened from disk, and browsers do not load its scripts from there. Serve its folder with any web
      server, for example python3 -m http.server, and open that server's address.`;
  if (self.origin === "null")
    return `It is in a sandboxed frame, and its server does not let such a frame load its scripts. Add allow-same-origin
      to the frame's sandbox, or let the server send Access-Control-Allow-Origin: *.`;
  return null;
}
