import Logging
import Reactor

/// The way in which reactors do their I/O: the values of `SHOPSTREAM_DRIVER`.
public enum DriverChoice: String, Sendable, CaseIterable {
    /// io_uring, or where that is missing or forbidden, epoll.
    case auto
    /// io_uring, or no start.
    case uring
    /// epoll.
    case epoll

    /// Starts the shards on the driver that is chosen, and logs when that is not the first choice.
    func start(
        _ configuration: ServerConfiguration, _ setup: ShardSetup, _ log: Logger
    ) async throws(DriverError) -> any ShardGroup {
        if self != .epoll {
            do throws(DriverError) {
                return try await Shards<UringDriver>(on: .uring, configuration, setup)
            } catch {
                guard self == .auto, error.isUnavailable else { throw error }
                log.notice("epoll is used, as io_uring cannot be", metadata: ["reason": "\(error)"])
            }
        }
        return try await Shards<EpollDriver>(on: .epoll, configuration, setup)
    }
}
