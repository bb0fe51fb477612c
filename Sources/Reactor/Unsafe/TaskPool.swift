/// Tasks of one reactor that handle items, one at a time each (`Reactor.start`).
///
/// A task that has handled its item waits for the next one. So in the steady state no task is created, and the memory
/// that its calls of `async` functions need is there already. The task that ended last works next, whose memory is the
/// warmest. With `waitingCountMax` tasks waiting, further ones end.
///
/// Belongs to the reactor's thread. A task that waits holds the pool, which holds `handle`.
@safe public final class TaskPool<Item: Sendable>: @unchecked Sendable {
    // @unchecked: the state is accessed on the reactor's thread only, where its tasks run too.
    private let executor: any TaskExecutor
    private let handle: @Sendable (Item) async -> Void
    private let waitingCountMax: Int
    private var waiting: [UnsafeContinuation<Item?, Never>] = unsafe []
    /// The items of tasks that were created and did not run yet.
    private var items: [Item] = []
    private var isClosed = false

    /// A pool without tasks, of a reactor. `handle` is called for each item.
    public init(
        on executor: any TaskExecutor, waitingCountMax: Int, handle: @escaping @Sendable (Item) async -> Void
    ) {
        self.executor = executor
        self.waitingCountMax = waitingCountMax
        self.handle = handle
    }

    /// The number of tasks that wait for an item.
    public var waitingCount: Int { unsafe waiting.count }

    /// Makes a task ready to run that handles the item.
    func assign(_ item: Item) {
        // SAFETY: a continuation is resumed once, as it is removed here or in `close`.
        if let task = unsafe waiting.popLast() { return unsafe task.resume(returning: item) }
        items.append(item)
        Task(executorPreference: executor) { await self.work() }
    }

    /// Ends the tasks that wait, and the others when they have handled their items. They need a turn of the reactor.
    public func close() {
        isClosed = true
        // SAFETY: as in `assign`.
        while let task = unsafe waiting.popLast() { unsafe task.resume(returning: nil) }
    }

    private func work() async {
        while let item = await nextItem() { await handle(item) }
    }

    private func nextItem() async -> Item? {
        if !items.isEmpty { return items.removeFirst() }
        guard !isClosed, unsafe waiting.count < waitingCountMax else { return nil }
        // SAFETY: `assign` or `close` resumes it.
        return await unsafe withUnsafeContinuation { unsafe waiting.append($0) }
    }
}
