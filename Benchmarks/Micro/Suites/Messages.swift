import API
import Auth
import Chat
import JSON
import Primitives
import Server
import Storage
import Synchronization

/// The processing of a message between its request and its frame.
let messageBenchmarks = [
    Benchmark(name: "message-json", operation: "the JSON of a message of 250 bytes", batchOperationCount: 500) {
        let message = makeMessage(0)
        var writer = JSONWriter()
        return Benchmark.Batch { write(message, count: 500, with: &writer) }
    },
    Benchmark(
        name: "message-body", operation: "the JSON of a POST of 250 bytes read", batchOperationCount: 200
    ) {
        let text = makeMessage(0).text.replacing("\"", with: "\\\"")
        let json = Array("{\"shop_id\": \"shop-1\", \"message\": \"\(text)\", \"parent_id\": null}".utf8)
        return Benchmark.Batch { readBodies(json, count: 200) }
    },
    Benchmark(
        name: "message-body-600", operation: "the JSON of a POST of 600 bytes read", batchOperationCount: 200
    ) {
        let json = makeBody(byteCount: 600)
        precondition(json.count == 600)
        return Benchmark.Batch { readBodies(json, count: 200) }
    },
    Benchmark(name: "uuid", operation: "a random UUID as text", batchOperationCount: 512) {
        let source = RandomSource()
        // Allocates its memory.
        _ = source.bytes.nextPair()
        return Benchmark.Batch { for _ in 0..<512 { keep(UUIDText.random(source.bytes.nextPair())) } }
    },
    Benchmark(name: "timestamp-text", operation: "a time as text", batchOperationCount: 500) {
        let times = (0..<500).map(makeMessage).map(\.createdAt)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Timestamp.textByteCount)
        return Benchmark.Batch { write(times, to: &bytes) }
    },
    Benchmark(
        name: "store-append", operation: "an append to the store in memory, into 8 shops",
        batchOperationCount: messageCount
    ) {
        let messages = (0..<messageCount).map(makeMessage)
        let executor = CallerExecutor()
        var store = MemoryStore()
        // A message is stored once: each batch fills a store from empty, its growth included.
        return Benchmark.Batch(prepare: { store = MemoryStore() }) {
            let store = store
            executor.run { await append(messages, to: store) }
        }
    },
]

/// Random bytes for a closure.
private final class RandomSource {
    var bytes = RandomBytes()
}

private let messageCount = 1_000

private func makeMessage(_ number: Int) -> Message {
    Message(
        id: MessageID("5f1c7e0a-0000-4000-8000-\(100_000_000_000 + number)"),
        shopID: ShopID("shop-\(number % 8)"),
        userID: UserID("5f1c7e0a-1111-4111-8111-111111111111"),
        text: String(repeating: "A \"quoted\" word, und ein wenig Umlaut: ä", count: 6),
        createdAt: Timestamp(microsecondsSinceEpoch: 1_767_454_200_000_000 + Int64(number)))
}

/// The body of a POST as clients write it: an id that is a UUID, and a text with a few escapes and umlauts.
private func makeBody(byteCount: Int) -> [UInt8] {
    let beginning = #"{"shop_id":"5f1c7e0a-2222-4222-8222-222222222222","message":""#
    let text =
        #"Guten Morgen zusammen,\n\ndie Lieferung von \"Kaffee & Co\" kommt heute erst gegen elf. Bitte räumt bis dahin "#
        + #"das Lager hinten frei und prüft die Kühlung, gestern stand sie wieder auf acht Grad. Wer am Samstag die "#
        + #"Frühschicht übernehmen kann, meldet sich bis heute Abend bei mir; die Liste hängt neben der Kasse. Und denkt "#
        + #"an die Inventur am Monatsende, dieses Mal zählen wir abends. Danke euch und bis später!\n"#
    let ending = #"","parent_id":null}"#
    let filling = byteCount - beginning.utf8.count - text.utf8.count - ending.utf8.count
    return Array((beginning + text + String(repeating: ".", count: max(0, filling)) + ending).utf8)
}

private func write(_ times: [Timestamp], to bytes: inout [UInt8]) {
    for time in times {
        bytes.removeAll(keepingCapacity: true)
        time.append(to: &bytes)
    }
}

private func write(_ message: Message, count: Int, with writer: inout JSONWriter) {
    for _ in 0..<count {
        writer.bytes.removeAll(keepingCapacity: true)
        writer.message(message, format: MessageFormat())
    }
}

private func readBodies(_ json: [UInt8], count: Int) {
    for _ in 0..<count {
        do throws(APIError) {
            let body = try CreateMessageBody(json: json, textByteCountMax: 16_384)
            precondition(!body.text.isEmpty)
        } catch {
            preconditionFailure("the body is well formed: \(error)")
        }
    }
}

private func append(_ messages: [Message], to store: MemoryStore) async {
    for message in messages {
        do throws(StorageError) {
            try await store.append(message)
        } catch {
            preconditionFailure("the message is new: \(error)")
        }
    }
}

/// Runs tasks on the thread that calls `run`, so that async code is measured without another thread, as on a reactor.
final class CallerExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs `body` as a task until nothing of it is left to run. Stops the process when the task suspends and is not
    /// resumed.
    func run(_ body: @escaping @Sendable () async -> Void) {
        let ending = Ending()
        Task(executorPreference: self) {
            await body()
            ending.isReached.store(true, ordering: .relaxed)
        }
        while let job = jobs.withLock({ $0.popLast() }) { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        precondition(ending.isReached.load(ordering: .relaxed), "a benchmark does not wait")
    }

    private final class Ending: Sendable {
        let isReached = Atomic(false)
    }
}
