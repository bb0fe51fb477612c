import Primitives
import Reactor
import Synchronization

/// `shopstream top`: asks a server for its figures again and again, and shows them in a terminal.
public struct LiveTop: Sendable {
    private let server: String
    private let source: FiguresSource
    private let interval: Duration

    /// - Parameter server: The URL of a listener that has the live view.
    /// - Parameter interval: From one request to the next.
    public init(server: String, secret: String, interval: Duration) throws(LiveViewError) {
        self.server = server
        source = try FiguresSource(server: server, secret: secret)
        self.interval = interval
    }

    /// Lines of plain text, from two documents an interval apart. Blocks.
    public func once() throws(LiveViewError) -> String {
        let first = try source.fetch()
        EventBell().wait(atMost: interval)
        var screen = LiveScreen(url: server)
        screen.interval = LiveInterval(from: first, to: try source.fetch())
        return screen.lines.map { "\($0.text)\n" }.joined()
    }

    /// Shows the figures until the user or a signal ends it. Returns the number of the signal; 0 for the user. Blocks.
    ///
    /// Throws when the first request fails. Later failures are shown, and the requests go on.
    public func run() throws(LiveViewError) -> Int32 {
        guard Terminal.isPresent else { throw .noTerminal }
        let news = LiveNews(first: try source.fetch())
        guard let terminal = Terminal() else { throw .noTerminal }
        defer { terminal.restore() }
        _ = ReactorThread(name: "figures") { [source, interval] in
            let pause = EventBell()
            var next = EventBell.now + interval
            while true {
                pause.wait(atMost: next.since(EventBell.now))
                next = max(next + interval, EventBell.now)
                do throws(LiveViewError) { news.received(try source.fetch()) } catch { news.failed(error) }
                Terminal.announceNews()
            }
        }
        while true {
            terminal.draw(news.screen(of: server).lines(fitting: terminal.size))
            for event in terminal.wait() {
                switch event {
                case .news, .changed: break
                case .quit: return 0
                case .ended(let signal): return signal
                }
            }
        }
    }
}

/// The last answers of a server: one thread writes them, another shows them.
private final class LiveNews: Sendable {
    private struct State {
        var interval: LiveInterval
        var problem: String?
    }

    private let state: Mutex<State>

    init(first: LiveFigures) { state = Mutex(State(interval: LiveInterval(from: nil, to: first))) }

    func received(_ figures: LiveFigures) {
        state.withLock { $0 = State(interval: LiveInterval(from: $0.interval.figures, to: figures)) }
    }

    func failed(_ error: LiveViewError) { state.withLock { $0.problem = error.description } }

    func screen(of server: String) -> LiveScreen {
        state.withLock { LiveScreen(url: server, interval: $0.interval, problem: $0.problem) }
    }
}
