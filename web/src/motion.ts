/** The page's one question about motion (LOOK §10): may things move? */
const query = matchMedia("(prefers-reduced-motion: reduce)");

export const reducedMotion = (): boolean => query.matches;

/** Animates once, unless motion is reduced. */
export function play(element: Element | null | undefined, frames: Keyframe[], ms: number, easing = "cubic-bezier(.2,.8,.2,1)"): Animation | null {
  if (!element || reducedMotion()) return null;
  return element.animate(frames, { duration: ms, easing });
}
