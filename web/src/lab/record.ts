import { store } from "../store.js";
import { Messages } from "./messages.js";

/** All messages since the page opened: the diagram, which comes later, may be asked for at any time. */
export const messages = new Messages();

store.onBatch((batch) => messages.take(batch));
