import Glibc
import Reactor

/// The terminal of the process, while a program draws on all of it: the alternate screen without a cursor, and keys as
/// they are pressed. One at a time; one thread.
final class Terminal {
    /// What happened.
    enum Event: Hashable {
        /// There is something else to draw.
        case news
        /// The size changed, or the process was continued.
        case changed
        /// The user pressed q or ^C.
        case quit
        /// A signal ends the process.
        case ended(signal: Int32)
    }

    private static let bell = EventBell()
    private static let ending = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]
    // What rings the bell besides signals, whose numbers are from 1.
    private static let newsByte: UInt8 = 0
    private static let quitByte: UInt8 = 0xFF

    private let original: termios

    /// Takes the terminal; nil when standard input or output is none. From here on signals that end the process are
    /// events.
    init?() {
        guard Self.isPresent else { return nil }
        var original = termios()
        // SAFETY: the call writes the local.
        guard unsafe tcgetattr(STDIN_FILENO, &original) == 0 else { return nil }
        self.original = original
        _ = Self.bell
        for number in Self.ending + [SIGWINCH, SIGCONT] {
            signal(number) { number in
                // The interrupted code may be about to read its own `errno`.
                let interrupted = errno
                Terminal.bell.ring(UInt8(truncatingIfNeeded: number))
                errno = interrupted
            }
        }
        enter()
        _ = ReactorThread(name: "keys") { Terminal.readKeys() }
    }

    /// Whether the process has a terminal.
    static var isPresent: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Changes the mode and the screen.
    private func enter() {
        var raw = original
        // ^C is a key, so that the terminal is restored in one way. Output is not changed: `\n` stays a line break.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        // SAFETY: the call reads the local.
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J")
    }

    /// Returns the terminal as it was.
    func restore() {
        write("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
        var original = original
        // SAFETY: the call reads the local.
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &original)
    }

    /// The size now; 80 by 24 when the kernel does not know it.
    var size: LiveScreen.Size {
        var size = winsize()
        // SAFETY: the call writes the local.
        let status = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        guard status == 0, size.ws_col > 0, size.ws_row > 0 else { return LiveScreen.Size(columns: 80, rows: 24) }
        return LiveScreen.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// Draws lines from the top, in place of what was there.
    func draw(_ lines: [LiveScreen.Line]) {
        let rows = lines.map { $0.style.begin + $0.text + $0.style.end + "\u{1B}[K" }
        write("\u{1B}[H" + rows.joined(separator: "\r\n") + "\u{1B}[J")
    }

    private func write(_ text: String) { _ = StandardError.writeAll(Array(text.utf8), to: STDOUT_FILENO) }

    // MARK: - Events

    /// Rings for news. Any thread.
    static func announceNews() { bell.ring(newsByte) }

    /// Waits for what happens next.
    func wait() -> [Event] {
        Self.bell.wait(atMost: nil).compactMap { byte in
            switch byte {
            case Self.newsByte: return .news
            case Self.quitByte: return .quit
            default: break
            }
            let number = Int32(byte)
            if number == SIGCONT { enter() }
            return Self.ending.contains(number) ? .ended(signal: number) : .changed
        }
    }

    /// Reads keys until one of them ends the program, or the terminal is gone.
    private static func readKeys() {
        var key: UInt8 = 0
        while true {
            // SAFETY: the call writes at most the one byte of the local.
            let count = unsafe read(STDIN_FILENO, &key, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return bell.ring(UInt8(SIGHUP)) }
            let isEnd = key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 0x03
            if isEnd { return bell.ring(quitByte) }
        }
    }
}

extension LiveScreen.Line.Style {
    /// The escape sequence before a text (ECMA-48, section 8.3.117).
    fileprivate var begin: String {
        switch self {
        case .plain: ""
        case .title: "\u{1B}[1m"
        case .heading: "\u{1B}[7m"
        case .quiet: "\u{1B}[2m"
        case .bad: "\u{1B}[1;31m"
        }
    }

    fileprivate var end: String { self == .plain ? "" : "\u{1B}[0m" }
}
