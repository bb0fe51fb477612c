public import Chat
internal import Logging
public import Primitives
public import Storage

// The store as handlers use it, and the way to other reactors.

extension ReactorContext {
    /// The result of a call to the store. A failure is thrown as the error that the client receives.
    public func stored<Value>(
        _ body: (any Store) async throws(StorageError) -> Value
    ) async throws(APIError) -> Value {
        do throws(StorageError) {
            return try await body(store)
        } catch {
            throw storageFailure(error)
        }
    }

    /// The error of a request for which a store failed. It has the detail for the line that the log has of the request.
    public func storageFailure(_ error: StorageError) -> APIError {
        countFailure(error.kind)
        return APIError(error)
    }

    /// A store failed, in work that no request waits for: counts it, and writes a line.
    public func reportStorageFailure(_ error: StorageError, in shop: ShopID? = nil) {
        countFailure(error.kind)
        var metadata: Logger.Metadata = ["code": "\(error.kind.code)", "detail": "\(error.detail)"]
        if let shop { metadata["shop_id"] = "\(shop.text)" }
        log.error("store failed", metadata: metadata)
    }

    /// A message as its readers receive it: with signed image URLs, when the deployment signs them.
    public func shown(_ message: Message) -> Message {
        guard settings.imageLinks.areSigned else { return message }
        var shown = message
        shown.text = settings.imageLinks.shown(message.text, in: message.shopID, at: civilTime)
        return shown
    }

    /// An event with its data, in the deployment's format.
    public func encoded(_ event: ChatEvent, in trace: TraceContext? = nil) -> EncodedEvent {
        var encoded = EncodedEvent(event, format: settings.messageFormat)
        encoded.trace = trace
        return encoded
    }

    /// A new identifier: a random UUID.
    public func newIdentifier() -> String { UUIDText.random(nextRandomPair()) }

    // MARK: - Other reactors

    /// Runs `body` on another reactor and returns its result. Without a hop when the reactor is this one.
    public func on<Other: ReactorContext, Result: Sendable>(
        _ other: Other, _ body: @Sendable (Other) async -> Result
    ) async -> Result {
        if other === self { return await body(other) }
        return await withTaskExecutorPreference(other.taskExecutor) { await Self.run(on: other, body) }
    }

    @concurrent
    private static func run<Other: ReactorContext, Result: Sendable>(
        on other: Other, _ body: @Sendable (Other) async -> Result
    ) async -> Result {
        precondition(other.isCurrent, "a task did not reach the other reactor")
        return await body(other)
    }

    /// Asks the limits of a user on the reactor that counts it.
    public func limited<Other: ReactorContext>(
        on other: Other, _ body: @Sendable (Other) throws(APIError) -> Void
    ) async throws(APIError) {
        let refusal = await on(other) { other -> APIError? in
            do throws(APIError) {
                try body(other)
                return nil
            } catch {
                return error
            }
        }
        if let refusal { throw refusal }
    }
}
