/// A client that wants every message of a shop: it reconnects when the stream ends and then lists what it missed.
///
/// It opens the new stream first and asks for the list once the stream is open, so that no message is between the two.
final class ReconnectingClient: Client {
    private let context: RunContext
    private let shop: String
    private let user: String
    private var session: Subscriber?
    private var catchUp: CatchUp?
    /// The current session has its list, or needs none.
    private var isCaughtUp = false
    /// The place after the last message that was seen; nil before the first session was open.
    private var seenCount: Int?
    /// No connection was available for the catch-up.
    private var isShutOut = false
    private var pause = 0
    private var sessionCountLeft = 12

    init(_ context: RunContext) {
        self.context = context
        shop = context.chance.pick(context.scenario.shopNames)
        user = context.chance.pick(context.scenario.userNames)
    }

    var isOver: Bool { session == nil && (sessionCountLeft == 0 || context.phase == .draining) }

    func step() {
        if let session {
            session.step()
            if session.isStreaming { readBehind(session) }
            if session.isOver { end(session) }
        } else if pause > 0 {
            pause -= 1
        } else if !isOver, let socket = context.connect() {
            sessionCountLeft -= 1
            session = Subscriber(context, socket, shop: shop, user: user)
        }
    }

    func observe() { session?.observe() }

    private func readBehind(_ session: Subscriber) {
        guard !isCaughtUp else { return }
        if let reading = catchUp {
            reading.step()
            guard reading.isOver else { return }
            if reading.isComplete {
                isCaughtUp = true
                context.ledger.count("caught up")
                let observed = session.observed
                context.ledger.expect(
                    reading.next >= observed.first, "between list and stream of \(shop) something is missing")
                seenCount = max(reading.next, observed.next)
            } else if reading.next > reading.first {
                // Whole pages count, although the connection was to end after them.
                seenCount = reading.next
            }
            catchUp = nil
        } else if let socket = context.connect() {
            // The first time a client reads the whole shop.
            catchUp = CatchUp(context, socket, shop: shop, user: user, behind: seenCount ?? 0)
            isShutOut = false
        } else {
            isShutOut = true
        }
    }

    private func end(_ session: Subscriber) {
        // The messages of a stream count only together with those before them.
        if isCaughtUp { seenCount = max(seenCount ?? 0, session.observed.next) }
        self.session = nil
        catchUp?.abandon()
        catchUp = nil
        isCaughtUp = false
        pause = context.chance.number(0...30)
    }

    // MARK: - The end

    var isAtRest: Bool {
        guard let session else { return true }
        // A requested stream has a quota slot before it is open.
        guard session.isStreaming else { return session.isOver || session.isKeptWaiting }
        return session.isAtRest && (isCaughtUp || catchUp?.isKeptWaiting ?? isShutOut)
    }

    func checkSettled() {
        guard let session, session.isStreaming else { return }
        session.checkSettled()
        context.ledger.expect(isAtRest, "a client could not catch up in \(shop)")
    }

    func checkStopped() { session?.checkStopped() }
}
