import Dispatch
import GRDB

@testable import Storage

/// Keeps the writer of a store busy until it is opened, so that a test decides which messages wait together.
struct WriterGate {
    private let semaphore = DispatchSemaphore(value: 0)

    /// Closes the gate: later requests to the writer wait.
    init(_ store: SQLiteStore) {
        store.pool.asyncWriteWithoutTransaction { [semaphore] _ in semaphore.wait() }
    }

    /// Lets the writer continue.
    func open() { semaphore.signal() }
}

extension SQLiteStore {
    /// Returns when `count` messages wait to be written.
    func waitForWaiting(_ count: Int) async {
        while statistics.waitingMessageCount != count { await Task.yield() }
    }
}
