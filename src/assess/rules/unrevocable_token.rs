//! Rule `unrevocable-token`: see `unrevocable_token.md`.

use crate::assess::ground::{entry, fact, place};
use crate::assess::rules::times;
use crate::assess::{Ground, Rule};
use crate::model::{Confidence, EntryKind, EntryPoint, Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "unrevocable-token",
    title: "tokens that stay good after they were revoked",
    several: "{} lists of revoked tokens are known to one replica only",
    needs: Some("the number of replicas"),
    symptom: "a user who was banned or has logged out still gets in, on every second request or until the token ends",
    remedy: "keep the list of revoked tokens where all replicas see it (Redis with the token's own expiry), or let access tokens live for minutes and check the refresh token in the database",
    sketch: Some(("rust", "redis.set_ex(format!(\"revoked:{}\", claims.jti), 1, claims.remaining_seconds()).await?;")),
    ends_when: "the list is kept outside of the process, the tokens live for 15 minutes at most, or one replica runs",
    symptoms: &["banned-user-gets-in", "stale-permissions"],
    docs: include_str!("unrevocable_token.md"),
    run,
};

/// Tokens that live no longer end by themselves soon enough.
const SHORT: u64 = 15 * 60;
/// Below this, it is worth knowing only.
const LONG: u64 = 60 * 60;
/// Names of lists of what is no longer accepted.
const LISTS: &[&str] = &["revoked", "revocation", "revocations", "blacklist", "blacklisted", "denylist", "denied", "invalidated"];
/// What makes one of those names a list of tokens.
const OF_TOKENS: &[&str] = &["token", "jwt", "jti", "session", "auth", "claims"];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for list in ground.of_kinds(&[Kind::SharedState, Kind::Static, Kind::Cache, Kind::Session]).filter(|item| is_list(item)) {
        let (Some(fleet), Some(token)) = (ground.replicated(list), token(ground, list)) else { continue };
        let Some(lives) = lifetime(token).filter(|seconds| *seconds > SHORT) else { continue };
        let severity = if lives > LONG { HazardSeverity::High } else { HazardSeverity::Low };
        let by = list.entry_points.iter().find(|one| revokes(one)).map(|one| format!(" by {}", entry(one))).unwrap_or_default();
        let message = format!(
            "a token revoked{by} is on the list of one replica, `{}`: each other of {} of {} accepts it until it ends, up to {} later",
            list.name,
            fleet.copies(),
            fleet.name(),
            times::told(lives),
        );
        let hazard = rule.about(list, severity, message).with(token).at_most(Confidence::Likely);
        let hazard = hazard.because(list.summary.clone(), place(list)).because(token.summary.clone(), place(token));
        out.push(hazard.run_by(fleet));
    }
}

fn revokes(one: &EntryPoint) -> bool {
    one.kind == EntryKind::Route && one.access == crate::model::Access::Write
}

/// A list of revoked tokens in the memory of the process.
fn is_list(item: &Item) -> bool {
    let path = item.id.as_str().split_once(':').map_or("", |(_, path)| path);
    let name = path.rsplit("::").next().unwrap_or_default().to_lowercase();
    let is_named = name.split(['_', '#']).any(|word| LISTS.contains(&word));
    let lower = path.to_lowercase();
    item.scope == Scope::Process && is_named && OF_TOKENS.iter().any(|word| lower.contains(word))
}

/// The signed token that the same part of the code issues: that of the same type or module, else the service's only one.
fn token<'a>(ground: &Ground<'a>, list: &Item) -> Option<&'a Item> {
    let signed =
        |item: &&Item| item.summary.starts_with("signed token") && item.services.iter().any(|service| list.services.contains(service));
    let all: Vec<&Item> = ground.of_kinds(&[Kind::ClientHeld]).filter(signed).collect();
    let of = |item: &Item| item.id.as_str().split_once(':').and_then(|(_, path)| path.rsplit_once("::")).map(|(owner, _)| owner.to_owned());
    let near = all.iter().find(|token| of(token).is_some() && of(token) == of(list)).copied();
    near.or_else(|| all.first().filter(|_| all.len() == 1).copied())
}

/// How long a token is good for, in seconds.
fn lifetime(token: &Item) -> Option<u64> {
    times::seconds(&fact(token, "valid_for")?.value.as_ref()?.to_string())
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const MAIN: &str = r#"
use axum::{Router, extract::State, routing::{get, post}};
use std::{collections::HashSet, sync::{Arc, RwLock}};

struct Tokens { key: jsonwebtoken::EncodingKey, revoked: RwLock<HashSet<u64>> }
#[derive(serde::Serialize)]
struct Claims { sub: u64, exp: i64 }

impl Tokens {
    fn issue(&self, sub: u64) -> String {
        let claims = Claims { sub, exp: (chrono::Utc::now() + chrono::Duration::hours(12)).timestamp() };
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &self.key).unwrap()
    }
}

#[tokio::main]
async fn main() {
    let tokens = Arc::new(Tokens { key: jsonwebtoken::EncodingKey::from_secret(b"k"), revoked: RwLock::default() });
    let app = Router::new().route("/login", post(login)).route("/logout", post(logout)).with_state(tokens);
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}

async fn login(State(tokens): State<Arc<Tokens>>) -> String { tokens.issue(1) }

async fn logout(State(tokens): State<Arc<Tokens>>) { tokens.revoked.write().unwrap().insert(1); }
"#;
    const CARGO: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\nchrono = \"0.4\"\njsonwebtoken = \"10\"\nserde = \"1\"\ntokio = \"1\"\n";

    fn tokens(main: &str, replicas: u32) -> Vec<String> {
        found("unrevocable-token", main, &[("Cargo.toml", CARGO), ("k/deploy.yaml", &deployment(replicas, "", ""))])
    }

    #[test]
    fn a_list_of_one_replica_revokes_nothing_in_the_others() {
        assert_eq!(
            tokens(MAIN, 2),
            [
                "high a token revoked by `POST /logout` is on the list of one replica, `Tokens.revoked`: each other of 2 replicas of `Deployment/shop` accepts it until it ends, up to 12 h later"
            ]
        );
        // Half an hour is worth knowing.
        assert!(tokens(&MAIN.replace("hours(12)", "minutes(30)"), 2)[0].starts_with("low "));
    }

    #[test]
    fn short_lives_one_replica_and_other_lists_are_silent() {
        assert!(tokens(MAIN, 1).is_empty());
        assert!(tokens(&MAIN.replace("hours(12)", "minutes(5)"), 2).is_empty());
        assert!(tokens(&MAIN.replace("revoked", "seen"), 2).is_empty());
    }
}
