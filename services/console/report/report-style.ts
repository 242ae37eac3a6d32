/** The style sheet of the report: calm on screen, light and dark, and black on white on A4. It stands inside the page. */

export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --sheet: #ffffff; --ink: #1d232b; --soft: #59626e; --line: #dfe2e6; --faint: #f2f4f5;
  --mark: #1f6f78; --mark-soft: #a9cdd0; --warn: #8a5300; --warn-back: #fdf3e1; --bad: #a5262c; --bad-back: #fbeaea; --good: #1c6b3c; --good-back: #e8f4ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #111519; --sheet: #171c21; --ink: #e7eaed; --soft: #a0a9b4; --line: #2c333b; --faint: #1e242a;
    --mark: #6cc4cc; --mark-soft: #2f5a60; --warn: #f0c073; --warn-back: #33280f; --bad: #ff9a97; --bad-back: #3a1c1d; --good: #86d3a2; --good-back: #16301f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5; font-size: 15px;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
main { max-width: 860px; margin: 0 auto; padding: 40px 24px 64px; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h1 { font-size: 15px; font-weight: 600; margin: 0; letter-spacing: .01em; }
h2 { font-size: 19px; font-weight: 650; margin: 48px 0 12px; padding-top: 16px; border-top: 1px solid var(--line); }
h3 { font-size: 15px; font-weight: 600; margin: 24px 0 8px; }
p { margin: 0 0 12px; max-width: 68ch; }
code { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .88em; }
.meta { color: var(--soft); margin: 4px 0 0; max-width: none; }
.headline { font-size: 34px; font-weight: 680; letter-spacing: -.015em; line-height: 1.15; margin: 36px 0 8px; max-width: 24ch; }
.lead { font-size: 17px; color: var(--soft); }
.badges { display: flex; flex-wrap: wrap; gap: 8px; padding: 0; margin: 16px 0 0; list-style: none; }
.made-up { border-left: 4px solid var(--warn); padding: 6px 12px; margin: 16px 0 0; }
.badge { border-radius: 4px; padding: 3px 9px; font-size: 13px; font-weight: 600; }
.good { color: var(--good); background: var(--good-back); }
.warn { color: var(--warn); background: var(--warn-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); margin: 28px 0 0; }
.figures div { background: var(--sheet); padding: 12px 14px; }
.figures dt { color: var(--soft); font-size: 13px; }
.figures dd { margin: 2px 0 0; font-size: 22px; font-weight: 600; }
figure { margin: 24px 0 0; }
figcaption { color: var(--soft); font-size: 13px; margin: 0 0 6px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; font-family: inherit; }
svg .axis { stroke: var(--line); stroke-width: 1; }
svg .bar { fill: var(--mark); }
svg .would { fill: var(--mark-soft); }
.key { display: inline-block; width: 10px; height: 10px; margin: 0 5px 0 0; background: var(--mark); }
.key.would { background: var(--mark-soft); margin-left: 14px; }
table { width: 100%; border-collapse: collapse; margin: 8px 0 20px; font-size: 14px; }
caption { text-align: left; font-weight: 600; padding: 0 0 6px; font-size: 15px; }
th, td { text-align: left; vertical-align: top; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; font-size: 13px; border-bottom-color: var(--soft); vertical-align: bottom; overflow-wrap: normal; }
tbody th { font-weight: 500; }
.n { text-align: right; padding-right: 0; padding-left: 14px; white-space: nowrap; }
.why { display: block; color: var(--soft); font-weight: 400; font-size: 13px; }
.code { display: block; color: var(--soft); font-weight: 400; }
.none { color: var(--soft); }
dl.terms { margin: 0; }
dl.terms dt { font-weight: 600; margin-top: 12px; }
dl.terms dd { margin: 2px 0 0; max-width: 68ch; color: var(--soft); }
.note { border-left: 3px solid var(--warn); padding: 2px 0 2px 14px; margin: 16px 0; }
.note.bad { background: none; border-color: var(--bad); color: inherit; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
.places { white-space: nowrap; }
.n + th, .n + td:not(.n) { padding-left: 16px; }
.hash { display: block; word-break: break-all; font-size: 11px; min-width: 20em; }
footer { margin-top: 48px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
@media (max-width: 560px) { main { padding: 24px 16px 48px; } .headline { font-size: 27px; } }
@page { size: A4; margin: 18mm 16mm 20mm; }
@media print {
  :root { --paper: #fff; --sheet: #fff; --ink: #000; --soft: #454545; --line: #c4c4c4; --faint: #f4f4f4; --mark: #1f6f78; --mark-soft: #a9cdd0;
    --warn: #6d4200; --warn-back: #fff; --bad: #96151b; --bad-back: #fff; --good: #14532d; --good-back: #fff; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  .badge { border: 1px solid currentcolor; }
  h2 { margin-top: 22pt; break-after: avoid; }
  h3, caption, figcaption { break-after: avoid; }
  tr, figure, .figures, dl.terms > div, .note { break-inside: avoid; }
  thead { display: table-header-group; }
  table { font-size: 9.5pt; }
  .hash { font-size: 6.2pt; min-width: 0; }
  .figures { grid-template-columns: repeat(5, 1fr); }
  .scroll { overflow: visible; }
}
`;
