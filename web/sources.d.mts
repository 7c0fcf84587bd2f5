import type { Core } from "./src/story/core.js";
export function readCore(root: string): Core;
