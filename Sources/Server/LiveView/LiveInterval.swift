/// What a server did between two documents of its figures, and its gauges at the end.
struct LiveInterval: Hashable, Sendable {
    /// The figures at the end.
    let figures: LiveFigures
    private let earlier: LiveFigures?
    /// The length; nil with one document only, and when the server was restarted in between.
    let seconds: Double?

    init(from earlier: LiveFigures?, to figures: LiveFigures) {
        self.figures = figures
        let isSameServer = earlier?.startedAt == figures.startedAt && earlier?.reactors.count == figures.reactors.count
        let seconds = earlier.map { figures.clockSeconds - $0.clockSeconds } ?? 0
        let isUsable = isSameServer && seconds > 0
        self.earlier = isUsable ? earlier : nil
        self.seconds = isUsable ? seconds : nil
    }

    /// How much a counter grew; nil without an interval.
    func growth(_ counter: (LiveFigures) -> Double) -> Double? {
        earlier.map { max(0, counter(figures) - counter($0)) }
    }

    /// How much a counter grew per second; nil without an interval.
    func rate(_ counter: (LiveFigures) -> Double) -> Double? {
        guard let growth = growth(counter), let seconds else { return nil }
        return growth / seconds
    }

    /// The deliveries of a listed shop per second; nil without an interval, when the earlier figures do not list the shop,
    /// and when its counter began again in between.
    func deliveryRate(of shop: LiveFigures.Shop) -> Double? {
        guard let seconds, let before = earlier?.busiestShops.first(where: { $0.id == shop.id }),
            shop.delivered >= before.delivered
        else { return nil }
        return (shop.delivered - before.delivered) / seconds
    }

    /// A part of the values of a histogram in the interval were below the result; nil when there were none.
    func quantile(_ share: Double, of histogram: (LiveFigures) -> Histogram) -> Quantile? {
        guard let earlier else { return nil }
        return histogram(figures).since(histogram(earlier))?.quantile(share)
    }

    /// The part of its time in which a reactor did not wait; nil without an interval.
    func busyShare(ofReactor index: Int) -> Double? {
        guard let busy = growth({ $0.reactors[index].busySeconds }),
            let total = growth({ $0.reactors[index].totalSeconds }), total > 0
        else { return nil }
        return min(1, busy / total)
    }
}
