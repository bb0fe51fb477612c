/// The page's style: one column on a phone, two of plots on a desktop, light or dark by the reader's system.
enum PageStyle {
    /// The style sheet. Text has a contrast of at least 4.5 to 1 against its background, lines of at least 3 to 1.
    static let css = """
        :root { color-scheme: light dark; --ground: #f6f7f9; --card: #ffffff; --ink: #16202c; --muted: #56616f;
          --rule: #dde2e8; --fine: #eef1f4; --band: #e8f0fa; --main: #0a5cb8; --second: #b04a00; --third: #5d6a79;
          --wanted: #a9c6e8; --good: #11693a; --warn: #8a5300; --bad: #ad1f2d; --code: #eef1f4 }
        @media (prefers-color-scheme: dark) { :root { --ground: #10151b; --card: #182029; --ink: #e8edf2;
          --muted: #a3b0bf; --rule: #323e4b; --fine: #25303b; --band: #1d2a38; --main: #6db3ff; --second: #ffa760;
          --third: #8f9dac; --wanted: #36577c; --good: #5fd394; --warn: #f5bd5a; --bad: #ff8a8f; --code: #222c37 } }
        * { box-sizing: border-box }
        body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
        main { max-width: 1280px; margin: 0 auto; padding: 28px 32px 48px }
        h1 { font-size: 26px; line-height: 1.25; margin: 2px 0 4px; text-wrap: balance }
        h2 { font-size: 18px; margin: 36px 0 12px }
        h3 { font-size: 15px; margin: 0 }
        p { margin: 0 }
        .kind { color: var(--muted); font-size: 12px; font-weight: 600; letter-spacing: .08em;
          text-transform: uppercase }
        .origin { color: var(--muted); font-size: 14px; overflow-wrap: anywhere }
        .card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 16px 18px;
          margin: 0; min-width: 0 }
        .verdict { display: flex; gap: 4px 18px; align-items: baseline; margin-top: 20px; border-left-width: 5px }
        .verdict strong { flex: none }
        .verdict.good { border-left-color: var(--good) } .verdict.good strong { color: var(--good) }
        .verdict.warn { border-left-color: var(--warn) } .verdict.warn strong { color: var(--warn) }
        .verdict.bad { border-left-color: var(--bad) } .verdict.bad strong { color: var(--bad) }
        .facts { margin-top: 12px; padding: 12px 18px; font-size: 14px } .facts pre { margin: 10px 0 0 }
        .tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 12px; margin-top: 12px;
          padding: 0; list-style: none }
        .tiles .card { padding: 12px 14px }
        .tiles b { display: block; font-size: 24px; line-height: 1.3; font-weight: 650; white-space: nowrap;
          font-variant-numeric: tabular-nums }
        .tiles .name { color: var(--muted); font-size: 13px }
        .tiles .note { color: var(--muted); font-size: 12.5px; line-height: 1.35 }
        .tiles .good b { color: var(--good) } .tiles .bad b { color: var(--bad) } .tiles .lead b { color: var(--main) }
        .plots, .tables { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px }
        .tables { grid-template-columns: repeat(3, minmax(0, 1fr)); margin-top: 16px }
        figcaption p { color: var(--muted); font-size: 13px }
        .legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 8px 0 4px; padding: 0; list-style: none;
          font-size: 13px }
        .legend svg { margin-right: 7px; vertical-align: 1px }
        .plot { display: block; width: 100%; height: auto }
        .plot.narrow { display: none }
        .grid, .mark { stroke: var(--rule); fill: none } .fine { stroke: var(--fine); fill: none }
        .band { fill: var(--band) }
        .tick { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
        .line.main { stroke: var(--main) } .line.second { stroke: var(--second); stroke-dasharray: 6 4 }
        .line.third { stroke: var(--third); stroke-width: 1.5; stroke-dasharray: 1.5 3.5 }
        .line.wanted { stroke: var(--wanted); stroke-width: 7; stroke-linecap: butt }
        .dot.main { fill: var(--main) } .dot.second { fill: var(--second) } .dot.third { fill: var(--third) }
        .interval { stroke-width: 2 } .interval.main { stroke: var(--main) } .interval.third { stroke: var(--third) }
        .dot.wanted { fill: var(--wanted) }
        /* A shade at the side behind which there is more; the ground that moves with the table covers it at the end. */
        .scroll { overflow-x: auto; background:
          linear-gradient(90deg, var(--card) 30%, transparent) 0 0 / 40px 100% no-repeat local,
          linear-gradient(270deg, var(--card) 30%, transparent) 100% 0 / 40px 100% no-repeat local,
          linear-gradient(90deg, var(--rule), transparent) 0 0 / 14px 100% no-repeat,
          linear-gradient(270deg, var(--rule), transparent) 100% 0 / 14px 100% no-repeat, var(--card) }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
        caption { text-align: left; font-weight: 600; padding-bottom: 6px }
        th, td { padding: 5px 0 5px 14px; text-align: right; border-top: 1px solid var(--rule); white-space: nowrap }
        thead th { color: var(--muted); font-size: 13px; font-weight: 600; border-top: 0 }
        th:first-child { padding-left: 0; text-align: left; font-weight: 500 }
        th small { display: block; white-space: normal; color: var(--muted); font-weight: 400; font-size: 12.5px }
        td.bad { color: var(--bad); font-weight: 650 }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 6px 24px; margin: 0 }
        dt { color: var(--muted) } dd { margin: 0; overflow-wrap: anywhere }
        pre { margin: 0 0 16px; padding: 12px 14px; border-radius: 8px; background: var(--code); white-space: pre-wrap;
          overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, "Cascadia Code", Menlo, Consolas, monospace }
        pre span { display: inline-block; max-width: 100% }
        .prose { color: var(--muted); font-size: 13.5px; margin-top: 10px; max-width: 90ch }
        .below { margin-top: 16px }
        th.formula { text-align: left } td.formula { white-space: normal; text-align: left; min-width: 260px;
          font-size: 13.5px; color: var(--muted) }
        @media (max-width: 1000px) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)) }
          .plots, .tables { grid-template-columns: minmax(0, 1fr) } }
        @media (max-width: 560px) { main { padding: 18px 12px 32px } h1 { font-size: 21px }
          .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px } .tiles b { font-size: 20px }
          .card { padding: 12px } .verdict { flex-direction: column } .plot.wide { display: none }
          .plot.narrow { display: block } dl { grid-template-columns: minmax(0, 1fr); gap: 0 } dd { margin-bottom: 8px }
          .latencies th small { display: none } th, td { padding-left: 10px } .scroll table { font-size: 13.5px }
          .facts { padding: 10px 12px }
          .compare tr { display: grid; grid-template-columns: 1fr 1fr .8fr 1.3fr; padding: 8px 0;
            border-top: 1px solid var(--rule) }
          .compare th, .compare td { padding: 1px 0 1px 8px; border-top: 0 }
          .compare th[scope=row] { grid-column: 1 / -1; padding: 0 0 3px }
          .compare thead th:first-child { display: none } .compare td svg { width: 100%; height: auto } }
        @media print { .card { break-inside: avoid } }
        """
}
