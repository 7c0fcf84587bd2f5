/** The views that only the lab has. Loaded with the lab, not with a live room. */
export {};
