/** Whether what lies round a cell is dark, in the notebooks there are. */

export type Theme = "light" | "dark";

export function themeNow(): Theme {
  const root = document.documentElement;
  const { jpThemeLight, vscodeThemeKind, theme } = { ...root.dataset, ...document.body.dataset };
  if (jpThemeLight) return jpThemeLight === "true" ? "light" : "dark";
  if (vscodeThemeKind) return vscodeThemeKind.endsWith("light") ? "light" : "dark";
  // Colab has an attribute, marimo a class or its data.
  const said = root.getAttribute("theme") ?? theme ?? ["dark", "light"].find((name) => root.classList.contains(name));
  if (said === "dark" || said === "light") return said;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Tells of a theme whenever it becomes another; returns what ends that. */
export function watchTheme(take: (theme: Theme) => void): () => void {
  let last = themeNow();
  const look = () => {
    const now = themeNow();
    if (now !== last) take((last = now));
  };
  const observer = new MutationObserver(look);
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributes: true });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", look);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", look);
  };
}
