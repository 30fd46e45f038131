/** How the figures of findings are said. */

/** A number of any size with three significant digits; what is not there is a dash. */
export function said(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size < 0.0001) return value.toExponential(1).replace("e-", " × 10⁻").replace(/\d+$/, raised);
  const text = String(Number(value.toPrecision(digits)));
  return text.replace(/^(-?)0\./, "$1.").replace("-", "−");
}

function raised(digits: string): string {
  return digits.replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
}

/** As people write it who do not claim more than was drawn: .03, or < .001. */
export function probability(p: number | null | undefined): string {
  if (p === null || p === undefined || !Number.isFinite(p)) return "–";
  if (p < 0.001) return "< .001";
  if (p > 0.995) return "1";
  return String(Number(p.toPrecision(p < 0.01 ? 1 : 2))).replace(/^0\./, ".");
}

/** With two digits behind the point: .94, 1.00. */
export function fixed(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(2).replace(/^(-?)0\./, "$1.").replace("-", "−");
}

export function share(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const percent = 100 * value;
  if (percent === 0 || percent === 100) return `${percent} %`;
  return `${percent < 0.01 ? "< .01" : said(percent, percent < 10 ? 2 : 3)} %`;
}

export function times(lift: number | null | undefined): string {
  return lift === null || lift === undefined ? "–" : `${said(Number(lift.toPrecision(2)), 2)} ×`;
}

export function interval(low: number | null | undefined, high: number | null | undefined, say: (value: number) => string = said): string {
  return low === null || low === undefined || high === null || high === undefined ? "–" : `${say(low)} to ${say(high)}`;
}
