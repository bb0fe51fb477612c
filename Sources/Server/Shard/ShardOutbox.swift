/// Commands that other shards' full mailboxes did not take. They are posted again at the end of each turn.
///
/// Commands to one shard arrive in the order in which they were sent: behind one that waits, the next ones wait too. A
/// value; `post` stands for the mailboxes, and says whether a command was taken.
struct ShardOutbox<Command> {
    /// For each shard the commands that wait, oldest first.
    private var waiting: [[Command]]

    /// An empty outbox to `shardCount` shards.
    init(shardCount: Int) { waiting = Array(repeating: [], count: shardCount) }

    /// Whether no command waits.
    var isEmpty: Bool { waiting.allSatisfy(\.isEmpty) }

    /// The commands that wait.
    var count: Int { waiting.reduce(0) { $0 + $1.count } }

    /// Posts a command, or keeps it. O(1).
    mutating func send(_ command: Command, to shard: Int, post: (Command) -> Bool) {
        if !waiting[shard].isEmpty || !post(command) { waiting[shard].append(command) }
    }

    /// Posts what waits, for each shard up to the first command that is refused. O(commands that wait).
    mutating func retry(post: (Command, Int) -> Bool) {
        for shard in waiting.indices where !waiting[shard].isEmpty {
            let refused = waiting[shard].firstIndex { !post($0, shard) }
            waiting[shard].removeFirst(refused ?? waiting[shard].count)
        }
    }

    /// Drops the waiting commands that `isDispensable`.
    mutating func removeAll(where isDispensable: (Command) -> Bool) {
        for shard in waiting.indices { waiting[shard].removeAll(where: isDispensable) }
    }
}
