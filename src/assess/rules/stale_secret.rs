//! Rule `stale-secret`: see `stale_secret.md`.

use super::frozen_config::{is_read_again, object, reader};
use crate::assess::ground::{fact, place};
use crate::assess::{Fleet, Ground, Rule};
use crate::join::Landed;
use crate::manifests::deployed::{Container, ContainerRole, EnvVar, MountKind};
use crate::model::{Confidence, Hazard, HazardSeverity, Item, Kind, Place};

pub(super) const RULE: Rule = Rule {
    id: "stale-secret",
    title: "secrets read once that are renewed",
    several: "{} secrets are read once, and something renews them",
    needs: Some("who renews its secrets"),
    symptom: "calls are refused some time after a start-up, when the old credential ends, and a restart mends it until the next renewal",
    remedy: "read the file again when it changes (watch its folder: the platform swaps a link), or before each use with a short memory; at least start the pods anew after each renewal",
    sketch: Some((
        "rust",
        "let secrets = ArcSwap::from_pointee(Secrets::load()?);\nlet mut every = tokio::time::interval(Duration::from_secs(60));\nloop {\n    every.tick().await;\n    secrets.store(Arc::new(Secrets::load()?));\n}",
    )),
    ends_when: "a request or a task reads the secret again, or a renewal starts the pods anew",
    symptoms: &["expired-certificate", "stale-permissions"],
    docs: include_str!("stale_secret.md"),
    run,
};

/// Who renews a secret, and where that is seen.
struct Renewed {
    by: String,
    said: String,
    at: Option<Place>,
    confidence: Confidence,
}

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::ReferenceData, Kind::StartupConfig]).filter(|item| !is_read_again(ground, item)) {
        out.extend(of_file(rule, ground, item).or_else(|| of_variable(rule, ground, item)));
    }
}

/// A secret that is a file.
fn of_file(rule: &Rule, ground: &Ground<'_>, item: &Item) -> Option<Hazard> {
    for landed in ground.landed(item).iter().filter(|landed| !landed.is_compose) {
        let Some(mount) = landed.mount.as_ref().filter(|mount| !mount.is_part) else { continue };
        let here = |fleet: &&Fleet<'_>| fleet.workload.owner == landed.workload && fleet.workload.environment == landed.environment;
        let Some(fleet) = ground.fleets(item).map(|(_, fleet)| fleet).find(here) else { continue };
        let secret = object(ground, &format!("Secret/{}", mount.source));
        let renewed = match mount.kind {
            MountKind::Secret if fleet.workload.restarted_on_change.is_none() => secret
                .and_then(by_its_maker)
                .or_else(|| by_container(fleet, mount.source.as_str(), true))
                .or_else(|| secret.and_then(by_word)),
            // An agent beside the service writes into a folder of the pod.
            MountKind::Ephemeral | MountKind::Memory => by_container(fleet, mount.source.as_str(), false),
            _ => None,
        };
        let Some(renewed) = renewed else { continue };
        let message =
            format!("{} is read once by `{}`, and {}: the process goes on with the old one", told(landed), reader(item), renewed.by);
        let hazard = rule.about(item, HazardSeverity::Medium, message).because(format!("{}, once", item.summary), place(item));
        let hazard = hazard.because(landed.said(), Some(&landed.at)).because(renewed.said, renewed.at.as_ref()).at_most(renewed.confidence);
        return Some(secret.map_or_else(|| hazard.clone(), |secret| hazard.clone().with(secret)));
    }
    None
}

/// A secret that is a variable: it has the value of the moment when the container started.
fn of_variable(rule: &Rule, ground: &Ground<'_>, item: &Item) -> Option<Hazard> {
    let name = fact(item, "env")?.value.as_ref()?.to_string();
    for (_, fleet) in ground.fleets(item).filter(|(_, fleet)| fleet.is_for_good() && fleet.workload.restarted_on_change.is_none()) {
        let mut variables = fleet.containers.iter().filter_map(|container| container.variable(&name));
        let Some((variable, secret)) = variables.find_map(|variable| Some((variable, of_secret(ground, variable)?))) else { continue };
        let Some(renewed) = by_its_maker(secret) else { continue };
        let message = format!("`{name}` has the value of `{}` from when the pod started, and {}", variable.source, renewed.by);
        let hazard = rule.about(item, HazardSeverity::Medium, message).with(secret).because(item.summary.clone(), place(item));
        let at = variable.via.as_ref().unwrap_or(&variable.at);
        return Some(hazard.because(format!("a variable of {}", fleet.name()), Some(at)).because(renewed.said, renewed.at.as_ref()));
    }
    None
}

fn of_secret<'a>(ground: &Ground<'a>, variable: &EnvVar) -> Option<&'a Item> {
    object(ground, &variable.source).filter(|_| variable.source.starts_with("Secret/"))
}

/// The path, of several their folder.
fn told(landed: &Landed) -> String {
    match &landed.mount {
        Some(mount) if mount.kind == MountKind::Secret => format!("the Secret `{}`", mount.source),
        _ => format!("`{}`", landed.path),
    }
}

/// An operator makes it anew: `refreshInterval`, the end of a certificate, a lease of Vault.
fn by_its_maker(secret: &Item) -> Option<Renewed> {
    const RENEWED: &[(&str, &str)] = &[
        ("fetched every", "its operator fetches it anew every "),
        ("fetched every seconds", "its operator fetches it anew every so many seconds: "),
        ("lasts", "its issuer renews it, since it lasts "),
        ("renewed before its end", "its issuer renews it before its end, by "),
        ("renewed at", "Vault renews it at this percentage of its life: "),
    ];
    let (fact, by) = RENEWED.iter().find_map(|(key, by)| Some((fact(secret, key)?, by)))?;
    let value = fact.value.as_ref()?.to_string();
    // An interval of nought never fetches again.
    if value.trim_end_matches(|c: char| !c.is_ascii_digit()).trim_start_matches('0').is_empty() {
        return None;
    }
    Some(Renewed {
        by: format!("{by}{value}"),
        said: format!("{} {value}: {}", fact.key, secret.summary),
        at: fact.at.clone(),
        confidence: Confidence::Certain,
    })
}

/// A container beside the service that renews secrets, by its name or image.
fn by_container(fleet: &Fleet<'_>, source: &str, by_name: bool) -> Option<Renewed> {
    const RENEWS: &[&str] = &["refresh", "rotat", "renew", "vault-agent"];
    const SECRETS: &[&str] = &["secret", "credential", "cert", "token", "vault"];
    let said = |container: &Container| format!("{} {}", container.name, container.image.as_deref().unwrap_or_default()).to_lowercase();
    let renews = |container: &&Container| {
        let said = said(container);
        let mounts = container.mounts.iter().any(|mount| mount.source == source && !mount.read_only);
        let names = RENEWS.iter().any(|word| said.contains(word)) && SECRETS.iter().any(|word| said.contains(word));
        container.role == ContainerRole::Sidecar && names && (by_name || mounts)
    };
    let container = fleet.workload.containers.iter().find(renews)?;
    let every = container.command.as_deref().and_then(interval).map(|every| format!(" every {every}")).unwrap_or_default();
    Some(Renewed {
        by: format!("`{}` renews it{every}", container.name),
        said: format!("container `{}` of {}{every}", container.name, fleet.name()),
        at: Some(fleet.workload.at.clone()),
        confidence: Confidence::Likely,
    })
}

/// `--interval=15m`, `--period 15m`.
fn interval(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split([' ', '=']).collect();
    let at = words.iter().position(|word| {
        let key = word.trim_start_matches('-');
        word.starts_with('-') && ["interval", "period", "every"].iter().any(|known| key.ends_with(known))
    })?;
    let value = words.get(at + 1)?;
    value.starts_with(|c: char| c.is_ascii_digit()).then(|| (*value).to_owned())
}

/// A person says that it is renewed.
fn by_word(secret: &Item) -> Option<Renewed> {
    let annotation = secret.annotation.as_ref()?;
    let texts = [&annotation.summary, &annotation.contents, &annotation.rebuild, &annotation.replication];
    let renewed = |text: &&&String| ["refresh", "rotat", "renew"].iter().any(|word| text.to_lowercase().contains(word));
    let text = texts.iter().filter_map(|text| text.as_ref()).find(|text| renewed(&text))?;
    Some(Renewed {
        by: "somebody renews it".to_owned(),
        said: text.clone(),
        at: annotation.places.first().cloned(),
        confidence: Confidence::Likely,
    })
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const MAIN: &str = r#"
#[tokio::main]
async fn main() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let key = load();
    let app = axum::Router::new().with_state(std::sync::Arc::new((url, key)));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}

fn load() -> String { std::fs::read_to_string("/etc/keys/payments").unwrap() }
"#;
    const MOUNT: &str = "volumeMounts:\n  - {name: keys, mountPath: /etc/keys, readOnly: true}";
    const VOLUME: &str = "volumes:\n  - {name: keys, secret: {secretName: shop-keys}}";
    const EXTERNAL: &str = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: shop-keys\nspec:\n  refreshInterval: 1h\n  data: [{secretKey: payments}]\n";

    fn stale(files: &[(&str, &str)]) -> Vec<String> {
        found("stale-secret", MAIN, files)
    }

    /// The pod with a container beside the service.
    fn with_sidecar(image: &str) -> String {
        let sidecar = format!("- name: beside\n  image: {image}\n  args: [--interval=15m]");
        let indented: String = sidecar.lines().map(|line| format!("        {line}\n")).collect();
        let pod = deployment(1, MOUNT, "");
        format!("{pod}{indented}      {}\n", VOLUME.replace('\n', "\n      "))
    }

    #[test]
    fn what_an_operator_or_a_sidecar_renews_is_told() {
        let operator = stale(&[("k/deploy.yaml", &deployment(1, MOUNT, VOLUME)), ("k/secret.yaml", EXTERNAL)]);
        assert_eq!(
            operator,
            [
                "medium the Secret `shop-keys` is read once by `shop::load`, and its operator fetches it anew every 1h: the process goes on with the old one"
            ]
        );
        let sidecar = stale(&[("k/deploy.yaml", &with_sidecar("registry/secret-refresher:1"))]);
        assert_eq!(
            sidecar,
            [
                "medium the Secret `shop-keys` is read once by `shop::load`, and `beside` renews it every 15m: the process goes on with the old one"
            ]
        );
    }

    #[test]
    fn a_variable_has_the_value_of_the_start() {
        let env = deployment(1, "env:\n  - {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: shop-keys, key: url}}}", "");
        let of = stale(&[("k/deploy.yaml", &env), ("k/secret.yaml", &EXTERNAL.replace("payments", "url"))]);
        assert_eq!(
            of,
            [
                "medium `DATABASE_URL` has the value of `Secret/shop-keys` from when the pod started, and its operator fetches it anew every 1h"
            ]
        );
        // Of a plain Secret nobody says that it changes.
        let plain = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop-keys\nstringData:\n  url: x\n";
        assert!(stale(&[("k/deploy.yaml", &env), ("k/secret.yaml", plain)]).is_empty());
    }

    #[test]
    fn what_nobody_renews_or_what_starts_the_pods_anew_is_silent() {
        assert!(stale(&[("k/deploy.yaml", &deployment(1, MOUNT, VOLUME))]).is_empty());
        assert!(stale(&[("k/deploy.yaml", &with_sidecar("registry/egress-proxy:2"))]).is_empty());
        let never = EXTERNAL.replace("refreshInterval: 1h", "refreshInterval: 0s");
        assert!(stale(&[("k/deploy.yaml", &deployment(1, MOUNT, VOLUME)), ("k/secret.yaml", &never)]).is_empty());
        let reloaded = deployment(1, MOUNT, VOLUME).replace("labels: {app: shop}", "annotations: {checksum/secret: abc}");
        assert!(stale(&[("k/deploy.yaml", &reloaded), ("k/secret.yaml", EXTERNAL)]).is_empty());
    }
}
