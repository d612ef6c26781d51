//! Changes as people write them, and what they make of what is deployed.

use super::*;

fn deployed(kind: WorkloadKind) -> Deployed {
    let at = Place { file: "k.yaml".into(), line: 1, column: 1 };
    let mut workload = Workload::new("Deployment/shop-api", kind, at);
    workload.services = ["shop-api".into()].into();
    workload.replicas = Some(Said::default_of(Amount::Count(2)));
    Deployed { workloads: vec![workload], ..Deployed::default() }
}

fn services() -> Vec<Service> {
    let service = |name: &str| Service { name: name.into(), package: name.into(), target: "src/main.rs".into(), crates: Vec::new() };
    vec![service("shop-api"), service("shop-worker")]
}

fn mistake(result: Result<Change, Mistake>) -> String {
    let found = result.unwrap_err();
    format!("{}; {}", found.message, found.help)
}

#[test]
fn changes_are_read_as_they_are_written() {
    assert_eq!(Change::replicas("6").unwrap(), Change { of: None, key: Key::Replicas, amount: Amount::Count(6) });
    assert_eq!(Change::replicas("api=6").unwrap().of.as_deref(), Some("api"));
    let surge = Change::set("shop.api.surge=50%").unwrap();
    assert_eq!((surge.of.as_deref(), surge.key, &surge.amount), (Some("shop.api"), Key::Surge, &Amount::Percent(50)));
    assert_eq!(Change::set("api.max-replicas = 20").unwrap().key, Key::MaxReplicas);
}

#[test]
fn what_is_written_wrong_is_told_with_what_would_be_right() {
    assert_eq!(mistake(Change::replicas("many")), "`many` is no value of `replicas`; give it a number from 1 to 1000000");
    assert_eq!(mistake(Change::replicas("0")), "`0` is no value of `replicas`; give it a number from 1 to 1000000");
    assert_eq!(mistake(Change::replicas("50%")), "`50%` is no value of `replicas`; give it a number from 1 to 1000000");
    assert_eq!(mistake(Change::set("api.sruge=1")), "there is no key `sruge` to set; did you mean `surge`?");
    assert!(mistake(Change::set("api.colour=1")).contains("the keys are `replicas`, `surge`"));
    assert!(mistake(Change::set("surge=1")).starts_with("`surge=1` names no service"));
    assert!(mistake(Change::set("api.surge")).starts_with("`api.surge` gives no value"));
    assert_eq!(mistake(Change::set("api.surge=-1")), "`-1` is no value of `surge`; give it a number or a percentage: `1`, `50%`");
}

#[test]
fn names_are_those_of_services_workloads_and_their_ends() {
    let given = deployed(WorkloadKind::Replicated);
    for name in ["shop-api", "api", "Deployment/shop-api"] {
        let out = apply(&given, &services(), &[Change::replicas(&format!("{name}=6")).unwrap()]).unwrap();
        assert_eq!(out.workloads[0].replicas.as_ref().map(|said| said.value.clone()), Some(Amount::Count(6)), "{name}");
    }
    let unknown = apply(&given, &services(), &[Change::replicas("shop-apy=6").unwrap()]).unwrap_err();
    assert_eq!((unknown.message.as_str(), unknown.help.as_str()), ("there is no service `shop-apy`", "did you mean `shop-api`?"));
    let end = apply(&given, &services(), &[Change::replicas("wroker=6").unwrap()]).unwrap_err();
    assert_eq!(end.help, "did you mean `worker`?");
    let store = apply(&given, &services(), &[Change::set("shop-api.max_connections=9").unwrap()]).unwrap_err();
    assert!(store.help.contains("--set postgres.max_connections"), "{store:?}");
    let nothing = apply(&given, &services(), &[Change::set("shop-worker.surge=1").unwrap()]).unwrap_err();
    assert!(nothing.message.contains("no deployment file runs `shop-worker`") && nothing.help.contains("--replicas shop-worker=2"));
}

#[test]
fn what_nothing_runs_is_run_as_replicas() {
    let given = deployed(WorkloadKind::Compose);
    let changes = [Change::set("shop-worker.surge=1").unwrap(), Change::replicas("3").unwrap()];
    let out = apply(&given, &services(), &changes).unwrap();
    let owners: Vec<&str> = out.workloads.iter().map(|workload| workload.owner.as_str()).collect();
    assert_eq!(owners, ["Deployment/shop-api", "what-if/shop-api", "what-if/shop-worker"]);
    assert!(out.workloads[1..].iter().all(|one| one.kind == WorkloadKind::Replicated), "{out:?}");
    assert_eq!(out.workloads[2].rollout.as_ref().map(|rollout| rollout.max_surge.value.clone()), Some(Amount::Count(1)));
    assert_eq!(given.workloads.len(), 1, "what is deployed stays as it is");
}

#[test]
fn an_autoscaler_follows_the_replicas() {
    let mut given = deployed(WorkloadKind::Replicated);
    let said = |count| Said::default_of(Amount::Count(count));
    given.workloads[0].autoscaler = Some(Autoscaler { by: "hpa".into(), least: said(2), most: said(4) });
    let out = apply(&given, &services(), &[Change::replicas("6").unwrap()]).unwrap();
    let scaler = out.workloads[0].autoscaler.clone().unwrap();
    assert_eq!((scaler.least.value, scaler.most.value), (Amount::Count(6), Amount::Count(6)));
}
