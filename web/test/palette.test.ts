import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { themeTokens } from "../themes.mjs";
import { slot } from "../src/view/numbers.js";

const css = readFileSync(join(process.env["RAFT_WEB"] ?? ".", "src/page.css"), "utf8");
const themes: Record<"light" | "dark", Record<string, string>> = themeTokens(css);

type Colour = [number, number, number]; // linear light

function linear(hex: string | undefined): Colour {
  assert.match(hex ?? "", /^#[0-9a-f]{6}$/);
  const part = (at: number) => {
    const c = parseInt((hex ?? "").slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

/** WCAG 2.2 contrast. */
function contrast(a: string | undefined, b: string | undefined): number {
  const light = (hex: string | undefined) => {
    const [r, g, bl] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Machado, Oliveira and Fernandes 2009 at severity 1, on linear RGB. */
const VISIONS: Record<string, number[][]> = {
  full: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

function seen(colour: Colour, vision: number[][]): Colour {
  return vision.map((row) => Math.min(1,
    Math.max(0, (row[0] ?? 0) * colour[0] + (row[1] ?? 0) * colour[1] + (row[2] ?? 0) * colour[2]))) as Colour;
}

function oklab([r, g, b]: Colour): Colour {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

/** 100 × the OKLab distance in the vision that tells the two apart worst. */
function apart(a: string | undefined, b: string | undefined): number {
  return Math.min(
    ...Object.values(VISIONS).map((vision) => {
      const [x, y] = [oklab(seen(linear(a), vision)), oklab(seen(linear(b), vision))];
      return 100 * Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
    }),
  );
}

const LIMITS = { light: { next: 10.25, any: 7.95, red: 9.65 }, dark: { next: 12.65, any: 8.05, red: 10.55 } };
const TERMS = [1, 2, 3, 4, 5, 6, 7, 8];

for (const theme of ["light", "dark"] as const) {
  const t = themes[theme];
  const term = (n: number) => t[`term${((n - 1) % 8) + 1}`];

  test(`${theme}: words are readable on every ground`, () => {
    for (const ground of ["bg", "surface"]) {
      for (const [token, least] of [["t1", 7], ["t2", 7], ["t3", 4.5], ["accent", 4.5], ["edge", 3]] as const) {
        const value = contrast(t[token], t[ground]);
        assert.ok(value >= least, `--${token} on --${ground}: ${value.toFixed(2)}, expected at least ${least}`);
      }
    }
    assert.ok(contrast(t["t3"], t["sunken"]) >= 4.5);
  });

  test(`${theme}: term colours stand out from the ground, and their numbers from them`, () => {
    for (const n of TERMS) {
      for (const ground of ["bg", "surface"])
        assert.ok(contrast(term(n), t[ground]) >= 3,
        `term ${n} on --${ground}: ${contrast(term(n), t[ground]).toFixed(2)}`);
      assert.ok(contrast(term(n), t[`term${n}-label`]) >= 4.5,
        `number on term ${n}: ${contrast(term(n), t[`term${n}-label`]).toFixed(2)}`);
    }
  });

  test(`${theme}: terms are told apart in every colour vision`, () => {
    for (const a of TERMS) {
      assert.ok(apart(term(a), term(a + 1)) >= LIMITS[theme].next,
        `terms ${a} and ${a + 1}: ${apart(term(a), term(a + 1)).toFixed(1)}`);
      assert.ok(apart(term(a), t["red"]) >= LIMITS[theme].red,
        `term ${a} and red: ${apart(term(a), t["red"]).toFixed(1)}`);
      for (const b of TERMS) if (a < b) assert.ok(apart(term(a), term(b)) >= LIMITS[theme].any,
        `terms ${a} and ${b}: ${apart(term(a), term(b)).toFixed(1)}`);
    }
  });
}

test("term → T[((term − 1) mod 8) + 1], 0 for term 0, beyond 2^53 too", () => {
  assert.deepEqual([0, 1, 8, 9, 17].map(slot), [0, 1, 8, 1, 1]);
  assert.equal(slot("18446744073709551615"), 7); // 2^64 − 2 mod 8 = 6
});

test("no colour stands in the style sheet outside the tokens, but for the QR code and the dialog's shade", () => {
  const rules = css.replace(/--[\w-]+:\s*light-dark\([^)]*\);/g, "");
  const literal = [...rules.matchAll(/#[0-9a-f]{3,8}\b/gi)].map((m) => m[0]);
  assert.deepEqual([...new Set(literal)].sort(), ["#0b0f14", "#ffffff"]);
  assert.equal(/var\(--red\)/.test(css), false, "red means a broken promise, and the live room checks none yet");
});

test("no text is smaller than 12 px, and there are at most seven sizes", () => {
  const shared = css.slice(0, css.indexOf("/* ---- Wide"));
  const sizes = new Set([...shared.matchAll(/(?:font-size: |font: [\d ]*?)(\d+)px/g)].map((m) => Number(m[1])));
  assert.ok(Math.min(...sizes) >= 12, `smallest: ${Math.min(...sizes)}`);
  assert.ok(sizes.size <= 7, `sizes: ${[...sizes].sort((a, b) => a - b).join(", ")}`);
});
