import Primitives
import Reactor

/// Examines the machine and the settings, before the server runs or beside it. Changes nothing, and takes neither the
/// lock of the store nor an address on which a server listens.
public enum Doctor {
    /// Runs all checks. Takes seconds when a store or an issuer does not answer.
    ///
    /// - Parameters:
    ///   - sources: What the server reads its settings from.
    ///   - streamCount: The wished number of streams; nil: the findings say how many there is room for.
    public static func examine(_ sources: SettingSources, streamCount: Int?) async -> DoctorReport {
        let values: SettingValues
        let configuration: ServerConfiguration
        do throws(ConfigurationError) {
            values = try sources.load()
            configuration = try ServerConfiguration(values, inheritedSockets: sources.inheritedSockets)
        } catch {
            var demand = Demand()
            demand.streamCount = streamCount
            // The defaults of the settings that decide about the machine.
            if let defaults = try? ServerConfiguration(environment: [:]) {
                demand = Demand(defaults, streamCount: streamCount)
            }
            let invalid = Finding(
                .settingsInvalid, error.description, fix: "correct or unset \(error.name); more may be wrong after it")
            return DoctorReport(await machine(demand) + [invalid])
        }
        var findings = await machine(Demand(configuration, streamCount: streamCount))
        findings += settings(configuration)
        findings += values.exposedPaths.map { path in
            Finding(
                .secretReadable, "every user of the machine may read \(path), which has a secret",
                fix: "chmod o-r '\(path)'")
        }
        findings += ListenCheck.findings(configuration)
        findings += CertificateCheck.findings(configuration, at: WallClock.now)
        findings += await KeyCheck.findings(configuration)
        findings += FileCheck.findings(configuration)
        findings += await StoreCheck.findings(configuration.store)
        return DoctorReport(findings)
    }

    private static func machine(_ demand: Demand) async -> [Finding] {
        let facts = MachineReader().facts()
        let drivers = await DriverCheck.examine(demand)
        return KernelCheck.findings(release: facts.kernelRelease)
            + drivers.findings
            + DescriptorCheck.findings(facts, demand, isShared: drivers.usesEpoll)
            + MemoryCheck.findings(facts, demand)
            + NetworkCheck.findings(facts, demand)
            + ClockCheck.findings(DoctorCalls.clockState())
    }

    private static func settings(_ configuration: ServerConfiguration) -> [Finding] {
        let ok = Finding(.settingsOK, "all settings are allowed, mode \(configuration.mode.rawValue)")
        switch configuration.mode {
        case .production: return [ok]
        case .development:
            return [
                ok,
                Finding(
                    .developmentMode, "development mode allows short secrets, any origin and the demo",
                    fix: "SHOPSTREAM_MODE=production"),
            ]
        }
    }
}
