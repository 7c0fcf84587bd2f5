import { store } from "../state/store.js";
import { storyRows } from "./story.js";

/** Reading the story event by event. Where one can go to any moment, the cluster goes along while the clock stands. */
export function readOn(by: 1 | -1): void {
  const rows = storyRows(store.story, false);
  const place = rows.findIndex((r) => r.lines.some((l) => l.id === store.headline?.id)) - by;
  const row = rows[place];
  if (!row) return;
  if (store.can.seek && store.paused) {
    store.show({ reading: row.id });
    store.seek(row.at);
  } else store.show({ reading: place === 0 ? null : row.id });
}
