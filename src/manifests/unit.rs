//! systemd units: the folders that systemd keeps for a service, its private `/tmp`, its environment, how it is started again.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::deployed::{Amount, EnvVar, Mount, MountKind, Said, Workload, WorkloadKind, of_machine};
use super::draft::{Draft, place};
use super::hide;
use super::image::{NOISE, named};
use super::tie::Names;
use super::words::split;
use super::yaml::Mark;
use crate::model::Scope;
use crate::source::file_name;

/// A line `Key=value` of a unit.
struct Setting<'a> {
    section: &'a str,
    key: &'a str,
    value: String,
    at: Mark,
}

/// Folders that systemd makes: the key, where they lie, what becomes of them.
const FOLDERS: &[(&str, &str, &str)] = &[
    ("StateDirectory", "/var/lib", "kept between runs"),
    ("CacheDirectory", "/var/cache", "kept between runs, until somebody cleans it"),
    ("LogsDirectory", "/var/log", "kept between runs"),
    ("RuntimeDirectory", "/run", "removed when the service stops"),
];

/// The items of a unit; none when it starts no service of the tree.
pub(super) fn drafts(file: &str, text: &str, names: &Names) -> Vec<Draft> {
    let settings = settings(text);
    let service = |key: &str| settings.iter().filter(|one| one.section == "Service" && one.key == key).collect::<Vec<_>>();
    let starts = service("ExecStart");
    let Some(services) = services(file, &starts, names).filter(|services| !services.is_empty()) else { return Vec::new() };
    let name = file_name(file);
    let draft = |what: &str, summary: String| Draft::new(file, what, name, summary).services(&services);
    let mut out = Vec::new();
    if let Some(start) = starts.first() {
        let restart = service("Restart").last().map_or("no", |one| one.value.as_str()).to_owned();
        let again = match restart.as_str() {
            "no" => "not started again when it ends",
            "always" => "started again whenever it ends",
            "on-success" => "started again when it ends well, not when it fails",
            "on-abnormal" => "started again after a signal, a timeout or a missed watchdog",
            "on-abort" => "started again after a signal that it does not catch",
            "on-watchdog" => "started again when its watchdog hears nothing",
            _ => "started again when it fails",
        };
        let command = hide::command(&[&start.value]).replace('`', "'");
        let mut one = draft("unit", format!("starts `{command}`, {again}")).name(format!("unit {name}"));
        one.site(file, start.at);
        for key in ["User", "DynamicUser", "WorkingDirectory", "TimeoutStopSec", "WatchdogSec", "MemoryMax", "UMask"] {
            if let Some(setting) = service(key).last() {
                one.text(key, &setting.value, file, setting.at);
            }
        }
        out.push(one);
    }
    for (key, root, fate) in FOLDERS {
        for setting in service(key) {
            for folder in setting.value.split_whitespace() {
                let folder = hide::text(folder.split(':').next().unwrap_or(folder));
                let mut one = draft(&format!("{key}={folder}"), format!("folder `{root}/{folder}` that systemd makes, {fate}"));
                one.name = format!("{root}/{folder}").into();
                one.scope = Scope::Host;
                one.site(file, setting.at);
                out.push(one);
            }
        }
    }
    for setting in service("TemporaryFileSystem") {
        for folder in setting.value.split_whitespace() {
            let folder = hide::text(folder.split(':').next().unwrap_or(folder));
            let mut one = draft(&format!("TemporaryFileSystem={folder}"), format!("folder `{folder}` in memory, of the unit only"));
            one.name = folder.into();
            one.scope = Scope::Host;
            one.site(file, setting.at);
            out.push(one.lost("all of it, when the service stops"));
        }
    }
    for key in ["LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted", "ImportCredential"] {
        for setting in service(key) {
            let credential = hide::text(setting.value.split(':').next().unwrap_or_default());
            let summary =
                format!("credential `{credential}` that systemd gives at the start as a file; a change is seen at the next start");
            let mut one = draft(&format!("credential {credential}"), summary).name(format!("credential {credential}"));
            one.site(file, setting.at);
            out.push(one);
        }
    }
    out.extend(protected(file, &settings, draft));
    for setting in service("PrivateTmp").iter().filter(|one| is_on(&one.value)) {
        let mut one = draft("PrivateTmp", "`/tmp` and `/var/tmp` of its own, which no other service sees".to_owned())
            .name(format!("private /tmp of {name}"))
            .scope(Scope::Host);
        one.site(file, setting.at);
        out.push(one.lost("all files in them, when the service stops"));
    }
    out.extend(environment(file, &service("Environment"), &service("EnvironmentFile"), draft));
    out
}

/// What of the file system the unit may not write.
fn protected(file: &str, settings: &[Setting<'_>], draft: impl Fn(&str, String) -> Draft) -> Option<Draft> {
    let keys = ["ProtectSystem", "ProtectHome", "ReadOnlyPaths", "ReadWritePaths", "InaccessiblePaths", "BindPaths", "BindReadOnlyPaths"];
    let mut one = draft("paths", String::new()).name(format!("paths of {}", file_name(file))).scope(Scope::Host);
    let mut said = Vec::new();
    for setting in settings.iter().filter(|one| one.section == "Service" && keys.contains(&one.key)) {
        one.site(file, setting.at);
        one.text(setting.key, &setting.value, file, setting.at);
        said.push(format!("{}={}", setting.key, hide::text(&setting.value)));
    }
    one.summary = format!("what the unit may write is limited: {}", named(&said));
    (!said.is_empty()).then_some(one)
}

/// The services that a unit starts, by its name without its ending: timers name it.
pub(super) fn started(file: &str, text: &str, names: &Names) -> Option<(String, BTreeSet<SmolStr>)> {
    let settings = settings(text);
    let starts: Vec<&Setting<'_>> = settings.iter().filter(|one| one.section == "Service" && one.key == "ExecStart").collect();
    let services = services(file, &starts, names).filter(|services| !services.is_empty())?;
    Some((file_name(file).trim_end_matches(".service").to_owned(), services))
}

/// What a timer says of when.
const TIMES: &[&str] = &["OnCalendar", "OnUnitActiveSec", "OnUnitInactiveSec", "OnBootSec", "OnStartupSec", "OnActiveSec"];

/// The item of a timer, and what it starts as data; none when it starts no service of the tree.
pub(super) fn timer(file: &str, text: &str, units: &BTreeMap<String, BTreeSet<SmolStr>>) -> Option<(Draft, Workload)> {
    let settings = settings(text);
    let timer = |key: &str| settings.iter().rfind(|one| one.section == "Timer" && one.key == key);
    let unit = timer("Unit").map_or_else(|| file_name(file).trim_end_matches(".timer").to_owned(), |one| one.value.clone());
    let services = units.get(unit.trim_end_matches(".service"))?;
    let times: Vec<&Setting<'_>> = settings.iter().filter(|one| one.section == "Timer" && TIMES.contains(&one.key)).collect();
    let first = times.first()?;
    let said: Vec<String> = times.iter().map(|one| format!("{}={}", one.key, hide::text(&one.value))).collect();
    let catches_up = timer("Persistent").is_some_and(|one| is_on(&one.value));
    let missed =
        if catches_up { "a run that was missed while the host was off is made up" } else { "a run that was missed is not made up" };
    let summary = format!("starts `{}` by the clock, {}; {missed}", hide::text(&unit), named(&said));
    let mut draft = Draft::new(file, "timer", format!("timer {}", file_name(file)), summary).services(services);
    for one in &times {
        draft.site(file, one.at);
    }
    for key in TIMES.iter().copied().chain(["Persistent", "AccuracySec", "RandomizedDelaySec"]) {
        if let Some(one) = timer(key) {
            draft.text(key, &one.value, file, one.at);
        }
    }
    let (mut workload, container) = of_machine::single(file, WorkloadKind::Scheduled, place(file, first.at), services);
    workload.schedule = Some(Said::written(hide::text(&first.value), place(file, first.at)));
    // A unit that still runs is not started a second time.
    workload.may_overlap = Some(Said::default_of(false));
    workload.containers.push(container);
    Some((draft, workload))
}

/// The process of a unit as data; none when it starts no service of the tree.
pub(super) fn deployed(file: &str, text: &str, names: &Names) -> Option<Workload> {
    let settings = settings(text);
    let service = |key: &str| settings.iter().filter(|one| one.section == "Service" && one.key == key).collect::<Vec<_>>();
    let starts = service("ExecStart");
    let services = services(file, &starts, names).filter(|services| !services.is_empty())?;
    let start = starts.first()?;
    let (mut out, mut container) = of_machine::single(file, WorkloadKind::Unit, place(file, start.at), &services);
    let said = |key: &str| service(key).last().map(|one| Said::written(hide::text(&one.value), place(file, one.at)));
    out.replicas = Some(Said::default_of(Amount::Count(1)));
    out.seconds_to_stop = Some(said("TimeoutStopSec").unwrap_or_else(|| Said::default_of("90s".to_owned())));
    container.command = Some(hide::command(&[&start.value]));
    container.user = said("User");
    container.folder = said("WorkingDirectory");
    container.memory_limit = said("MemoryMax");
    let strict = said("ProtectSystem").filter(|said| said.value == "strict");
    container.read_only_root = strict.map(|said| Said { value: true, at: said.at, environment: None });
    let mut mount = |path: &str, kind, read_only, at| {
        container.mounts.push(Mount {
            path: hide::text(path),
            kind,
            source: hide::text(path),
            sub_path: None,
            read_only,
            size: None,
            at: place(file, at),
            environment: None,
        });
    };
    for (key, root, _) in FOLDERS {
        for setting in service(key) {
            for folder in setting.value.split_whitespace() {
                let kind = if *key == "RuntimeDirectory" { MountKind::Memory } else { MountKind::Durable };
                mount(&format!("{root}/{}", folder.split(':').next().unwrap_or(folder)), kind, false, setting.at);
            }
        }
    }
    for setting in service("TemporaryFileSystem") {
        for path in setting.value.split_whitespace() {
            mount(path.split(':').next().unwrap_or(path), MountKind::Memory, false, setting.at);
        }
    }
    for (key, read_only) in [("ReadWritePaths", false), ("BindPaths", false), ("ReadOnlyPaths", true), ("BindReadOnlyPaths", true)] {
        for setting in service(key) {
            for path in setting.value.split_whitespace() {
                mount(path.trim_start_matches(['-', '+']), MountKind::Host, read_only, setting.at);
            }
        }
    }
    for setting in service("PrivateTmp").iter().filter(|one| is_on(&one.value)) {
        mount("/tmp", MountKind::Ephemeral, false, setting.at);
        mount("/var/tmp", MountKind::Ephemeral, false, setting.at);
    }
    container.mounts.sort_by(|a, b| a.path.cmp(&b.path));
    container.further_env = service("EnvironmentFile").iter().map(|one| hide::text(&one.value)).collect();
    for setting in service("Environment") {
        for word in split(&[(setting.at.line, &setting.value)]) {
            if let Some((name, value)) = word.text.split_once('=') {
                container.env.push(EnvVar::written(name, value, file, place(file, setting.at)));
            }
        }
    }
    out.containers.push(container);
    Some(out)
}

fn is_on(value: &str) -> bool {
    matches!(value, "true" | "yes" | "1" | "on" | "disconnected")
}

fn services(file: &str, starts: &[&Setting<'_>], names: &Names) -> Option<BTreeSet<SmolStr>> {
    let started = starts.iter().find_map(|one| names.by_command([one.value.trim_start_matches(['-', '@', '+', '!', ':'])]));
    if let Some(started) = started {
        return Some(BTreeSet::from([started.clone()]));
    }
    let stem = file_name(file).split(['.', '@']).next()?;
    (!starts.is_empty()).then(|| names.by_name(stem))
}

fn environment(file: &str, sets: &[&Setting<'_>], files: &[&Setting<'_>], draft: impl Fn(&str, String) -> Draft) -> Option<Draft> {
    let mut one = draft("Environment", String::new()).name(format!("environment of {}", file_name(file)));
    let mut said = Vec::new();
    for setting in sets {
        for word in split(&[(setting.at.line, &setting.value)]) {
            let Some((name, value)) = word.text.split_once('=').filter(|(name, _)| !NOISE.contains(name)) else { continue };
            one.variable(name, value, file, setting.at);
            one.site(file, setting.at);
            said.push(hide::assignment(name, value));
        }
    }
    for setting in files {
        let path = hide::text(setting.value.trim_start_matches('-'));
        one.text("from the file", &path, file, setting.at);
        one.site(file, setting.at);
        said.push(path);
    }
    one.summary = format!("variables set by the unit: {}", named(&said));
    (!said.is_empty()).then_some(one)
}

fn settings(text: &str) -> Vec<Setting<'_>> {
    let mut out: Vec<Setting<'_>> = Vec::new();
    let mut section = "";
    let mut goes_on = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        if goes_on {
            if let Some(last) = out.last_mut() {
                last.value.push(' ');
                last.value.push_str(part.trim());
            }
        } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((key, value)) = part.split_once('=') {
            let at = Mark::line(u32::try_from(at + 1).unwrap_or(u32::MAX));
            out.push(Setting { section, key: key.trim(), value: value.trim().to_owned(), at });
        }
        goes_on = more;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture::drawn;

    #[test]
    fn a_unit_says_after_which_ends_it_is_started_again() {
        let again = |restart: &str| {
            let unit = format!("//- /deploy/shop.service\n[Service]\nExecStart=/usr/bin/shop\nRestart={restart}\n");
            drawn(&unit).summary("deploy/shop.service#unit").split_once(", ").unwrap().1.to_owned()
        };
        assert_eq!(again("on-success"), "started again when it ends well, not when it fails");
        assert_eq!(again("on-failure"), "started again when it fails");
        assert_eq!(again("on-abort"), "started again after a signal that it does not catch");
        assert_eq!(again("no"), "not started again when it ends");
    }

    #[test]
    fn a_timer_belongs_to_the_unit_that_it_starts() {
        let found = drawn(
            "//- /deploy/nightly.service\n[Service]\nExecStart=/usr/bin/shop sweep\nTemporaryFileSystem=/var/scratch:size=1G\nLoadCredential=db:/etc/db.password\nProtectSystem=strict\nReadWritePaths=/srv/shop\n//- /deploy/nightly.timer\n[Timer]\nOnCalendar=daily\nPersistent=true\n//- /deploy/other.timer\n[Timer]\nOnCalendar=hourly\n//- /deploy/named.timer\n[Timer]\nOnUnitActiveSec=5min\nUnit=nightly.service\n",
        );
        assert_eq!(
            found.summary("deploy/nightly.timer#timer"),
            "starts `nightly` by the clock, `OnCalendar=daily`; a run that was missed while the host was off is made up"
        );
        assert!(found.summary("deploy/named.timer#timer").ends_with("a run that was missed is not made up"));
        assert!(!found.ids().contains(&"deploy/other.timer#timer"));
        assert_eq!(found.told("deploy/nightly.service#paths", "ReadWritePaths"), "/srv/shop@deploy/nightly.service:6");
        assert_eq!(
            found.summary("deploy/nightly.service#TemporaryFileSystem=/var/scratch"),
            "folder `/var/scratch` in memory, of the unit only"
        );
        assert!(found.ids().contains(&"deploy/nightly.service#credential_db"));
        let scheduled = found.deployed.workloads.iter().find(|one| one.owner == "deploy/nightly.timer").unwrap();
        assert_eq!(scheduled.schedule.as_ref().map(|said| said.value.as_str()), Some("daily"));
    }
}
