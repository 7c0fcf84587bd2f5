/**
 * The page's questions about motion: may things move, and is what moves now happening, or only
 * learned of now?
 */
const query = matchMedia("(prefers-reduced-motion: reduce)");

// after the page is seen again, or another moment is shown, in which that is drawn: as it is, not as it came about
const BACK_MS = 300;

let seenAt = -BACK_MS;
document.addEventListener("visibilitychange", asItIs);

/** What is drawn next did not happen while a person watched. */
export function asItIs(): void {
  seenAt = performance.now();
}

export const reducedMotion = (): boolean => query.matches;

/** Animates once, unless motion is reduced or nobody saw what led to it. */
export function play(element: Element | null | undefined, frames: Keyframe[], ms: number,
  easing = "cubic-bezier(.2,.8,.2,1)"): Animation | null {
  if (!element || reducedMotion() || document.hidden || performance.now() - seenAt < BACK_MS) return null;
  return element.animate(frames, { duration: ms, easing });
}
