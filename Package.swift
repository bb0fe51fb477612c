// swift-tools-version: 6.2
import PackageDescription

/// The one settings array: Swift 6 mode, strict memory safety, and in release builds cross-module optimisation, so
/// that the reactor, generic over its driver and its handler, is specialised where the server instantiates it.
/// Overlapping accesses that only show at run time stop the process in debug builds, in which all unit tests and the
/// simulation run. A release build does not look for them: that took 3 % of the time of a request.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(
        ["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// The server is linked with the Swift runtime in release builds, so that it runs where no Swift is installed, and is
/// tested as it is shipped. The libraries are those that Foundation, which GRDB imports, is made of.
let staticRuntime: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims", "-l_FoundationCollections",
        ],
        .when(platforms: [.linux], configuration: .release))
]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "shopstream",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "shopstream", targets: ["shopstream"]),
        .executable(name: "wsecho", targets: ["wsecho"]),
        .executable(name: "shopload", targets: ["shopload"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CLiburing", pkgConfig: "liburing", providers: [.apt(["liburing-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "Primitives", swiftSettings: settings),
        .target(name: "Digests", dependencies: ["COpenSSL"], swiftSettings: settings),
        .target(name: "TLS", dependencies: ["Primitives", "COpenSSL"], swiftSettings: settings),
        .target(name: "Reactor", dependencies: ["Primitives", "CLiburing", "CEpoll"], swiftSettings: settings),
        .target(name: "HTTP", dependencies: ["Primitives", httpTypes], swiftSettings: settings),
        .target(name: "WebSocket", dependencies: ["Primitives", "Digests", httpTypes], swiftSettings: settings),
        .target(name: "Hub", dependencies: ["Primitives"], swiftSettings: settings),
        .target(name: "Auth", dependencies: ["Primitives", "Digests", "JSON", "COpenSSL"], swiftSettings: settings),
        .target(name: "JSON", dependencies: ["Primitives"], swiftSettings: settings),
        .target(name: "Chat", dependencies: ["Primitives", "JSON"], swiftSettings: settings),
        .target(name: "Storage", dependencies: ["Primitives", "Chat", "CLibpq", grdb], swiftSettings: settings),
        .target(name: "Broker", dependencies: ["Primitives", "Chat", "Storage"], swiftSettings: settings),
        .target(
            name: "Sessions", dependencies: ["Primitives", "HTTP", "WebSocket", "Auth"], swiftSettings: settings),
        .target(
            name: "API",
            dependencies: ["Primitives", "HTTP", "JSON", "Chat", "Auth", "Storage", httpTypes, logging, tracing],
            swiftSettings: settings
        ),
        .target(
            name: "Server",
            dependencies: [
                "Primitives", "Reactor", "HTTP", "WebSocket", "Hub", "JSON", "Chat", "Auth", "Storage", "Broker",
                "Sessions", "API", "TLS", "CMalloc", httpTypes, logging, tracing, configuration, yams,
            ],
            exclude: ["README.md", "Demo/README.md"],
            resources: [
                .embedInCode("Demo/index.html"), .embedInCode("LiveView/admin.html"),
                .embedInCode("OpenAPI/openapi.json"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "shopstream",
            dependencies: [
                "Server", "Auth", "Chat", "Storage", "Reactor", "Primitives", argumentParser, logging, tracing,
            ],
            swiftSettings: settings,
            linkerSettings: staticRuntime
        ),
        .executableTarget(
            name: "wsecho",
            dependencies: ["Primitives", "Reactor", "HTTP", "WebSocket", "TLS", argumentParser],
            swiftSettings: settings
        ),
        .target(name: "CAllocationCounter", path: "Benchmarks/CAllocationCounter"),
        .executableTarget(
            name: "fanout",
            dependencies: ["Primitives", "Reactor", "Hub", "WebSocket", "CAllocationCounter", argumentParser],
            path: "Benchmarks/Fanout",
            swiftSettings: settings
        ),
        .target(
            name: "LoadGenerator",
            dependencies: ["Primitives", "Digests", "TLS", "Reactor", "HTTP", "WebSocket", httpTypes, histogram],
            path: "Benchmarks/LoadGenerator",
            exclude: ["Report/README.md", "Capacity/README.md", "Compare/README.md"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "shopload",
            dependencies: ["LoadGenerator", "Reactor", "Primitives", argumentParser],
            path: "Benchmarks/shopload",
            swiftSettings: settings
        ),
        .target(name: "CMeasuredRegion", path: "Benchmarks/CMeasuredRegion"),
        .executableTarget(
            name: "micro",
            dependencies: [
                "Primitives", "Reactor", "HTTP", "WebSocket", "Hub", "JSON", "Chat", "Auth", "Storage", "Sessions",
                "API",
                "Server", "CAllocationCounter", "CMeasuredRegion", httpTypes, argumentParser,
            ],
            path: "Benchmarks/Micro",
            exclude: ["README.md", "judge.py", "thresholds.json"],
            swiftSettings: settings
        ),
        .testTarget(name: "PrimitivesTests", dependencies: ["Primitives"], swiftSettings: settings),
        .testTarget(name: "DigestsTests", dependencies: ["Digests"], swiftSettings: settings),
        .target(
            name: "TestCertificates", dependencies: ["COpenSSL"], path: "Tests/TestCertificates",
            swiftSettings: settings),
        .testTarget(
            name: "TLSTests", dependencies: ["TLS", "TestCertificates", "Primitives", "COpenSSL"],
            swiftSettings: settings),
        .testTarget(
            name: "ReactorTests", dependencies: ["Reactor", "Primitives", "CLiburing"], swiftSettings: settings),
        .testTarget(
            name: "HTTPTests",
            dependencies: ["HTTP", "Primitives", httpTypes],
            exclude: ["malformed-requests.json"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebSocketTests", dependencies: ["WebSocket", "Primitives", httpTypes], swiftSettings: settings),
        .testTarget(name: "HubTests", dependencies: ["Hub", "Primitives"], swiftSettings: settings),
        .testTarget(
            name: "AuthTests", dependencies: ["Auth", "Digests", "Primitives", "COpenSSL"], swiftSettings: settings),
        .testTarget(
            name: "StorageTests", dependencies: ["Storage", "Chat", "Primitives", grdb], swiftSettings: settings),
        .testTarget(
            name: "BrokerTests", dependencies: ["Broker", "Storage", "Chat", "Primitives"], swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "Primitives"], swiftSettings: settings),
        .testTarget(name: "ChatTests", dependencies: ["Chat", "JSON", "Primitives"], swiftSettings: settings),
        .testTarget(
            name: "SessionsTests", dependencies: ["Sessions", "HTTP", "Auth", "WebSocket", "Primitives", httpTypes],
            swiftSettings: settings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "HTTP", "JSON", "Chat", "Auth", "Storage", "Primitives", httpTypes, logging, tracing,
            ],
            exclude: ["cases.json"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "Reactor", "HTTP", "WebSocket", "Hub", "JSON", "Chat", "Auth", "Storage", "Broker",
                "Sessions", "API", "TLS", "TestCertificates", "Primitives", httpTypes, logging, tracing,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Server", "Reactor", "HTTP", "WebSocket", "Hub", "JSON", "Chat", "Auth", "Storage", "Broker",
                "Sessions", "API", "TLS", "TestCertificates", "Primitives", httpTypes, logging,
            ],
            path: "Tests/Simulation",
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LoadGeneratorTests",
            dependencies: ["LoadGenerator", "Reactor", "HTTP", "WebSocket", "Primitives"],
            path: "Tests/LoadGeneratorTests",
            swiftSettings: settings
        ),
    ]
)
