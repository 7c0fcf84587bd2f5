export function readStyles(web: string, page: string): string;
export function resolveThemes(css: string): string;
export function themeTokens(css: string): { light: Record<string, string>; dark: Record<string, string> };
