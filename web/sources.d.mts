import type { Core } from "./src/core.js";
export function readCore(root: string): Core;
