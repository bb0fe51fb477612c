/// Commands that other shards' full mailboxes refused. They are posted again at the end of each turn.
///
/// Commands to one shard arrive in the order in which they were sent: after one that waits, the next ones wait too. A
/// value; `post` represents the mailboxes, and returns whether a command was accepted.
struct ShardOutbox<Command> {
    /// The pending commands of each shard, oldest first.
    private var waiting: [[Command]]
    /// The number of pending commands, as each turn of a reactor asks whether there are any.
    private(set) var count = 0

    /// An empty outbox to `shardCount` shards.
    init(shardCount: Int) { waiting = Array(repeating: [], count: shardCount) }

    /// Whether no command is pending. O(1).
    var isEmpty: Bool { count == 0 }

    /// Posts a command, or keeps it for the next retry. O(1).
    mutating func send(_ command: Command, to shard: Int, post: (Command) -> Bool) {
        if waiting[shard].isEmpty, post(command) { return }
        waiting[shard].append(command)
        count += 1
    }

    /// Posts the pending commands, for each shard up to the first one that is refused. O(pending commands).
    mutating func retry(post: (Command, Int) -> Bool) {
        for shard in waiting.indices where !waiting[shard].isEmpty {
            let postedCount = waiting[shard].firstIndex { !post($0, shard) } ?? waiting[shard].count
            waiting[shard].removeFirst(postedCount)
            count -= postedCount
        }
    }

    /// Drops the pending commands for which `isDispensable` is true.
    mutating func removeAll(where isDispensable: (Command) -> Bool) {
        for shard in waiting.indices { waiting[shard].removeAll(where: isDispensable) }
        count = waiting.reduce(0) { $0 + $1.count }
    }
}
