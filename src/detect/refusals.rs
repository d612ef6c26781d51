//! What limiters, pools and maps with a limit answer where they are full, and how long is waited before: facts `refused_with`,
//! `wait_at_most` and `most_for_each_key`.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use super::entries::Entries;
use super::finding::Finding;
use crate::model::{EntryKind, Fact, FactValue, Kind, Provenance};
use crate::resolve::{Answered, At, DefId, Refusal, Refused, Type, Value};

/// The key of the limit of an entry.
const MOST: &str = "most_for_each_key";

/// Statuses by who says no, with where that is answered.
type Statuses<K> = FxHashMap<K, Vec<(u16, At)>>;

/// Tells it at what is asked.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let (mut of_own, mut of_held): (Statuses<DefId>, Statuses<At>) = Default::default();
    let (mut waits, mut limits): (FxHashMap<At, &Value>, FxHashMap<At, &Value>) = Default::default();
    let variants = variants(cx);
    for body in cx.bodies() {
        for refusal in &body.refusals {
            let Some(status) = status(&variants, refusal) else { continue };
            let answer = (status, refusal.at);
            match refusal.by {
                Refused::Unset(_) => {}
                Refused::Own(func) => of_own.entry(func).or_default().push(answer),
                Refused::Held(place) => {
                    [Some(place.at), place.whole].into_iter().flatten().for_each(|at| of_held.entry(at).or_default().push(answer));
                }
            }
        }
        for wait in &body.waits {
            waits.extend([Some(wait.held.at), wait.held.whole].into_iter().flatten().map(|at| (at, &wait.value)));
        }
        limits.extend(body.entry_limits.iter().map(|limit| (limit.held, &limit.value)));
    }
    for finding in findings.iter_mut() {
        let is_asked = matches!(finding.kind, Kind::Limiter | Kind::Pool);
        let holds = matches!(finding.kind, Kind::SharedState | Kind::Static | Kind::Session | Kind::Cache);
        if !is_asked && !holds {
            continue;
        }
        let mut told: Vec<Fact> = Vec::new();
        let mut functions: Vec<DefId> = Vec::new();
        for (at, func, _) in &finding.uses {
            if let Some(value) = limits.get(at).filter(|_| holds) {
                told.push(cx.fact(MOST, None, value));
                functions.push(*func);
            }
            if !is_asked {
                continue;
            }
            told.extend(waits.get(at).map(|value| cx.fact("wait_at_most", None, value)));
            told.extend(of_held.get(at).into_iter().flatten().map(|(status, at)| refused(cx, *status, *at, None)));
            functions.push(*func);
        }
        functions.sort_unstable();
        functions.dedup();
        for func in functions {
            let says = how(cx, func);
            told.extend(
                of_own.get(&func).into_iter().flatten().filter_map(|(status, at)| Some(refused(cx, *status, *at, Some(says.as_ref()?)))),
            );
        }
        told.into_iter().for_each(|fact| finding.learn(fact));
    }
}

/// Enums whose variants become the status that they are called like.
fn variants(cx: &Cx<'_>) -> FxHashSet<(DefId, u16)> {
    cx.bodies().flat_map(|body| body.statuses.iter().copied()).collect()
}

fn status(variants: &FxHashSet<(DefId, u16)>, refusal: &Refusal) -> Option<u16> {
    match refusal.status {
        Answered::Status(status) => Some(status),
        Answered::Variant(of, status) => variants.contains(&(of, status)).then_some(status),
    }
}

/// Tells at variables what requests are answered with where they are not set: fact `without_it`.
pub fn tell_unset(cx: &Cx<'_>, entries: &Entries, findings: &mut [Finding]) {
    let mut told: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    let variants = variants(cx);
    for body in cx.bodies() {
        for refusal in &body.refusals {
            let (Refused::Unset(value), Some(status)) = (&refusal.by, status(&variants, refusal)) else { continue };
            let settled = cx.flow.settle(cx.world, value);
            let (Some(name), Provenance::Env, None) = (settled.from, settled.provenance, settled.value) else { continue };
            let top = cx.world.program.def(body.def).in_fn.unwrap_or(body.def);
            let routes: Vec<SmolStr> = entries
                .leading_to(std::iter::once(top))
                .into_iter()
                .filter(|(kind, _)| *kind == EntryKind::Route)
                .map(|(_, name)| name)
                .collect();
            let (Some(first), more) = (routes.first(), routes.len().saturating_sub(1)) else { continue };
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let fact = Fact { at: Some(cx.place(refusal.at)), ..Cx::plain_fact("without_it", format!("{first}{more} answers {status}")) };
            told.entry(name).or_default().push(fact);
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.kind == Kind::StartupConfig) {
        let env = finding.facts.iter().find(|fact| fact.key == "env").and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
        for fact in env.and_then(|env| told.get(&env).cloned()).into_iter().flatten() {
            finding.learn(fact);
        }
    }
}

fn refused(cx: &Cx<'_>, status: u16, at: At, says: Option<&String>) -> Fact {
    let text = match says {
        Some(says) => format!("{status} where {says}"),
        None => status.to_string(),
    };
    Fact { at: Some(cx.place(at)), value: Some(FactValue::Text(text)), ..Cx::plain_fact("refused_with", "") }
}

/// `Pool::get fails`, `Limits::reserve says no`; nothing for what gives no such answer.
fn how(cx: &Cx<'_>, func: DefId) -> Option<String> {
    let name: SmolStr = cx.work_name(func);
    match cx.world.signatures.value(func) {
        Type::Foreign(path, _) if path == "bool" => Some(format!("{name} says no")),
        Type::Foreign(path, _) if path.ends_with("::Result") || path.ends_with("::Option") => Some(format!("{name} fails")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::items;

    fn told(code: &str) -> Vec<String> {
        let found = items(&["tokio", "http", "dashmap", "axum"], code);
        let facts = found.iter().flat_map(|item| item.facts.iter().map(move |fact| (item, fact)));
        let keys = ["refused_with", "wait_at_most", "most_for_each_key"];
        let told = facts.filter(|(_, fact)| keys.contains(&fact.key.as_str()));
        told.map(|(item, fact)| format!("{} {} {}", item.name, fact.key, fact.value.as_ref().map_or("?".into(), ToString::to_string)))
            .collect()
    }

    const GATE: &str = "use http::StatusCode;\nstruct Gate { permits: std::sync::Arc<tokio::sync::Semaphore> }\n\
        fn main() { let gate = Gate { permits: std::sync::Arc::new(tokio::sync::Semaphore::new(5)) }; drop(handler(std::sync::Arc::new(gate))) }\n";

    #[test]
    fn a_semaphore_says_what_is_answered_and_how_long_is_waited() {
        let of = |wait: &str, answer: &str| {
            told(&format!(
                "{GATE}impl Gate {{ async fn enter(&self) -> Result<(), ()> {{ {wait} }} }}\n\
                 async fn handler(gate: std::sync::Arc<Gate>) -> Result<(), StatusCode> {{ {answer} }}\n"
            ))
        };
        let wait = "match tokio::time::timeout(std::time::Duration::from_secs(30), self.permits.clone().acquire_owned()).await { Ok(_) => Ok(()), Err(_) => Err(()) }";
        let full = ["Gate.permits wait_at_most 30s", "Gate.permits refused_with 503 where Gate::enter fails"];
        assert_eq!(of(wait, "gate.enter().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)"), full);
        assert_eq!(of(wait, "match gate.enter().await { Ok(()) => Ok(()), _ => Err(StatusCode::SERVICE_UNAVAILABLE) }"), full);
        assert_eq!(of(wait, "let Ok(()) = gate.enter().await else { return Err(StatusCode::SERVICE_UNAVAILABLE) }; Ok(())"), full);
        // An answer to something else, and one for where it goes well.
        let only = &full[..1];
        assert_eq!(
            of(wait, "gate.enter().await.ok(); if std::env::args().count() > 2 { return Err(StatusCode::SERVICE_UNAVAILABLE) } Ok(())"),
            only
        );
        assert_eq!(of(wait, "if gate.enter().await.is_ok() { return Err(StatusCode::SERVICE_UNAVAILABLE) } Ok(())"), only);
        assert_eq!(of("self.permits.acquire().await.map(drop).map_err(drop)", "gate.enter().await.ok(); Ok(())"), [""; 0]);
    }

    #[test]
    fn a_permit_that_is_tried_for_is_answered_at_once() {
        let of =
            |answer: &str| told(&format!("{GATE}async fn handler(gate: std::sync::Arc<Gate>) -> Result<(), StatusCode> {{ {answer} }}\n"));
        let tried = "let Ok(_permit) = gate.permits.try_acquire() else { return Err(StatusCode::TOO_MANY_REQUESTS) }; Ok(())";
        assert_eq!(of(tried), ["Gate.permits refused_with 429"]);
        assert_eq!(of("let _permit = gate.permits.try_acquire(); Ok(())"), [""; 0]);
    }

    #[test]
    fn an_entry_of_a_map_has_a_limit() {
        let of = |check: &str| {
            told(&format!(
                "use http::StatusCode;\nconst MOST: u32 = 25;\nstruct Open {{ by_ip: dashmap::DashMap<String, u32> }}\n#[derive(Clone)] struct App {{ open: std::sync::Arc<Open> }}\n\
                 impl Open {{ fn reserve(&self, ip: String) -> bool {{ let mut count = self.by_ip.entry(ip).or_insert(0); {check} *count += 1; true }} }}\n\
                 async fn handler(axum::extract::State(app): axum::extract::State<App>) -> Result<(), StatusCode> {{ if !app.open.reserve(\"a\".to_owned()) {{ return Err(StatusCode::TOO_MANY_REQUESTS) }} Ok(()) }}\n\
                 fn main() {{ let app = App {{ open: std::sync::Arc::new(Open {{ by_ip: dashmap::DashMap::new() }}) }}; drop(axum::Router::<App>::new().route(\"/\", axum::routing::get(handler)).with_state::<()>(app)) }}\n"
            ))
        };
        let full = ["Open.by_ip most_for_each_key 25", "Open.by_ip refused_with 429 where Open::reserve says no"];
        assert_eq!(of("if *count >= MOST { return false }"), full);
        // Over the limit before this one is counted, or nothing is refused.
        assert_eq!(of("if *count > MOST { return false }"), [""; 0]);
        assert_eq!(of("if *count >= MOST { println!() }"), [""; 0]);
        assert_eq!(of("if std::env::args().count() >= 25 { return false }"), [""; 0]);
    }

    #[test]
    fn a_variable_says_what_requests_meet_without_it() {
        let of = |answer: &str, arm: &str| {
            let text = format!(
                "use http::StatusCode;\nenum AppError {{ Unauthorized(String), Other }}\n\
                 impl axum::response::IntoResponse for AppError {{ fn into_response(self) -> axum::response::Response {{ match self {{ {arm} AppError::Other => (StatusCode::BAD_GATEWAY, \"\").into_response() }} }} }}\n\
                 #[derive(Clone)] struct Config {{ token: Option<String> }}\n\
                 async fn rebuild(axum::extract::State(config): axum::extract::State<Config>) -> Result<(), AppError> {{ {answer} }}\n\
                 fn main() {{ let config = Config {{ token: std::env::var(\"SHOP_TOKEN\").ok() }};\n\
                 drop(axum::Router::<Config>::new().route(\"/rebuild\", axum::routing::post(rebuild)).with_state::<()>(config)) }}\n"
            );
            let found = items(&["http", "axum"], &text);
            let facts = found.iter().flat_map(|item| item.facts.iter().map(move |fact| (item, fact)));
            let told = facts.filter(|(_, fact)| fact.key == "without_it");
            told.map(|(item, fact)| format!("{} {}", item.name, fact.value.as_ref().unwrap())).collect::<Vec<_>>()
        };
        let asks = "let _token = config.token.as_ref().ok_or(AppError::Unauthorized(String::new()))?; Ok(())";
        let arm = "AppError::Unauthorized(_) => (StatusCode::UNAUTHORIZED, \"\").into_response(),";
        assert_eq!(of(asks, arm), ["SHOP_TOKEN POST /rebuild answers 401"]);
        // What the variant becomes is not known, or something else is asked for.
        assert_eq!(of(asks, "AppError::Unauthorized(_) => (StatusCode::BAD_GATEWAY, \"\").into_response(),"), [""; 0]);
        let other = "let _ = config.token; std::env::args().nth(1).ok_or(AppError::Unauthorized(String::new()))?; Ok(())";
        assert_eq!(of(other, arm), [""; 0]);
    }
}
