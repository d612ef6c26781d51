//! Rule `local-db-many-replicas`: see `local_db_many_replicas.md`.

use crate::assess::ground::place;
use crate::assess::{Fleet, Ground, Rule};
use crate::join::{Landed, Survives};
use crate::manifests::deployed::{MountKind, WorkloadKind};
use crate::model::{Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "local-db-many-replicas",
    title: "a database of each replica's own, or one file opened by several",
    several: "{} embedded databases are opened by several replicas",
    needs: Some("what is mounted where"),
    symptom: "answers differ from replica to replica; or a new pod does not start during a rollout, because the old one holds the file",
    remedy: "move it to a database that all replicas reach, or run one replica with `strategy: Recreate` and a volume of its own",
    sketch: Some(("yaml", "spec:\n  replicas: 1\n  strategy:\n    type: Recreate")),
    ends_when: "one replica runs and is ended before the next one starts, each replica has a claim of its own by design, or the file is gone",
    symptoms: &["different-answers", "vanished-files"],
    docs: include_str!("local_db_many_replicas.md"),
    run,
};

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::EmbeddedDb]).filter(|item| item.scope != Scope::Process) {
        let found = ground.fleets(item).filter_map(|(_, fleet)| Some((fleet, landed(ground, item, fleet)?)));
        let hazards = found.filter_map(|(fleet, landed)| of_fleet(rule, item, fleet, landed));
        // The worst of its workloads; of those that are alike, the first.
        let worst = hazards.reduce(|worst, one| if one.severity > worst.severity { one } else { worst });
        out.extend(worst);
    }
}

/// Where the file lies in a workload that stays.
fn landed<'a>(ground: &Ground<'a>, item: &Item, fleet: &Fleet<'_>) -> Option<&'a Landed> {
    let here = |one: &&Landed| one.workload == fleet.workload.owner && one.environment == fleet.workload.environment;
    ground.landed(item).iter().find(here).filter(|_| fleet.is_for_good() && fleet.workload.kind != WorkloadKind::Unit)
}

fn of_fleet(rule: &Rule, item: &Item, fleet: &Fleet<'_>, landed: &Landed) -> Option<Hazard> {
    let shared = landed.mount.as_ref().is_some_and(|mount| matches!(mount.kind, MountKind::Durable | MountKind::Shared));
    let hazard = match landed.survives {
        Survives::Nothing | Survives::Container | Survives::PodOnHost if fleet.is_replicated() => {
            let message = format!(
                "each of {} of {} has its own `{}` at `{}`: what one writes the others never see",
                fleet.copies(),
                fleet.name(),
                item.name,
                landed.path
            );
            let arithmetic = format!("{} pods × 1 database = {} databases", fleet.most(), fleet.most());
            rule.about(item, HazardSeverity::Medium, message).adding_up(arithmetic)
        }
        Survives::Pod if shared && fleet.is_replicated() => {
            let message = format!("{} of {} open one file, `{}` of `{}`", fleet.copies(), fleet.name(), landed.path, item.name);
            rule.about(item, HazardSeverity::High, message)
                .seen_as("the second pod does not start, since the first one holds the file, or both write it and it breaks")
        }
        Survives::Pod if shared && fleet.during_rollout.is_some_and(|most| most > 1) => {
            let most = fleet.during_rollout.unwrap_or_default();
            let message =
                format!("a rollout of {} runs {most} pods at a time on one file, `{}` of `{}`", fleet.name(), landed.path, item.name);
            let arithmetic = format!("{} + {} of the rollout = {most} pods × 1 file", fleet.replicas, most - fleet.replicas);
            rule.about(item, HazardSeverity::Medium, message)
                .adding_up(arithmetic)
                .seen_as("the new pod does not start or does not become ready, because the old one holds the file; or both write it")
        }
        _ => return None,
    };
    let hazard = hazard.because(item.summary.clone(), place(item)).because(landed.said(), Some(&landed.at));
    Some(hazard.run_by(fleet))
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const MAIN: &str = r#"
#[tokio::main]
async fn main() {
    let db = redb::Database::create("/var/lib/shop/seen.redb").unwrap();
    let app = axum::Router::new().with_state(std::sync::Arc::new(db));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"#;
    const CARGO: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\nredb = \"2\"\ntokio = \"1\"\n";
    const MOUNT: &str = "volumeMounts:\n  - {name: data, mountPath: /var/lib/shop}";
    const CLAIM: &str = "volumes:\n  - {name: data, persistentVolumeClaim: {claimName: data}}";

    fn databases(deployment: &str) -> Vec<String> {
        found("local-db-many-replicas", MAIN, &[("Cargo.toml", CARGO), ("k/deploy.yaml", deployment)])
    }

    #[test]
    fn replicas_have_one_each_or_open_the_same_file() {
        assert_eq!(
            databases(&deployment(3, "", "")),
            [
                "medium each of 3 replicas of `Deployment/shop` has its own `main` at `/var/lib/shop/seen.redb`: what one writes the others never see"
            ]
        );
        assert_eq!(
            databases(&deployment(3, MOUNT, CLAIM)),
            ["high 3 replicas of `Deployment/shop` open one file, `/var/lib/shop/seen.redb` of `main`"]
        );
        assert_eq!(
            databases(&deployment(1, MOUNT, CLAIM)),
            ["medium a rollout of `Deployment/shop` runs 2 pods at a time on one file, `/var/lib/shop/seen.redb` of `main`"]
        );
    }

    #[test]
    fn one_pod_at_a_time_or_a_claim_of_each_is_fine() {
        let recreate = deployment(1, MOUNT, CLAIM).replace("  replicas: 1", "  replicas: 1\n  strategy: {type: Recreate}");
        assert!(databases(&recreate).is_empty());
        let numbered = deployment(3, MOUNT, "")
            .replace("kind: Deployment", "kind: StatefulSet")
            .replace("  replicas: 3", "  replicas: 3\n  volumeClaimTemplates: [{metadata: {name: data}}]");
        assert!(databases(&numbered).is_empty());
        assert!(databases("").is_empty());
        // Without a volume, the file of one pod is gone with it; that is another matter.
        assert!(databases(&deployment(1, "", "")).is_empty());
    }
}
