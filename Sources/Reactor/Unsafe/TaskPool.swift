import Primitives

/// Tasks of one reactor that handle items, one at a time each (`Reactor.start`).
///
/// A task that has handled its item waits for the next one. So in the steady state no task is created, and the memory
/// that its calls of `async` functions need is there already. The task that ended last works next, whose memory is the
/// warmest. With `waitingCountMax` tasks waiting, further ones end. Items that cannot be handled at once wait without a
/// task.
///
/// Belongs to the reactor's thread. A task that waits holds the pool, which holds `handle`.
@safe public final class TaskPool<Item: Sendable>: WaitingWork, @unchecked Sendable {
    // @unchecked: the state is accessed on the reactor's thread only, where its tasks run too.
    private let executor: any TaskExecutor
    private let handle: @Sendable (Item) async -> Void
    private let waitingCountMax: Int
    private var waiting: [UnsafeContinuation<Item?, Never>] = unsafe []
    /// The item of a task that was created just now and takes it at once.
    private var firstItem: Item?
    /// The items that wait.
    private var items = FIFOQueue<Item>()
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

    /// Ends the tasks that wait, and the others when they have handled their items. They need a turn of the reactor.
    public func close() {
        isClosed = true
        // SAFETY: a continuation is resumed once, as it is removed here or in `assign`.
        while let task = unsafe waiting.popLast() { unsafe task.resume(returning: nil) }
    }

    /// Makes a task ready that handles the item. Its job must run before the next call.
    func assign(_ item: Item) {
        // SAFETY: as in `close`.
        if let task = unsafe waiting.popLast() { return unsafe task.resume(returning: item) }
        firstItem = item
        Task(executorPreference: executor) { await self.work() }
    }

    private func work() async {
        while let item = await nextItem() { await handle(item) }
    }

    private func nextItem() async -> Item? {
        if let item = firstItem.take() { return item }
        guard !isClosed, unsafe waiting.count < waitingCountMax else { return nil }
        // SAFETY: `assign` or `close` resumes it.
        return await unsafe withUnsafeContinuation { unsafe waiting.append($0) }
    }

    // MARK: - Items that wait

    /// The item is handled after those that wait already.
    func append(_ item: Item) { items.append(item) }

    var hasItem: Bool { !items.isEmpty }

    func assignNext() {
        guard let item = items.popFirst() else { preconditionFailure("an item waits") }
        assign(item)
    }
}

/// Items of one kind that wait for a task.
protocol WaitingWork: AnyObject {
    /// Whether one waits.
    var hasItem: Bool { get }
    /// Makes a task ready that handles the item that has waited longest. Its job must run before the next call.
    func assignNext()
}
