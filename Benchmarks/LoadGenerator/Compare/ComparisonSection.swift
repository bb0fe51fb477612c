extension PageSection {
    /// The section of a page that shows `comparison`: the intervals as a drawing, with a verdict for each measure.
    package init(_ comparison: Comparison) {
        let rows = comparison.measures.map { measure in
            let cells = ComparisonCells.cells(measure).map { "<td>\(HTMLText.figure($0))</td>" }.joined()
            return "<tr><th scope=\"row\">\(HTMLText.escaped(measure.name))"
                + "<small>\(HTMLText.escaped(comparison.verdict(measure)))</small></th>\(cells)"
                + "<td>\(measure.ratio.map(Self.interval) ?? "")</td></tr>\n"
        }
        let warnings = comparison.warnings.map { HTMLText.escaped($0) }.joined(separator: "; ")
        let caption =
            "\(comparison.title(comparison.nameA, .a)) as A against \(comparison.title(comparison.nameB, .b)) as B"
        let caution = comparison.caution.map { "<p class=\"prose\">\(HTMLText.escaped($0))</p>" } ?? ""
        html = """
            <h2>Comparison</h2>
            \(warnings.isEmpty ? "" : "<p class=\"card verdict warn below\"><strong>In doubt</strong><span>\(warnings).</span></p>\n")\
            <div class="card scroll"><table class="compare"><caption>\(HTMLText.escaped(caption))</caption>
            <thead><tr><th scope="col">median of</th><th scope="col">A</th><th scope="col">B</th>\
            <th scope="col">B ÷ A</th><th scope="col">½ … 1 … 2</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody></table>\(caution)</div>

            """ + OriginSection(runs: comparison.provenance).html()
    }

    /// An interval on a scale from a half to twice, with a mark at 1, and an arrow where it extends beyond.
    private static func interval(_ ratio: PairedRatio) -> String {
        let axis = PlotAxis(scale: .logarithmic, range: 0.5...2, ticks: [])
        let shown = axis.range
        let x = { (value: Double) in NumberText.decimal(4 + axis.position(of: value) * 132, digits: 1) }
        let style = ratio.isDifferent ? "main" : "third"
        return "<svg width=\"140\" height=\"18\" viewBox=\"0 0 140 18\" aria-hidden=\"true\">"
            + "<path class=\"grid\" d=\"M70 1V17\"/><path class=\"interval \(style)\" d=\"M\(x(ratio.low)) 9H\(x(ratio.high))\"/>"
            + (shown.contains(ratio.ratio)
                ? "<circle class=\"dot \(style)\" cx=\"\(x(ratio.ratio))\" cy=\"9\" r=\"4\"/>" : "")
            + (ratio.low < shown.lowerBound ? "<path class=\"dot \(style)\" d=\"M0 9l7 -5v10z\"/>" : "")
            + (ratio.high > shown.upperBound ? "<path class=\"dot \(style)\" d=\"M140 9l-7 -5v10z\"/>" : "") + "</svg>"
    }
}
