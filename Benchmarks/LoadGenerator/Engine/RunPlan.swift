import Primitives
import Reactor

/// Everything that the lanes of a run have to know; the same in all of them.
package struct RunPlan: Sendable {
    /// What to do.
    package var scenario: Scenario
    /// Who there is.
    package var population: Population
    /// Names the run in its messages.
    package var run: UInt32
    /// The server.
    package var target: SocketAddress
    /// The server, as requests name it.
    package var authority: String
    /// The routes; `{shop}` stands for the shop's identifier.
    package var paths = Paths()
    /// The users' tokens.
    package var tokens: TokenSource
    /// The subprotocol that streams ask for; nil for none.
    package var subprotocol: String?
    /// The reactors of all processes together, and what each does.
    package var division: LaneDivision
    /// Writers of a shop: their messages go by several connections and overtake each other, as people's do. The order
    /// is checked for each of them.
    package var writersPerShop = 1
    /// Posting connections of a lane that posts: at least `writersPerShop`, so that no writer of a shop waits for
    /// another.
    package var postersPerLane = 64
    /// Requests of a posting connection that may be unanswered. A server handles those of one connection one by one.
    package var inFlightCountMax = 1
    /// Streams of a lane that may be on their way to being open.
    package var connectingCountMax = 256
    /// How long a stream may take to open.
    package var connectTimeout = Duration.seconds(15)
    /// The first source address; streams use this and following ones. Nil leaves it to the kernel.
    package var sourceAddress: UInt32?
    /// Streams that share a source address.
    package var streamsPerSourceAddress = 16_384
    /// The seed of what is random.
    package var seed: UInt64 = 1

    /// The routes of a server.
    package struct Paths: Sendable, Hashable {
        /// Of a shop's stream.
        package var stream = "/api/v1/shops/{shop}/messages/stream"
        /// Where messages are posted.
        package var post = "/api/v1/shops/messages"
        /// Of a short list of the messages of a shop.
        package var list = "/api/v1/shops/{shop}/messages?limit=20"
        /// Of the messages since a time, which is appended.
        package var since = "/api/v1/shops/{shop}/messages?since="

        /// The ones of this project's server.
        package init() {}

        /// A route with its shop.
        static func fill(_ path: String, shop: String) -> String {
            guard let range = path.firstRange(of: "{shop}") else { return path }
            return path[..<range.lowerBound] + shop + path[range.upperBound...]
        }
    }

    /// A plan with what has no default.
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

    /// Reactors of all processes together.
    package var laneCount: Int { division.laneCount }

    /// How many streams a lane has.
    package func streamCount(ofLane lane: Int) -> Int {
        division.streams(ofLane: lane)?.count(of: population.streamCount) ?? 0
    }

    /// Posting connections of a lane: of those that may have requests to send, no more than there are writers.
    func posterCount(ofLane lane: Int) -> Int {
        let hasRequests = scenario.messagesPerSecond > 0 || scenario.listsPerSecond > 0
        let postedShops = hasRequests ? division.shops(ofLane: lane)?.count(of: population.shopCount) ?? 0 : 0
        let missedShops =
            streamCount(ofLane: lane) > 0 && scenario.catchUpShare > 0 ? population.shopCount : 0
        return min(postersPerLane, max(postedShops, missedShops) * writersPerShop)
    }

    /// Posting connections of all lanes.
    package var posterCount: Int { (0..<laneCount).reduce(0) { $0 + posterCount(ofLane: $1) } }

    /// Whether a stream is one of those that do not read, which are spread evenly over all. O(1).
    func isSlow(stream: Int) -> Bool { slowCount(below: stream) < slowCount(below: stream + 1) }

    /// Streams of a shop that read all the while. O(groups).
    func readingStreamCount(ofShop shop: Int) -> Int {
        let streams = population.streams(ofShop: shop)
        return streams.count - slowCount(below: streams.upperBound) + slowCount(below: streams.lowerBound)
    }

    private func slowCount(below stream: Int) -> Int { Int((Double(stream) * scenario.slowShare).rounded()) }

    /// Groups of shops whose latencies are told apart: none when there is only one, or too many.
    var measuredGroupCount: Int {
        let count = population.groups.count
        return count > 1 && count <= LoadLimits.measuredGroupCountMax ? count : 0
    }

    /// Channels of all shops.
    package var channelCount: Int { population.shopCount * writersPerShop }

    /// The source address of a stream; nil leaves it to the kernel.
    func source(ofStream stream: Int) -> PeerAddress? {
        sourceAddress.map { PeerAddress(ipv4: $0 + UInt32(stream / streamsPerSourceAddress)) }
    }
}
