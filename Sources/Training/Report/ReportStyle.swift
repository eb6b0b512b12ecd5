/// What the pages of runs add to the common style, and their script.
enum ReportStyle {
  static let css = """
    .verdict { display: grid; gap: 1.5rem 2rem; grid-template-columns: minmax(0, 1fr) minmax(0, max-content);
      align-items: start;
      margin-top: 1.2rem; }
    .verdict.alone { grid-template-columns: minmax(0, 1fr); }
    .verdict p { max-width: 44rem; } .verdict > div > p { font-size: 1.07rem; }
    .verdict .outcome, .badge { display: inline-block; margin: 0 0 .6rem; padding: .15rem .8rem; border-radius: 99px;
      font-weight: 600; }
    .badge { margin: 0; padding: 0 .6rem; }
    .good { color: var(--good); background: var(--goodback); } .bad { color: var(--bad); background: var(--badback); }
    .warn { color: var(--warn); background: var(--warnback); } .calm { color: var(--link); background: var(--calmback); }
    .latest { padding: .7rem .9rem; overflow: hidden; } .latest .note { margin: 0 0 .6rem; font-size: .9rem; }
    .latest { max-width: min(100%, 56vw); }
    .alarms, .notes { list-style: none; margin: .8rem 0; padding: 0; max-width: 44rem; }
    .alarms li { background: var(--warnback); border-left: 4px solid var(--warn); border-radius: 6px;
      padding: .5rem .8rem; margin-bottom: .5rem; overflow-wrap: anywhere; } .alarms b { color: var(--warn); }
    .notes li { border-left: 4px solid var(--rule); padding: .1rem .8rem; margin-bottom: .4rem; color: var(--soft); }
    .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: .7rem 1.2rem;
      margin: 1.2rem 0 0; max-width: 44rem; }
    dt { color: var(--soft); font-size: .82rem; } dd { margin: 0; }
    .tiles dd { font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
    .charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
    .chart { padding: .7rem .8rem .3rem; display: flex; flex-direction: column; }
    .chart > svg { margin-top: auto; }
    .chart figcaption { display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline; font-size: .86rem; }
    .chart figcaption b { color: var(--ink); font-size: .95rem; } .chart figcaption > span { flex-basis: 100%; }
    output { margin-left: auto; color: var(--ink); font-variant-numeric: tabular-nums; }
    .legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; } .swatch { width: 26px; height: 10px; display: inline-block; }
    svg { display: block; width: 100%; height: auto; }
    path { fill: none; stroke-linejoin: round; stroke-linecap: round; }
    .s0 { --c: var(--s0); } .s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); }
    .s4 { --c: var(--s4); } .s5 { --c: var(--s5); } .s6 { --c: var(--s6); } .s7 { --c: var(--s7); }
    .raw { stroke: var(--c); stroke-width: .7; opacity: .33; } .line { stroke: var(--c); stroke-width: 2; }
    .s2 .line, .s6 .line { stroke-dasharray: 7 3; } .s3 .line, .s7 .line { stroke-dasharray: 1.5 3.5; }
    .s4 .line { stroke-dasharray: 9 3 2 3; } .dot { fill: var(--c); stroke: none; }
    .ring { fill: none; stroke: var(--c); stroke-width: 1.6; }
    .grid { stroke: var(--rule); } .tick { stroke: var(--soft); } .cursor { stroke: var(--soft); }
    svg text { fill: var(--soft); font: 12px system-ui, "Liberation Sans", sans-serif; text-anchor: middle; }
    svg text.y { text-anchor: end; } svg text.name { font-size: 11px; }
    .mark { color: var(--ink); } .swatch.ringed { width: 14px; height: 14px; vertical-align: -2px; }
    svg text.end { fill: var(--c); font-weight: 700; paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
    .sheets { display: grid; gap: 1.2rem; justify-content: start;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--sheet, 560px)), max-content)); }
    .sheets figcaption, .latest figcaption { font-size: .85rem; padding-top: .3rem; overflow-wrap: anywhere; }
    .origin dd, .commands dd { margin-bottom: .7rem; } .commands dt { font-size: .95rem; color: var(--ink); }
    pre { margin: .2rem 0; padding: .6rem .8rem; background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
      white-space: pre-wrap; overflow-wrap: anywhere; }
    .settings th, .settings td:nth-child(2) { white-space: nowrap; } .settings td:nth-child(2) { max-width: 24rem; white-space: normal; }
    .compare td, .compare th { padding-right: 1.4rem; } .compare thead th { vertical-align: bottom; }
    @media (max-width: 900px) {
      .verdict { grid-template-columns: minmax(0, 1fr); } .latest { max-width: 100%; }
    }
    @media (max-width: 560px) {
      .chart svg text { font-size: 13px; } .chart svg text.name { font-size: 12px; }
      .settings tr { display: block; padding: .4rem 0; border-top: 1px solid var(--rule); }
      .settings th, .settings td { display: inline; border: 0; padding-right: .5rem; }
      .settings td:last-child { display: block; }
    }
    """

  /// Shows the values under the pointer in a chart.
  static let script = """
    for (const svg of document.querySelectorAll("svg[data-lines]")) {
      const lines = JSON.parse(svg.dataset.lines), cursor = svg.querySelector(".cursor");
      const readout = svg.parentNode.querySelector("output"), last = readout.textContent;
      svg.addEventListener("pointermove", event => {
        const box = svg.getBoundingClientRect();
        const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
        const near = lines.map(line => line[1].reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a));
        cursor.setAttribute("x1", near[0][0]); cursor.setAttribute("x2", near[0][0]);
        readout.textContent = "step " + near[0][1] + ": "
          + near.map((p, i) => (lines[i][0] && lines[i][0] + " ") + p[2]).join(" · ");
      });
      svg.addEventListener("pointerleave", () => {
        cursor.setAttribute("x1", -999); cursor.setAttribute("x2", -999); readout.textContent = last;
      });
    }
    """
}
