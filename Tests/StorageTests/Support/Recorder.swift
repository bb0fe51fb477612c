import Synchronization

/// What happened, in its order, noted down from any thread.
final class Recorder<Element: Sendable>: Sendable {
    private let noted = Mutex<[Element]>([])

    var elements: [Element] { noted.withLock { $0 } }

    func note(_ element: Element) { noted.withLock { $0.append(element) } }
    func forget() { noted.withLock { $0 = [] } }
}
