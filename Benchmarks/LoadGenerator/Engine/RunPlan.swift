import Primitives
import Reactor

/// Everything that the lanes of a run need to know; the same in all of them.
package struct RunPlan: Sendable {
    /// What to do.
    package var scenario: Scenario
    /// The shops, streams and users.
    package var population: Population
    /// Identifies the run in its messages.
    package var run: UInt32
    /// The server.
    package var target: SocketAddress
    /// The server's authority, as requests name it.
    package var authority: String
    /// TLS with the server; nil for plain connections.
    package var tls: TLSSettings?
    /// The routes; `{shop}` stands for the shop's identifier.
    package var paths = Paths()
    /// The users' tokens.
    package var tokens: TokenSource
    /// The file that they were read from; nil when they were not.
    package var tokenPath: String?
    /// How many streams a second, of all lanes together, may connect again after the server ended them. Nil: an ended
    /// stream stays away.
    package var reconnectsPerSecondMax: Double?
    /// The subprotocol that streams request; nil for none.
    package var subprotocol: String?
    /// The reactors of all processes together, and the role of each.
    package var division: LaneDivision
    /// Writers per shop. Their messages use several connections and may overtake each other, as in real use. The order
    /// is checked for each writer.
    package var writersPerShop = 1
    /// Posting connections of each lane that posts: at least `writersPerShop`, so that no writer of a shop waits for
    /// another.
    package var postersPerLane = 64
    /// The maximum number of unanswered requests of a posting connection. A server handles those of one connection one
    /// by one.
    package var inFlightCountMax = 1
    /// The maximum number of opening streams of a lane.
    package var connectingCountMax = 256
    /// The time limit for opening a stream.
    package var connectTimeout = Duration.seconds(15)
    /// The first source address; streams use this and the following ones. Nil lets the kernel choose.
    package var sourceAddress: UInt32?
    /// Streams that share a source address. Fewer than half of the kernel's 28,232 ports: it takes every second one
    /// first, and when those are in use, each connect looks at all of them before it finds another.
    package var streamsPerSourceAddress = 12_288
    /// The seed of the random numbers.
    package var seed: UInt64 = 1

    /// The routes of a server.
    package struct Paths: Sendable, Hashable {
        /// The stream of a shop.
        package var stream = "/api/v1/shops/{shop}/messages/stream"
        /// Where messages are posted.
        package var post = "/api/v1/shops/messages"
        /// A short list of a shop's messages.
        package var list = "/api/v1/shops/{shop}/messages?limit=20"
        /// The messages of a shop since a time, which is appended.
        package var since = "/api/v1/shops/{shop}/messages?since="

        /// The routes of this project's server.
        package init() {}

        /// A route with its shop.
        static func fill(_ path: String, shop: String) -> String {
            guard let range = path.firstRange(of: "{shop}") else { return path }
            return path[..<range.lowerBound] + shop + path[range.upperBound...]
        }
    }

    /// Creates a plan with the values that have no default.
    package init(
        scenario: Scenario, population: Population, run: UInt32, target: SocketAddress, authority: String,
        tokens: TokenSource, division: LaneDivision
    ) {
        self.scenario = scenario
        self.population = population
        self.run = run
        self.target = target
        self.authority = authority
        self.tokens = tokens
        self.division = division
    }

    /// The number of reactors of all processes together.
    package var laneCount: Int { division.laneCount }

    /// The number of streams of a lane.
    package func streamCount(ofLane lane: Int) -> Int {
        division.streams(ofLane: lane)?.count(of: population.streamCount) ?? 0
    }

    /// The posting connections of a lane that may have requests to send: no more than there are writers.
    func posterCount(ofLane lane: Int) -> Int {
        let hasRequests = scenario.messagesPerSecond > 0 || scenario.listsPerSecond > 0
        let postedShops = hasRequests ? division.shops(ofLane: lane)?.count(of: population.shopCount) ?? 0 : 0
        let missedShops =
            streamCount(ofLane: lane) > 0 && (scenario.catchUpShare > 0 || reconnectsPerSecondMax != nil)
            ? population.shopCount : 0
        return min(postersPerLane, max(postedShops, missedShops) * writersPerShop)
    }

    /// Posting connections of all lanes.
    package var posterCount: Int { (0..<laneCount).reduce(0) { $0 + posterCount(ofLane: $1) } }

    /// Whether a stream is one of those that do not read, which are spread evenly. O(1).
    func isSlow(stream: Int) -> Bool { slowCount(below: stream) < slowCount(below: stream + 1) }

    /// The number of a shop's streams that read all the time. O(groups).
    func readingStreamCount(ofShop shop: Int) -> Int {
        let streams = population.streams(ofShop: shop)
        return streams.count - slowCount(below: streams.upperBound) + slowCount(below: streams.lowerBound)
    }

    private func slowCount(below stream: Int) -> Int { Int((Double(stream) * scenario.slowShare).rounded()) }

    /// The number of groups of shops with separate latencies: 0 when there is only one group, or too many.
    var measuredGroupCount: Int {
        let count = population.groups.count
        return count > 1 && count <= LoadLimits.measuredGroupCountMax ? count : 0
    }

    /// Channels of all shops.
    package var channelCount: Int { population.shopCount * writersPerShop }

    /// The source address of a stream; nil lets the kernel choose.
    func source(ofStream stream: Int) -> PeerAddress? {
        sourceAddress.map { PeerAddress(ipv4: $0 + UInt32(stream / streamsPerSourceAddress)) }
    }
}
