/// What `work` returns; `fallback` when that takes longer than `DoctorLimits.answerWait`. The work then goes on without
/// its caller, until the process ends.
func answer<Value: Sendable>(
    or fallback: Value, _ work: @escaping @Sendable () async -> Value
) async -> Value {
    let (outcomes, outcome) = AsyncStream.makeStream(of: Value.self)
    Task.detached { outcome.yield(await work()) }
    let timeout = Task.detached {
        try? await Task.sleep(for: DoctorLimits.answerWait)
        outcome.yield(fallback)
    }
    defer { timeout.cancel() }
    return await outcomes.first { _ in true } ?? fallback
}
