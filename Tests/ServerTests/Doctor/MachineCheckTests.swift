import Reactor
import Testing

@testable import Server

/// Kernel, rings, descriptors, network and clock, on both sides of each threshold.
@Suite struct MachineCheckTests {
    private static func codes(_ findings: [Finding]) -> [FindingCode] { findings.map(\.code) }

    @Test(arguments: [
        ("6.6.99", [FindingCode.kernelTooOld]), ("5.15.0-101-generic", [.kernelTooOld]),
        ("6.7.0", [.kernelOK, .timeSlicesMissing]), ("6.11.11+", [.kernelOK, .timeSlicesMissing]),
        ("6.12", [.kernelOK]), ("7.0-rc1", [.kernelOK]), ("linux", [.factUnknown]),
    ])
    func `the kernel's release is judged`(release: String, codes: [FindingCode]) {
        #expect(Self.codes(KernelCheck.findings(release: release)) == codes)
    }

    @Test func `a release that cannot be read is a note`() {
        #expect(Self.codes(KernelCheck.findings(release: nil)) == [.factUnknown])
    }

    @Test func `each cause of a refused ring has its code and its fix`() {
        let causes: [(DriverError, FindingCode, String)] = [
            (.missing, .ringMissing, "CONFIG_IO_URING"),
            (.forbidden(disabledSetting: "2"), .ringDisabled, "sysctl -w kernel.io_uring_disabled=0"),
            (.forbidden(disabledSetting: "0"), .ringForbidden, "seccomp"),
            (.forbidden(disabledSetting: nil), .ringForbidden, "seccomp"),
            (.kernelTooOld(release: "6.1", missing: "X"), .ringTooOld, "6.7"),
            (.resource(operation: "eventfd", errnoValue: 24), .ringLimit, "ulimit -n"),
        ]
        for (error, code, fix) in causes {
            let findings = DriverCheck.findings(ring: error, .auto, descriptorCount: 1)
            #expect(Self.codes(findings) == [code])
            #expect(findings[0].fix?.contains(fix) == true)
        }
        let failed = DriverError.failed(operation: "x", errnoValue: 5)
        #expect(Self.codes(DriverCheck.findings(ring: failed, .auto, descriptorCount: 1)) == [.ringFailed])
        #expect(Self.codes(DriverCheck.findings(ring: nil, .auto, descriptorCount: 1)) == [.ringOK])
    }

    @Test func `a ring that is refused is a failure only where it is required`() {
        #expect(
            Self.codes(DriverCheck.findings(ring: .missing, .uring, descriptorCount: 1))
                == [.ringMissing, .driverUnavailable])
        let limit = DriverError.resource(operation: "x", errnoValue: 24)
        #expect(Self.codes(DriverCheck.findings(ring: limit, .uring, descriptorCount: 1)) == [.ringLimit])
        #expect(Self.codes(DriverCheck.findings(ring: nil, .epoll, descriptorCount: 1)) == [.epollChosen])
        #expect(FindingCode.ringMissing.row.severity == .warning)
    }

    @Test func `with epoll the reactors share the descriptors of the process`() {
        var facts = MachineFacts()
        let demand = Demand(streamCount: 1_000, reactorCount: 2)
        // 2 × 660, of which 160 are reserved, and 160 for what is no connection.
        facts.descriptorLimit = 1_480
        #expect(DescriptorCheck.findings(facts, demand, isShared: true)[0].code == .descriptorsOK)
        facts.descriptorLimit = 1_479
        let finding = DescriptorCheck.findings(facts, demand, isShared: true)[0]
        #expect(finding.code == .descriptorsTooFew)
        #expect(finding.fix?.contains("ulimit -n 1480 ") == true)
        #expect(DescriptorCheck.findings(facts, demand)[0].code == .descriptorsOK)
    }

    // MARK: - Descriptors

    private func tables(limit: Int?, _ demand: Demand) -> Finding {
        var facts = MachineFacts()
        facts.descriptorLimit = limit
        return DescriptorCheck.findings(facts, demand)[0]
    }

    @Test func `several reactors reserve descriptors for transfers, one does not`() {
        var demand = Demand(streamCount: 2 * (1_024 - 160), reactorCount: 2)
        #expect(tables(limit: 1_024, demand).code == .descriptorsOK)
        demand.streamCount = 2 * (1_024 - 160) + 1
        #expect(tables(limit: 1_024, demand).code == .descriptorsTooFew)
        #expect(tables(limit: 1_024, demand).fix?.contains("ulimit -n 1025 ") == true)
        #expect(tables(limit: 1_025, demand).code == .descriptorsOK)
        demand = Demand(streamCount: 1_024 - 32, reactorCount: 1)
        #expect(tables(limit: 1_024, demand).code == .descriptorsOK)
        demand.streamCount = 1_024 - 31
        #expect(tables(limit: 1_024, demand).code == .descriptorsTooFew)
    }

    @Test func `the metrics listener has descriptors of its own`() {
        var demand = Demand(streamCount: 1_024 - 64, reactorCount: 1, sideConnectionCount: 32)
        #expect(tables(limit: 1_024, demand).code == .descriptorsOK)
        demand.streamCount = 1_024 - 63
        #expect(tables(limit: 1_024, demand).fix?.contains("ulimit -n 1025 ") == true)
    }

    @Test func `the setting, or the number of reactors, is the fix where the limit is not the cause`() {
        var demand = Demand(streamCount: 10_000, reactorCount: 1, connectionsPerReactorMax: 1_024)
        #expect(tables(limit: 100_000, demand).fix == "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR=10032")
        demand = Demand(streamCount: 2_000_000, reactorCount: 1)
        #expect(tables(limit: Int.max, demand).code == .descriptorsTooFew)
        #expect(tables(limit: Int.max, demand).fix?.contains("SHOPSTREAM_REACTORS") == true)
    }

    @Test func `without a wish, or a limit that can be read, nothing fails`() {
        #expect(tables(limit: 10, Demand()).code == .descriptorsOK)
        #expect(tables(limit: 10, Demand()).text.contains("room for 0 streams"))
        #expect(tables(limit: nil, Demand(streamCount: 1)).code == .factUnknown)
    }

    @Test func `every stream is an open file of the machine`() {
        var facts = MachineFacts()
        #expect(DescriptorCheck.findings(facts, Demand())[1].code == .factUnknown)
        facts.openFileCount = 500
        facts.fileCountMax = 10_000 + 500 + 1_024
        #expect(DescriptorCheck.findings(facts, Demand(streamCount: 10_000))[1].code == .fileMaxOK)
        let finding = DescriptorCheck.findings(facts, Demand(streamCount: 10_001))[1]
        #expect(finding.code == .fileMaxTooLow)
        #expect(finding.fix == "sysctl -w fs.file-max=\(2 * (10_001 + 500 + 1_024))")
    }

    // MARK: - Network and clock

    @Test func `the listeners' queue needs somaxconn`() {
        var facts = MachineFacts()
        #expect(Self.codes(NetworkCheck.findings(facts, Demand())) == [.factUnknown])
        facts.acceptQueueCountMax = 4_096
        #expect(Self.codes(NetworkCheck.findings(facts, Demand())) == [.acceptQueueOK])
        facts.acceptQueueCountMax = 4_095
        #expect(Self.codes(NetworkCheck.findings(facts, Demand())) == [.acceptQueueShort])
        #expect(NetworkCheck.findings(facts, Demand())[0].fix == "sysctl -w net.core.somaxconn=4096")
    }

    @Test func `ports are counted only for a proxy on this machine`() {
        var facts = MachineFacts()
        facts.acceptQueueCountMax = 4_096
        facts.portRange = 1_001...2_000
        var demand = Demand(streamCount: 1_001)
        #expect(NetworkCheck.findings(facts, demand).count == 1)
        demand.isBehindLocalProxy = true
        #expect(NetworkCheck.findings(facts, demand)[1].code == .portRangeSmall)
        #expect(NetworkCheck.findings(facts, demand)[1].severity == .note)
        #expect(NetworkCheck.findings(facts, demand)[1].fix?.contains("127.0.0.2") == false)
        demand.streamCount = 64_513
        #expect(NetworkCheck.findings(facts, demand)[1].fix?.contains("127.0.0.2") == true)
        demand.streamCount = 1_000
        #expect(NetworkCheck.findings(facts, demand)[1].code == .portRangeOK)
        demand.streamCount = nil
        #expect(NetworkCheck.findings(facts, demand)[1].code == .portRangeOK)
    }

    @Test func `a clock that nothing disciplines is a warning`() {
        #expect(Self.codes(ClockCheck.findings(.synchronised(errorMax: .milliseconds(3)))) == [.clockOK])
        #expect(Self.codes(ClockCheck.findings(.unsynchronised)) == [.clockUnsynchronised])
        #expect(ClockCheck.findings(.unsynchronised)[0].severity == .warning)
        #expect(Self.codes(ClockCheck.findings(.unknown)) == [.clockUnknown])
    }

    @Test func `the demand follows from the settings`() throws {
        let plain = Demand(try ServerConfiguration(environment: ["SHOPSTREAM_REACTORS": "3"]), streamCount: 5)
        #expect(plain.streamCount == 5 && plain.reactorCount == 3 && !plain.isSecure)
        #expect(plain.isBehindLocalProxy && plain.sideConnectionCount == 0)
        #expect(plain.streamByteCount == 6_000)
        let secure = Demand(
            try ServerConfiguration(environment: [
                "SHOPSTREAM_LISTEN": "0.0.0.0:443", "SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:9100",
                "SHOPSTREAM_TLS_CERTIFICATE": "c", "SHOPSTREAM_TLS_KEY": "k",
                "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR": "600",
            ]), streamCount: nil)
        #expect(secure.isSecure && !secure.isBehindLocalProxy)
        #expect(secure.sideConnectionCount == 32 && secure.connectionsPerReactorMax == 600)
        #expect(secure.streamByteCount == 19_000)
    }
}
