/// Somebody who wants every message of a shop: reconnects when the stream ends, and then asks for what came between.
///
/// The new stream is opened first and the list is asked for when it stands, so that nothing falls between the two.
final class Returner: Client {
    private let stage: Stage
    private let shop: String
    private let user: String
    private var session: Subscriber?
    private var catchUp: CatchUp?
    /// The session under way has its list, or needs none.
    private var isCaughtUp = false
    /// The place behind the last message that was seen; nil before the first session stood.
    private var seenCount: Int?
    /// There was no room for a connection to catch up over.
    private var isShutOut = false
    private var pause = 0
    private var sessionCountLeft = 12

    init(_ stage: Stage) {
        self.stage = stage
        shop = stage.chance.pick(stage.scenario.shopNames)
        user = stage.chance.pick(stage.scenario.userNames)
    }

    var isOver: Bool { session == nil && (sessionCountLeft == 0 || stage.act == .draining) }

    func act() {
        if let session {
            session.act()
            if session.isStreaming { readBehind(session) }
            if session.isOver { end(session) }
        } else if pause > 0 {
            pause -= 1
        } else if !isOver, let socket = stage.connect() {
            sessionCountLeft -= 1
            session = Subscriber(stage, socket, shop: shop, user: user)
        }
    }

    func observe() { session?.observe() }

    private func readBehind(_ session: Subscriber) {
        guard !isCaughtUp else { return }
        if let reading = catchUp {
            reading.act()
            guard reading.isOver else { return }
            if reading.isComplete {
                isCaughtUp = true
                stage.ledger.count("caught up")
                let course = session.course
                stage.ledger.expect(
                    reading.next >= course.first, "between list and stream of \(shop) something is missing")
                seenCount = max(reading.next, course.next)
            } else if reading.next > reading.first {
                // Whole pages count, though the connection was to end behind them.
                seenCount = reading.next
            }
            catchUp = nil
        } else if let socket = stage.connect() {
            // The first time a client reads the whole shop.
            catchUp = CatchUp(stage, socket, shop: shop, user: user, behind: seenCount ?? 0)
            isShutOut = false
        } else {
            isShutOut = true
        }
    }

    private func end(_ session: Subscriber) {
        // What a stream brought counts only together with what came before it.
        if isCaughtUp { seenCount = max(seenCount ?? 0, session.course.next) }
        self.session = nil
        catchUp?.abandon()
        catchUp = nil
        isCaughtUp = false
        pause = stage.chance.number(0...30)
    }

    // MARK: - The end

    var isAtRest: Bool {
        guard let session else { return true }
        // A stream that is asked for has a place and is no stream yet.
        guard session.isStreaming else { return session.isOver || session.isKeptWaiting }
        return session.isAtRest && (isCaughtUp || catchUp?.isKeptWaiting ?? isShutOut)
    }

    func checkSettled() {
        guard let session, session.isStreaming else { return }
        session.checkSettled()
        stage.ledger.expect(isAtRest, "somebody could not catch up in \(shop)")
    }

    func checkStopped() { session?.checkStopped() }
}
