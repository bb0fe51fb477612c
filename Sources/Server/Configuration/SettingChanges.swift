/// The differences between the settings in force and those that a reload has read.
///
/// A value without I/O. Texts are compared, so that another way to write the same value is a change.
struct SettingChanges: Sendable {
    /// A setting with another value.
    struct Change: Sendable {
        let setting: Setting
        let old: String?
        let new: String?

        /// The values as a log may show them.
        var shownOld: String { old.map(setting.shown) ?? "–" }
        var shownNew: String { new.map(setting.shown) ?? "–" }
    }

    /// Those that the running server applies.
    let applied: [Change]
    /// Those that need a restart. The old values stay in force, so that the next reload reports them again.
    let pending: [Change]
    /// What is in force after the reload.
    let values: SettingValues

    init(from current: SettingValues, to new: SettingValues) {
        var values = current
        values.exposedPaths = new.exposedPaths
        var applied: [Change] = []
        var pending: [Change] = []
        for setting in Setting.all {
            let change = Change(setting: setting, old: current[setting].text, new: new[setting].text)
            // The value may come from another place than before.
            if setting.isReloadable || change.old == change.new { values[setting] = new[setting] }
            guard change.old != change.new else { continue }
            if setting.isReloadable { applied.append(change) } else { pending.append(change) }
        }
        self.applied = applied
        self.pending = pending
        self.values = values
    }

    /// Whether the setting of that name gets another value.
    func applies(_ name: String) -> Bool { applied.contains { $0.setting.name == name } }
}
