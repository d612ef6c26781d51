//! Rule `leader-gap`: see `leader_gap.md`.

use super::job_runs_everywhere::job;
use crate::assess::ground::{fact, place};
use crate::assess::rules::times;
use crate::assess::{Ground, Rule};
use crate::model::{Class, Fact, Hazard, HazardSeverity, Item, Kind};

pub(super) const RULE: Rule = Rule {
    id: "leader-gap",
    title: "a lock that outlives its holder",
    several: "{} locks last longer than their job may be away",
    needs: None,
    symptom: "after a crash or a kill in the middle of a run, the job does not run for the rest of the lease, and nothing says so",
    remedy: "take the lease for less than one period and renew it while the job works; let go of it when the process is asked to stop",
    sketch: Some((
        "rust",
        "const LEASE: Duration = Duration::from_secs(60);\n// while the job works: renew every LEASE / 3, and stop when a renewal fails",
    )),
    ends_when: "the lease ends within one period of its job",
    symptoms: &["job-did-not-run", "expired-certificate"],
    docs: include_str!("leader_gap.md"),
    run,
};

/// What the facts of a lock are called that tell when it ends by itself.
const TERMS: &[&str] = &["expiry", "ttl", "lease_ttl", "duration"];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for task in ground.of_kinds(&[Kind::BackgroundTask]) {
        let Some((due, every)) = due(task) else { continue };
        for lease in locks_of(ground, task) {
            let Some(term) = fact(task, "lease").or_else(|| TERMS.iter().find_map(|key| fact(lease, key))) else { continue };
            let Some(lasts) = lasts(term).filter(|lasts| *lasts > every) else { continue };
            let hazard = too_long(rule, task, lasts, every);
            let hazard = hazard.with(lease).because(format!("every {}", times::told(every)), due.at.as_ref().or(place(task)));
            out.push(hazard.because(format!("a lease of {}: {}", times::told(lasts), lease.summary), term.at.as_ref().or(place(lease))));
        }
    }
}

/// How often a task is due.
pub(super) fn due(task: &Item) -> Option<(&Fact, u64)> {
    let text = |key: &str| fact(task, key).and_then(|fact| Some((fact, fact.value.as_ref()?.to_string())));
    let by_clock = text("schedule").and_then(|(fact, cron)| Some((fact, times::between_runs(&cron)?)));
    by_clock.or_else(|| text("period").and_then(|(fact, every)| Some((fact, times::seconds(&every)?)))).filter(|(_, every)| *every > 0)
}

/// The locks that a task takes; to bring the schema of a database up to date is no part of its work.
pub(super) fn locks_of<'g, 'a>(ground: &'g Ground<'a>, task: &'g Item) -> impl Iterator<Item = &'a Item> + 'g {
    let is_lock =
        |item: &&Item| item.kind == Kind::Lease && item.class == Class::Mutable && !item.summary.contains("migration") && !item.is_mark();
    ground.on_way(task).filter(is_lock)
}

fn lasts(term: &Fact) -> Option<u64> {
    times::seconds(&term.value.as_ref()?.to_string())
}

fn too_long(rule: &Rule, task: &Item, lasts: u64, every: u64) -> Hazard {
    let runs = lasts / every;
    let message = format!(
        "a leader that dies while it works keeps the lock of {} for up to {}, and the job is due every {}: {runs} runs in a row do not happen",
        job(task),
        times::told(lasts),
        times::told(every),
    );
    rule.about(task, HazardSeverity::Medium, message).adding_up(format!(
        "lease {} / every {} = {runs} runs",
        times::told(lasts),
        times::told(every)
    ))
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::found;

    const CARGO: &str =
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nredis = \"1\"\ntokio = \"1\"\n";
    const MAIN: &str = r#"
use std::time::Duration;

async fn renew(redis: redis::aio::ConnectionManager) {
    loop {
        tokio::time::sleep(Duration::from_secs(300)).await;
        take(&redis, Duration::from_secs(1800)).await;
    }
}

struct Lock { redis: redis::aio::ConnectionManager, lasts: Duration }

impl Lock {
    fn new(redis: redis::aio::ConnectionManager, lasts: Duration) -> Self { Self { redis, lasts } }

    async fn take(&self) {
        let options = redis::SetOptions::default()
            .conditional_set(redis::ExistenceCheck::NX)
            .with_expiration(redis::SetExpiry::PX(self.lasts.as_millis() as u64));
        redis::cmd("SET").arg("job").arg("me").arg(options).query_async::<()>(&mut self.redis.clone()).await.unwrap();
    }
}

async fn take(redis: &redis::aio::ConnectionManager, lasts: Duration) { Lock::new(redis.clone(), Duration::from_secs(1800)).take().await; }

#[tokio::main]
async fn main() {
    let redis = redis::Client::open("redis://redis").unwrap().get_connection_manager().await.unwrap();
    tokio::spawn(renew(redis)).await.unwrap();
}
"#;

    fn gaps(main: &str) -> Vec<String> {
        found("leader-gap", main, &[("Cargo.toml", CARGO)])
    }

    #[test]
    fn a_lease_of_several_periods_leaves_a_gap() {
        assert_eq!(
            gaps(MAIN),
            [
                "medium a leader that dies while it works keeps the lock of `renew` for up to 30 min, and the job is due every 5 min: 6 runs in a row do not happen"
            ]
        );
    }

    #[test]
    fn a_lease_within_the_period_or_of_unknown_length_is_silent() {
        assert!(gaps(&MAIN.replace("from_secs(300)", "from_secs(86_400)")).is_empty());
        assert!(gaps(&MAIN.replace("from_secs(1800)", "from_secs(120)")).is_empty());
        assert!(
            gaps(&MAIN.replace("Lock::new(redis.clone(), Duration::from_secs(1800))", "Lock::new(redis.clone(), ask().await)")).is_empty()
        );
    }
}
