import { store } from "./store.js";
import { storyRows } from "./story.js";

/** Reading the story event by event. In the lab, while the clock stands, the cluster goes along. */
export function readOn(by: 1 | -1): void {
  const rows = storyRows(store.story, false);
  const place = rows.findIndex((r) => r.lines.some((l) => l.id === store.headline?.id)) - by;
  const row = rows[place];
  if (!row) return;
  if (store.lab && store.paused) {
    store.show({ reading: row.id });
    store.seek(row.at);
  } else store.show({ reading: place === 0 ? null : row.id });
}
