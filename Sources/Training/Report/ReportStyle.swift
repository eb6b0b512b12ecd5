/// The page's style and script, which stand in the page itself.
enum ReportStyle {
  static let css = """
    :root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --ink: #1b1f27; --soft: #667085; --rule: #e3e6eb;
      --line: #2563eb; --raw: #93b4f5; --mark: #b45309; }
    @media (prefers-color-scheme: dark) {
      :root { --back: #101318; --card: #181c23; --ink: #e6e9ef; --soft: #929db0; --rule: #2a303b;
        --line: #7aa7ff; --raw: #34507f; --mark: #f0b35f; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem); max-width: 1500px; background: var(--back);
      color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
    h1 { margin: 0; font-size: 1.7rem; overflow-wrap: anywhere; } h2 { margin: 2.2rem 0 .8rem; font-size: 1.15rem; }
    header p, .note, .empty, footer { color: var(--soft); margin: .2rem 0 1rem; }
    footer { margin-top: 3rem; font-size: .85rem; }
    .tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0; }
    .tiles div, .chart, .samples figure, table { background: var(--card); border: 1px solid var(--rule);
      border-radius: 10px; }
    .tiles div { padding: .6rem 1rem; } dt { color: var(--soft); font-size: .8rem; }
    .tiles dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    .charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); }
    .samples { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 560px), 1fr)); }
    figure { margin: 0; } .chart { padding: .7rem .8rem .4rem; }
    .chart figcaption { display: flex; gap: .6rem; align-items: baseline; font-size: .85rem; }
    .chart figcaption span { color: var(--soft); flex: 1; }
    output { color: var(--line); font-variant-numeric: tabular-nums; white-space: nowrap; }
    svg { display: block; width: 100%; height: auto; } path { fill: none; stroke-linejoin: round; }
    .raw { stroke: var(--raw); stroke-width: .8; } .line { stroke: var(--line); stroke-width: 1.8; }
    .dot { fill: var(--line); } .grid { stroke: var(--rule); }
    line.epoch { stroke: var(--rule); stroke-dasharray: 2 3; } .cursor { stroke: var(--mark); }
    svg text { fill: var(--soft); font: 11px system-ui, sans-serif; text-anchor: middle; stroke: none; }
    svg text.y { text-anchor: end; }
    .samples figure { padding: .6rem; } .samples img { width: 100%; height: auto; display: block; border-radius: 5px; }
    .samples figcaption { padding-top: .4rem; font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; }
    details { margin-top: 1rem; } summary { cursor: pointer; margin-bottom: 1rem; color: var(--line); }
    .origin { margin: 0; } .origin dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
    table { border-spacing: 0; padding: .5rem 1rem; display: block; columns: 280px auto; font-size: .87rem; }
    tbody { display: block; } tr { display: flex; gap: 1rem; justify-content: space-between; break-inside: avoid; }
    th { font-weight: 400; color: var(--soft); text-align: left; } td { text-align: right; overflow-wrap: anywhere; }
    .changed th, .changed td { color: var(--mark); font-weight: 600; }
    """

  /// Shows the value under the pointer in a chart.
  static let script = """
    for (const svg of document.querySelectorAll("svg[data-points]")) {
      const points = JSON.parse(svg.dataset.points), cursor = svg.querySelector(".cursor");
      const readout = svg.parentNode.querySelector("output");
      svg.addEventListener("pointermove", event => {
        const box = svg.getBoundingClientRect();
        const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
        const near = points.reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a);
        cursor.setAttribute("x1", near[0]); cursor.setAttribute("x2", near[0]);
        readout.textContent = "step " + near[1] + ": " + near[2];
      });
      svg.addEventListener("pointerleave", () => {
        cursor.setAttribute("x1", -9); cursor.setAttribute("x2", -9); readout.textContent = "";
      });
    }
    """
}
