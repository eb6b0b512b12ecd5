/// What all pages look like: light and dark as the reader's system is, and narrow where the screen is.
///
/// The colours of series are those of Okabe and Ito, which readers with any kind of colour blindness tell apart; dark ones
/// are lightened. Nothing is said by colour alone.
enum PageStyle {
  static let css = """
    :root { color-scheme: light dark; --back: #f5f6f8; --card: #fff; --ink: #1a1e26; --soft: #5c6675; --rule: #dfe3e9;
      --link: #0b62c4; --s0: #0072b2; --s1: #d55e00; --s2: #00805c; --s3: #b0528a; --s4: #8a6d00; --s5: #3f8fc4;
      --s6: #5b4bb5; --s7: #555; --good: #00704f; --goodback: #e3f4ee; --bad: #b3261e; --badback: #fdecea;
      --warn: #8a5300; --warnback: #fff4e0; --calmback: #e8f0fa; }
    @media (prefers-color-scheme: dark) {
      :root { --back: #0f1217; --card: #181c23; --ink: #e7eaf0; --soft: #9aa5b6; --rule: #2b313c; --link: #8ab8ff;
        --s0: #56b4e9; --s1: #ff9b52; --s2: #35c79d; --s3: #e59ac6; --s4: #e6cf4a; --s5: #9ccdf0; --s6: #b3a6ff;
        --s7: #b9bec8; --good: #5fd3ae; --goodback: #12291f; --bad: #ff9d94; --badback: #331a19; --warn: #f3bf6b;
        --warnback: #2f2414; --calmback: #16233a; }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0 auto; padding: 1.6rem clamp(.9rem, 3vw, 2.5rem) 3rem; max-width: 1440px; background: var(--back);
      color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
    h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
    h2 { margin: 2.4rem 0 .8rem; font-size: 1.2rem; } h3 { margin: 1.4rem 0 .6rem; font-size: 1rem; }
    p { margin: .3rem 0 .8rem; } a { color: var(--link); } figure { margin: 0; }
    header p, .note, .empty, footer, figcaption { color: var(--soft); }
    footer { margin-top: 3rem; font-size: .85rem; }
    code, pre { font: .87rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
    code { overflow-wrap: anywhere; }
    .card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
    img { display: block; max-width: 100%; height: auto; border-radius: 6px; }
    /* Enlarged by a whole factor its pixels are squares; where the screen is too narrow for that, they are not. */
    @media (min-width: 760px) { img.enlarged { image-rendering: pixelated; } }
    details > summary { cursor: pointer; color: var(--link); padding: .3rem 0; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
    th, td { padding: .35rem .9rem .35rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--rule); }
    tr:first-child > th, tr:first-child > td { border-top: 0; }
    th { font-weight: 500; } td { overflow-wrap: anywhere; }
    @media print { body { background: none; } .card { break-inside: avoid; } }
    """
}
