//! Rule `job-runs-everywhere`: see `job_runs_everywhere.md`.

use std::collections::BTreeMap;

use super::leader_gap::{due, locks_of};
use crate::assess::ground::{fact, place};
use crate::assess::rules::times;
use crate::assess::{Fleet, Ground, Rule};
use crate::model::{Access, Class, Confidence, EntryKind, Fact, Hazard, HazardSeverity, Item, Kind, Place, Scope};

pub(super) const RULE: Rule = Rule {
    id: "job-runs-everywhere",
    title: "a job that every replica does",
    several: "{} jobs are done by every replica",
    needs: Some("the number of replicas"),
    symptom: "a job ran as often as there are replicas: rows twice, sums doubled, the database busy with the same work",
    remedy: "let one replica do it: a lease, an advisory lock, a claim with `FOR UPDATE SKIP LOCKED`, a consumer group; or move it to a CronJob",
    sketch: Some((
        "rust",
        "let leads: bool = sqlx::query_scalar(\"SELECT pg_try_advisory_xact_lock($1)\")\n    .bind(JOB)\n    .fetch_one(&mut *transaction)\n    .await?;\nif !leads {\n    return Ok(());\n}",
    )),
    ends_when: "a lock or a claim is on its way, or one replica runs",
    symptoms: &["job-ran-twice", "doubled-effects"],
    docs: include_str!("job_runs_everywhere.md"),
    run,
};

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    let mut harmless: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for task in ground.of_kinds(&[Kind::BackgroundTask]).filter(|task| task.scope == Scope::Process && !task.summary.contains("scheduler"))
    {
        let Some(fleet) = ground.replicated(task) else { continue };
        let Some((does, severity)) = worst(ground, task).filter(|_| !is_guarded(ground, task)) else { continue };
        let hazard = match (due(task), position(ground, task)) {
            (_, Some(position)) if severity > HazardSeverity::Low => read_by_all(rule, task, position, fleet, &does),
            (Some(_), _) if severity == HazardSeverity::Low => {
                harmless.entry(fleet.workload.owner.as_str()).or_default().push(task);
                continue;
            }
            (Some((due, every)), _) => {
                let hazard = done_by_all(rule, task, fleet, every, &does, severity);
                hazard.because(format!("every {}", times::told(every)), due.at.as_ref().or(place(task)))
            }
            _ => continue,
        };
        let hazard = hazard.because(does.what.clone(), does.at.as_ref());
        out.push(hazard.run_by(fleet));
    }
    out.extend(harmless.into_values().filter_map(|tasks| done_without_harm(rule, ground, &tasks)));
}

/// What a task does to others.
struct Does {
    what: String,
    at: Option<Place>,
}

/// What it does that is worst to do twice.
fn worst(ground: &Ground<'_>, task: &Item) -> Option<(Does, HazardSeverity)> {
    let severity = |told: &str| match told {
        told if told.starts_with("adds up") => Some(HazardSeverity::High),
        told if told.starts_with("inserts into") => Some(HazardSeverity::Medium),
        // Once done, it changes nothing to do it again.
        told if told.starts_with("inserts once") => None,
        _ => Some(HazardSeverity::Low),
    };
    let changes = task.facts.iter().filter(|fact| fact.key == "changes");
    let changes = changes.filter_map(|fact| Some((Does { what: with_table(&text(fact)), at: fact.at.clone() }, severity(&text(fact))?)));
    let sends = |item: &&Item| matches!(item.kind, Kind::Pool | Kind::SdkClient) && item.class == Class::Mutable;
    let mails = ground.on_way(task).find(|item| sends(item) && item.summary.contains("SMTP"));
    let mails = mails.map(|mailer| (Does { what: "sends mail".to_owned(), at: place(mailer).cloned() }, HazardSeverity::Medium));
    mails.into_iter().chain(changes).reduce(|worst, one| if one.1 > worst.1 { one } else { worst })
}

/// `adds up in sales` with its table as code.
fn with_table(change: &str) -> String {
    change.rsplit_once(' ').map_or_else(|| change.to_owned(), |(does, table)| format!("{does} `{table}`"))
}

/// Something on its way lets one of several do it: a lock, a claim, a function that is called so.
fn is_guarded(ground: &Ground<'_>, task: &Item) -> bool {
    fact(task, "perhaps_held_by").is_some() || locks_of(ground, task).next().is_some()
}

fn text(fact: &Fact) -> String {
    fact.value.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Each replica does the job when it is due.
fn done_by_all(rule: &Rule, task: &Item, fleet: &Fleet<'_>, every: u64, does: &Does, severity: HazardSeverity) -> Hazard {
    let message = format!(
        "{} runs in each of {} of {} every {}, and nothing lets one of them do it: it {}",
        job(task),
        fleet.copies(),
        fleet.name(),
        times::told(every),
        does.what,
    );
    // What is written and what is reached may be another thing on the same way.
    rule.about(task, severity, message).at_most(Confidence::Likely).adding_up(format!("{} runs where one is meant", most(fleet)))
}

/// What may be done twice is told once for all jobs of a workload.
fn done_without_harm(rule: &Rule, ground: &Ground<'_>, tasks: &[&Item]) -> Option<Hazard> {
    let (task, others) = tasks.split_first()?;
    let fleet = ground.replicated(task)?;
    let (does, _) = worst(ground, task)?;
    let (_, every) = due(task)?;
    let who = match others.len() {
        0 => format!("{} runs", job(task)),
        1 => format!("{} and another job run", job(task)),
        more => format!("{} and {more} other jobs run", job(task)),
    };
    let message = format!(
        "{who} in each of {} of {}, which does no harm but to the database: every {} the first one {}",
        fleet.copies(),
        fleet.name(),
        times::told(every),
        does.what,
    );
    let message = if others.is_empty() { message.replacen("the first one", "it", 1) } else { message };
    let mut hazard = rule.about(task, HazardSeverity::Low, message).adding_up(format!("{} runs where one is meant", most(fleet)));
    for (does, at) in tasks.iter().filter_map(|task| Some((worst(ground, task)?.0, task))) {
        hazard = hazard.because(format!("{} {}", job(at), does.what), does.at.as_ref()).with(at);
    }
    Some(hazard.run_by(fleet))
}

fn most(fleet: &Fleet<'_>) -> u32 {
    fleet.replicas.max(fleet.at_most.unwrap_or(0))
}

/// How a job is called: several of one function are told apart by their schedules.
pub(super) fn job(task: &Item) -> String {
    match fact(task, "schedule") {
        Some(schedule) if !text(schedule).is_empty() => format!("the job `{}` of `{}`", text(schedule), task.name),
        _ => format!("`{}`", task.name),
    }
}

/// Each replica reads all there is, since the position up to which it has read is its own.
fn read_by_all(rule: &Rule, task: &Item, (position, field): (&Item, String), fleet: &Fleet<'_>, does: &Does) -> Hazard {
    let message = format!(
        "each of {} of {} reads everything, from a position of its own (`{}`): {} {} once in each",
        fleet.copies(),
        fleet.name(),
        if position.name.ends_with(&field) { position.name.to_string() } else { format!("{}.{field}", position.name) },
        job(task),
        does.what,
    );
    let hazard = rule.about(task, HazardSeverity::High, message).with(position).at_most(Confidence::Likely);
    hazard
        .because(position.summary.clone(), place(position))
        .seen_as("sums and rows are doubled: each replica counts what the others have counted")
}

/// A position in a stream that the loop of the task keeps for itself: no group shares the work.
fn position<'a>(ground: &Ground<'a>, task: &Item) -> Option<(&'a Item, String)> {
    const WORDS: &[&str] = &["offset", "cursor", "sequence", "checkpoint"];
    let kept = |item: &&Item| {
        item.entry_points.iter().any(|one| one.kind == EntryKind::Task && one.access == Access::Write && one.name == task.id.as_str())
    };
    let is_shared = |item: &&Item| item.kind == Kind::SharedState && item.class == Class::Mutable;
    ground.on_way(task).filter(is_shared).filter(kept).find_map(|item| {
        let fields = text(fact(item, "fields")?);
        let field = fields.split(", ").find(|field| field.split('_').any(|word| WORDS.contains(&word)))?;
        Some((item, field.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const MAIN: &str = r#"
use std::time::Duration;

async fn nightly(db: sqlx::PgPool) {
    loop {
        tokio::time::sleep(Duration::from_secs(600)).await;
        work(&db).await;
    }
}

async fn work(db: &sqlx::PgPool) {
    sqlx::query("INSERT INTO reminders (day) VALUES (now())").execute(db).await.unwrap();
}

#[tokio::main]
async fn main() {
    let db = sqlx::PgPool::connect("postgres://db/shop").await.unwrap();
    tokio::spawn(nightly(db)).await.unwrap();
}
"#;

    fn jobs(main: &str, replicas: u32) -> Vec<String> {
        found("job-runs-everywhere", main, &[("k/deploy.yaml", &deployment(replicas, "", ""))])
    }

    fn with(statement: &str) -> String {
        MAIN.replace("INSERT INTO reminders (day) VALUES (now())", statement)
    }

    #[test]
    fn what_every_replica_does_is_as_bad_as_what_it_changes() {
        assert_eq!(
            jobs(MAIN, 2),
            [
                "medium `nightly` runs in each of 2 replicas of `Deployment/shop` every 10 min, and nothing lets one of them do it: it inserts into `reminders`"
            ]
        );
        assert!(jobs(&with("UPDATE sales SET n = n + 1"), 2)[0].starts_with("high "));
        assert!(jobs(&with("REFRESH MATERIALIZED VIEW bestsellers"), 2)[0].starts_with("low "));
    }

    #[test]
    fn locks_claims_one_replica_and_what_changes_nothing_are_silent() {
        assert!(jobs(MAIN, 1).is_empty());
        assert!(jobs(&with("SELECT 1"), 2).is_empty());
        assert!(jobs(&with("INSERT INTO reminders (day) VALUES (now()) ON CONFLICT DO NOTHING"), 2).is_empty());
        let locked = MAIN.replace(
            "    sqlx::query(",
            "    sqlx::query(\"SELECT pg_try_advisory_lock(7)\").execute(db).await.unwrap();\n    sqlx::query(",
        );
        assert!(jobs(&locked, 2).is_empty());
        let asked = MAIN.replace("work(&db).await", "if !claim_work().await { continue; } work(&db).await");
        assert!(jobs(&format!("{asked}\nasync fn claim_work() -> bool {{ std::fs::exists(\"mine\").unwrap() }}\n"), 2).is_empty());
        // A name alone keeps no replica from it.
        let named = MAIN.replace("work(&db).await", "claim_work(&db).await").replace("async fn work(", "async fn claim_work(");
        assert_eq!(jobs(&named, 2).len(), 1);
        let claimed = MAIN.replace(
            "    sqlx::query(",
            "    sqlx::query(\"SELECT id FROM jobs FOR UPDATE SKIP LOCKED\").execute(db).await.unwrap();\n    sqlx::query(",
        );
        assert!(jobs(&claimed, 2).is_empty());
    }
}
