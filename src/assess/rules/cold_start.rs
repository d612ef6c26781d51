//! Rule `cold-start`: see `cold_start.md`.

use smol_str::SmolStr;

use crate::assess::ground::{fact, place};
use crate::assess::{Fleet, Ground, Rule};
use crate::manifests::deployed::{Container, WorkloadKind};
use crate::model::{Class, Confidence, EntryKind, Hazard, HazardSeverity, Item, Kind, Place};

pub(super) const RULE: Rule = Rule {
    id: "cold-start",
    title: "traffic before the service is ready",
    several: "{} services fill caches before they listen, and nothing keeps traffic away meanwhile",
    needs: Some("a readiness probe, or that there is none"),
    symptom: "errors and slow answers for a while after each rollout and scale-out, when new pods get traffic before they are warm",
    remedy: "a readiness probe on a route that answers only when the data is there; a startup probe keeps the liveness probe away until then",
    sketch: Some((
        "yaml",
        "readinessProbe:\n  httpGet: {path: /ready, port: http}\nstartupProbe:\n  httpGet: {path: /ready, port: http}\n  periodSeconds: 5\n  failureThreshold: 60",
    )),
    ends_when: "the container has a readiness or a startup probe, or nothing is filled before it serves",
    symptoms: &["slow-after-scale-out"],
    docs: include_str!("cold_start.md"),
    run,
};

/// What start-up fills, and where.
struct Warmed<'a> {
    item: &'a Item,
    how: String,
    at: Option<Place>,
}

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for service in ground.services {
        let warmed = warmed(ground, &service.name);
        let Some(first) = warmed.first().filter(|_| serves(ground, &service.name)) else { continue };
        let open = ground.fleets_of(&service.name).iter().find_map(|fleet| Some((fleet, without_gate(fleet)?)));
        let Some((fleet, container)) = open else { continue };
        let others = match warmed.len() {
            1 => String::new(),
            2 => format!(" and `{}`", warmed[1].item.name),
            more => format!(" and {} more", more - 1),
        };
        let message = format!(
            "{} has no readiness probe: it counts as ready while `{}`{others} {} still being filled, before the service listens",
            fleet.name(),
            first.item.name,
            if warmed.len() == 1 { "is" } else { "are" }
        );
        // Alone, it has nobody who takes over its requests meanwhile, warm or not.
        let severity = if fleet.is_replicated() { HazardSeverity::Medium } else { HazardSeverity::Low };
        let mut hazard = rule.about(first.item, severity, message).at_most(Confidence::Likely);
        hazard.services = vec![service.name.clone()];
        for one in &warmed {
            hazard =
                hazard.because(format!("`{}` is filled {}", one.item.name, one.how), one.at.as_ref().or(place(one.item))).with(one.item);
        }
        hazard =
            hazard.because(format!("container `{}` has neither a readiness nor a startup probe", container.name), Some(&fleet.workload.at));
        if let Some(liveness) = &container.liveness {
            hazard = hazard.because("its liveness probe asks meanwhile, and has it started again when that takes too long", Some(liveness));
        }
        out.push(hazard);
    }
}

/// What the service fills before it serves, caches first.
fn warmed<'a>(ground: &Ground<'a>, service: &SmolStr) -> Vec<Warmed<'a>> {
    let own = ground.items.iter().filter(|item| item.class == Class::Mutable && item.services.contains(service));
    let by_fact = |item: &Item| {
        let found = fact(item, "warmed")?;
        Some((found.value.as_ref()?.to_string(), found.at.clone()))
    };
    let told = |item: &'a Item| by_fact(item).map(|(how, at)| Warmed { item, how, at });
    let mut out: Vec<Warmed<'a>> = own.filter_map(told).collect();
    out.sort_by_key(|one| one.item.kind != Kind::Cache);
    out
}

/// Requests come to it.
fn serves(ground: &Ground<'_>, service: &SmolStr) -> bool {
    let by_routes = |item: &&Item| item.services.contains(service) && item.entry_points.iter().any(|one| one.kind == EntryKind::Route);
    let by_server = ground.lifecycles.iter().any(|one| one.service == *service && !one.servers.is_empty());
    by_server || ground.items.iter().any(|item| by_routes(&item))
}

/// The container of the service, when a cluster sends it traffic as soon as it runs.
fn without_gate<'f>(fleet: &'f Fleet<'_>) -> Option<&'f Container> {
    let is_in_cluster = matches!(fleet.workload.kind, WorkloadKind::Replicated | WorkloadKind::Numbered)
        && ["Deployment/", "StatefulSet/", "ReplicaSet/", "Rollout/"].iter().any(|start| fleet.workload.owner.starts_with(start));
    let container = fleet.containers.first()?;
    (is_in_cluster && container.readiness.is_none() && container.startup.is_none()).then_some(*container)
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;

    const MAIN: &str = r#"
use std::sync::Arc;
#[derive(Clone)]
struct Names { names: moka::future::Cache<String, String>, db: sqlx::PgPool }
impl Names {
    fn new(db: sqlx::PgPool) -> Self { Self { names: moka::future::Cache::new(1000), db } }
    async fn warm(&self) {
        let all: Vec<(String, String)> = sqlx::query_as("SELECT id, name FROM users").fetch_all(&self.db).await.unwrap();
        for (id, name) in all { self.names.insert(id, name).await; }
    }
    async fn get(&self, id: &str) -> Option<String> { self.names.get(id).await }
}
#[tokio::main]
async fn main() {
    let db = sqlx::PgPool::connect("postgres://db/shop").await.unwrap();
    let names = Names::new(db);
    names.warm().await;
    let app = axum::Router::new().route("/", axum::routing::get(handler)).with_state(names);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
async fn handler(axum::extract::State(names): axum::extract::State<Names>) -> String { names.get("a").await.unwrap_or_default() }
"#;

    fn told(main: &str, container: &str) -> Vec<String> {
        let deployment = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: shop:1\n{container}"
        );
        let dockerfile = "FROM rust AS build\nRUN cargo build --release\nFROM debian\nCOPY --from=build /target/release/shop /usr/bin/shop\nCMD [\"shop\"]\n";
        let map = map(&format!("//- /src/main.rs\n{main}\n//- /Dockerfile\n{dockerfile}\n//- /k/deploy.yaml\n{deployment}"));
        map.hazards.iter().filter(|one| one.rule == "cold-start").map(|one| format!("{}: {}", one.severity.as_str(), one.message)).collect()
    }

    #[test]
    fn a_cache_is_filled_before_the_service_listens_and_nothing_keeps_traffic_away() {
        assert_eq!(
            told(MAIN, ""),
            [
                "medium: `Deployment/shop` has no readiness probe: it counts as ready while `Names.names` is still being filled, before the service listens"
            ]
        );
        assert_eq!(told(MAIN, "          livenessProbe: {httpGet: {path: /, port: 80}}\n").len(), 1);
    }

    #[test]
    fn a_probe_keeps_it_away() {
        assert!(told(MAIN, "          readinessProbe: {httpGet: {path: /, port: 80}}\n").is_empty());
        assert!(told(MAIN, "          startupProbe: {httpGet: {path: /, port: 80}}\n").is_empty());
    }

    #[test]
    fn what_requests_fill_is_no_work_of_the_start() {
        assert!(told(&MAIN.replace("    names.warm().await;\n", ""), "").is_empty());
        let in_handler = MAIN
            .replace("    names.warm().await;\n", "")
            .replace("names.get(\"a\").await.unwrap_or_default()", "{ names.warm().await; String::new() }");
        assert!(told(&in_handler, "").is_empty());
        // A service of which no deployment file is known.
        assert!(map(MAIN).hazards.iter().all(|one| one.rule != "cold-start"));
    }
}
