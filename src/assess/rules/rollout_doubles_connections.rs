//! Rule `rollout-doubles-connections`: see `rollout_doubles_connections.md`.

use std::collections::BTreeMap;

use crate::assess::ground::place;
use crate::assess::{Ground, Rule};
use crate::merge::grouped;
use crate::model::{Capacity, Confidence, Hazard, HazardSeverity, Holder, Limit, Provenance};

pub(super) const RULE: Rule = Rule {
    id: "rollout-doubles-connections",
    title: "more connections than the server takes",
    several: "{} stores are asked for more connections than their servers take",
    needs: Some("the number of replicas"),
    symptom: "new pods fail to start during a deploy with `too many connections`, while old ones still hold theirs; later everything waits for a connection",
    remedy: "divide what the server takes by the most pods that run at a time and set that as the pool's size, lower the surge, or put a pooler in between",
    sketch: Some((
        "yaml",
        "strategy:\n  rollingUpdate:\n    maxSurge: 0        # an old pod gives its connections back before a new one opens its own\n    maxUnavailable: 1",
    )),
    ends_when: "the pools of all pods of a rollout, and of the autoscaler's maximum, fit into what the server takes",
    symptoms: &["connection-exhaustion"],
    docs: include_str!("rollout_doubles_connections.md"),
    run,
};

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    // One hazard for each store: that of the environment that asks for most.
    let mut worst: BTreeMap<&str, (i64, Hazard)> = BTreeMap::new();
    for capacity in ground.capacity {
        let (Some(limit), Some(hazard)) = (&capacity.limit, hazard(rule, ground, capacity)) else { continue };
        let over = most(capacity) - limit.connections;
        let Some(pool) = capacity.pools.first() else { continue };
        match worst.get(pool.as_str()) {
            Some((known, _)) if *known >= over => {}
            _ => {
                worst.insert(pool.as_str(), (over, hazard));
            }
        }
    }
    out.extend(worst.into_values().map(|(_, hazard)| hazard));
}

fn most(capacity: &Capacity) -> i64 {
    let rollout = capacity.during_rollout.max(capacity.at_rest);
    rollout.max(capacity.at_most.unwrap_or(0)).max(capacity.at_most_during_rollout.unwrap_or(0))
}

/// The moment when an autoscaler has made as many as it may.
const SCALED: &str = "scaled out";

/// When there are too many, with the number and how it comes about.
struct Moment {
    when: &'static str,
    connections: i64,
    count: fn(&Holder) -> (Option<u32>, Option<u32>),
}

/// The moments of a store, the most usual first.
fn moments(capacity: &Capacity) -> Vec<Moment> {
    let mut out = vec![
        Moment { when: "at rest", connections: capacity.at_rest, count: |one| (one.replicas, None) },
        Moment { when: "during a rollout", connections: capacity.during_rollout, count: |one| (one.replicas, one.during_rollout) },
    ];
    let scaled =
        capacity.at_most.map(|connections| Moment { when: SCALED, connections, count: |one| (one.at_most.or(one.replicas), None) });
    let both = capacity.at_most_during_rollout.map(|connections| Moment {
        when: "scaled out during a rollout",
        connections,
        count: |one| match one.at_most {
            Some(_) => (one.at_most, one.at_most_during_rollout),
            None => (one.replicas, one.during_rollout),
        },
    });
    out.extend(scaled);
    out.extend(both);
    out
}

fn hazard(rule: &Rule, ground: &Ground<'_>, capacity: &Capacity) -> Option<Hazard> {
    let limit = capacity.limit.as_ref()?;
    let mut over = moments(capacity).into_iter().filter(|moment| moment.connections > limit.connections);
    let first = over.next()?;
    // A rollout of all that an autoscaler may make is told by the table of capacity.
    let further = over.find(|moment| moment.when == SCALED && moment.connections > first.connections);
    let pool = ground.item(capacity.pools.first()?.as_str())?;
    let is_default = limit.provenance == Provenance::Default;
    let severity = match first.when {
        "at rest" | "during a rollout" if !is_default => HazardSeverity::High,
        "scaled out during a rollout" if is_default => HazardSeverity::Low,
        _ => HazardSeverity::Medium,
    };
    let what = match capacity.pools.len() {
        1 => format!("`{}`", pool.name),
        count => format!("the {count} pools that lead to `{}`", capacity.store),
    };
    let at_least = if capacity.at_least { "at least " } else { "" };
    let of = capacity.environment.as_ref().map(|environment| format!(" in {environment}")).unwrap_or_default();
    let scaled = further.as_ref().map(|moment| format!(" and {} {}", grouped(moment.connections), moment.when)).unwrap_or_default();
    let message = format!(
        "{what} may hold {at_least}{} connections {}{scaled}{of}, more than {}",
        grouped(first.connections),
        first.when,
        taken(limit, &capacity.store)
    );
    let mut hazard = rule.about(pool, severity, message).adding_up(arithmetic(capacity, limit, &first, further.as_ref()));
    for other in capacity.pools.iter().skip(1).chain(&capacity.item).filter_map(|id| ground.item(id.as_str())) {
        hazard = hazard.with(other);
        hazard.services.extend(other.services.iter().filter(|_| other.kind == pool.kind).cloned());
    }
    hazard.services.sort();
    hazard.services.dedup();
    for holder in &capacity.holders {
        for share in &holder.pools {
            let Some(each) = share.each else { continue };
            let from = share.from.as_ref().map(|from| format!(", set by {from}")).unwrap_or_default();
            let at = share.at.as_ref().or_else(|| ground.item(share.item.as_str()).and_then(place));
            hazard = hazard.because(format!("at most {each} connections in each process of `{}`{from}", holder.workload), at);
        }
        if let Some(replicas) = holder.replicas {
            hazard = hazard.because(format!("{} of `{}`", copies(replicas), holder.workload), Some(&holder.replicas_at));
        }
    }
    hazard.evidence.dedup();
    hazard = hazard.because(said(limit, &capacity.store), limit.at.as_ref());
    let if_used = capacity.holders.iter().flat_map(|holder| &holder.pools).any(|share| share.if_used);
    if is_default || limit.elsewhere || if_used {
        hazard = hazard.at_most(Confidence::Likely);
    }
    Some(hazard)
}

/// `the 200 that the server takes (…)`.
fn taken(limit: &Limit, store: &str) -> String {
    match (limit.provenance, limit.elsewhere) {
        (Provenance::Default, _) => format!("the {} that {store} takes by default: nothing says otherwise", limit.connections),
        (_, true) => {
            format!("the {} of `{}`; what the deployed server takes is not written", limit.connections, limit.from)
        }
        _ => format!("the {} that the server takes by `{}` of `{}`", limit.connections, limit.key, limit.from),
    }
}

fn said(limit: &Limit, store: &str) -> String {
    match limit.provenance {
        Provenance::Default => format!("the default of {store} is {}, and nothing says otherwise", limit.connections),
        Provenance::Annotated => format!("`{}` of the server is {}, annotated", limit.key, limit.connections),
        _ => format!("`{}` of the server is {} in {}", limit.key, limit.connections, limit.from),
    }
}

/// `2 replicas + 1 surge = 3 pods × 50 connections = 150 > 100`.
fn arithmetic(capacity: &Capacity, limit: &Limit, first: &Moment, further: Option<&Moment>) -> String {
    let mut out: Vec<String> = Vec::new();
    for moment in std::iter::once(first).chain(further) {
        let mut sums = Vec::new();
        let mut parts = Vec::new();
        for holder in &capacity.holders {
            let (Some(replicas), during) = (moment.count)(holder) else { continue };
            let pods = during.unwrap_or(replicas);
            let all = holder.each.saturating_mul(i64::from(pods));
            let surge = during.map(|during| format!(" + {} surge = {during} pods", during - replicas)).unwrap_or_default();
            let name = if capacity.holders.len() > 1 { format!("`{}`: ", holder.workload) } else { String::new() };
            parts.push(format!("{name}{}{surge} × {} connections = {all}", copies(replicas), each(holder)));
            sums.push(all.to_string());
        }
        let end = match sums.len() {
            1 => format!(" > {}", limit.connections),
            _ => format!("; {} = {} > {}", sums.join(" + "), moment.connections, limit.connections),
        };
        out.push(format!("{}: {}{end}", moment.when, parts.join(", ")));
    }
    out.join("; ")
}

fn each(holder: &Holder) -> String {
    let known: Vec<String> = holder.pools.iter().filter_map(|pool| pool.each).map(|each| each.to_string()).collect();
    if known.len() > 1 { format!("({})", known.join(" + ")) } else { known.join("") }
}

fn copies(count: u32) -> String {
    if count == 1 { "1 replica".to_owned() } else { format!("{count} replicas") }
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;
    use crate::model::{Capacity, StateMap};

    const MAIN: &str = r#"
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("DATABASE_URL")?;
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(50).connect(&url).await?;
    let app = axum::Router::new().route("/", axum::routing::get(home)).with_state(pool);
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await?;
    Ok(())
}

async fn home(pool: axum::extract::State<sqlx::PgPool>) -> String {
    String::new()
}
"#;

    fn deployment(name: &str, replicas: u32, rest: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: {replicas}\n{rest}  template:\n    spec:\n      \
             containers:\n        - name: shop\n          image: shop:1\n"
        )
    }

    const SURGE: &str = "  strategy:\n    rollingUpdate:\n      maxSurge: 1\n";

    fn shop(files: &[(&str, &str)]) -> StateMap {
        let dockerfile = "FROM debian\nCOPY --from=build /target/release/shop /usr/bin/shop\nCMD [\"shop\"]\n";
        let mut text = format!("//- /src/main.rs\n{MAIN}\n//- /Dockerfile\n{dockerfile}");
        for (path, content) in files {
            text.push_str(&format!("//- /{path}\n{content}\n"));
        }
        map(&text)
    }

    fn capacity(map: &StateMap) -> &Capacity {
        map.capacity.first().unwrap_or_else(|| panic!("no capacity: {:?}", map.deployments))
    }

    /// Severity, confidence and arithmetic.
    fn told(map: &StateMap) -> Vec<String> {
        let of_rule = map.hazards.iter().filter(|hazard| hazard.rule == "rollout-doubles-connections");
        of_rule
            .map(|one| format!("{} {}: {}", one.severity.as_str(), one.confidence.as_str(), one.arithmetic.clone().unwrap_or_default()))
            .collect()
    }

    const DECLARED: &str =
        "[[declare]]\nkind = \"external-store\"\nname = \"shop database\"\nstore = \"Postgres\"\nmax_connections = 100\n";

    #[test]
    fn a_rollout_that_asks_for_too_many_is_told_with_its_arithmetic() {
        let map = shop(&[("k.yaml", &deployment("shop", 2, SURGE)), ("statemap.toml", DECLARED)]);
        assert_eq!(told(&map), ["high certain: during a rollout: 2 replicas + 1 surge = 3 pods × 50 connections = 150 > 100"]);
        let last = map.hazards[0].evidence.last().unwrap();
        assert_eq!(last.what, "`max_connections` of the server is 100, annotated");
        assert_eq!(last.at.as_ref().map(|at| (at.file.as_str(), at.line)), Some(("statemap.toml", 5)));
    }

    #[test]
    fn a_limit_that_is_not_reached_or_not_of_this_server_says_nothing() {
        let fits = DECLARED.replace("100", "150");
        assert!(told(&shop(&[("k.yaml", &deployment("shop", 2, SURGE)), ("statemap.toml", &fits)])).is_empty());
        let other = DECLARED.replace("Postgres", "mysql").replace("100", "10");
        let map = shop(&[("k.yaml", &deployment("shop", 1, SURGE)), ("statemap.toml", &other)]);
        assert!(told(&map).is_empty());
        // Two servers are declared, and nothing says which one is meant.
        let two = format!("{DECLARED}{}", DECLARED.replace("shop database", "archive"));
        assert!(told(&shop(&[("k.yaml", &deployment("shop", 2, SURGE)), ("statemap.toml", &two)])).is_empty());
        // Nobody runs it.
        assert!(shop(&[("statemap.toml", DECLARED)]).capacity.is_empty());
    }

    #[test]
    fn a_default_of_the_server_is_a_likely_hazard_only() {
        let map = shop(&[("k.yaml", &deployment("shop", 2, SURGE))]);
        assert_eq!(told(&map), ["medium likely: during a rollout: 2 replicas + 1 surge = 3 pods × 50 connections = 150 > 100"]);
        assert!(told(&shop(&[("k.yaml", &deployment("shop", 1, SURGE))])).is_empty(), "100 of 100 fit");
        let url = |host: &str| {
            let env = format!("          env:\n            - name: DATABASE_URL\n              value: postgres://app@{host}/shop\n");
            format!("{}{env}", deployment("shop", 2, SURGE))
        };
        // A managed server takes what its size allows.
        assert!(told(&shop(&[("k.yaml", &url("db.eu-west-1.rds.amazonaws.com"))])).is_empty());
        let compose = "services:\n  web:\n    image: shop:1\n  db:\n    image: postgres:18\n    command: -c max_connections=120\n";
        assert!(told(&shop(&[("k.yaml", &url("database.internal")), ("compose.yml", compose)])).is_empty(), "another server");
        let told_of_compose = told(&shop(&[("k.yaml", &url("db")), ("compose.yml", compose)]));
        assert_eq!(told_of_compose.len(), 1);
        assert!(told_of_compose[0].starts_with("high likely") && told_of_compose[0].ends_with("150 > 120"), "{told_of_compose:?}");
        let pooler = compose.replace("postgres:18", "edoburu/pgbouncer");
        assert!(told(&shop(&[("k.yaml", &deployment("shop", 2, SURGE)), ("compose.yml", &pooler)])).is_empty());
    }

    #[test]
    fn an_autoscaler_is_multiplied_before_and_during_a_rollout() {
        let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: shop\nspec:\n  scaleTargetRef:\n    \
            kind: Deployment\n    name: shop\n  minReplicas: 1\n  maxReplicas: 4\n";
        let manifest = format!("{}{scaler}", deployment("shop", 1, SURGE));
        let map = shop(&[("k.yaml", &manifest), ("statemap.toml", DECLARED)]);
        let sums = capacity(&map);
        assert_eq!((sums.at_rest, sums.during_rollout, sums.at_most, sums.at_most_during_rollout), (50, 100, Some(200), Some(250)));
        assert_eq!(told(&map), ["medium certain: scaled out: 4 replicas × 50 connections = 200 > 100"]);
    }

    #[test]
    fn neighbours_are_added_up_and_alternatives_are_not() {
        let both = format!("{}---\n{}", deployment("shop", 1, SURGE), deployment("admin", 1, SURGE));
        assert_eq!(capacity(&shop(&[("k8s/all.yaml", &both)])).during_rollout, 200);
        let (plain, chart) = (deployment("shop", 1, SURGE), deployment("shop-chart", 2, SURGE));
        let map = shop(&[("k8s/shop.yaml", &plain), ("other/shop.yaml", &chart)]);
        assert_eq!((capacity(&map).holders.len(), capacity(&map).during_rollout), (1, 150));
        // A compose file is for development where something else is deployed.
        let compose = "services:\n  web:\n    image: shop:1\n";
        assert_eq!(capacity(&shop(&[("k8s/shop.yaml", &plain), ("compose.yml", compose)])).during_rollout, 100);
    }
}
