//! Hazards: on the page, in the JSON, accepted by people, and as a reason for `check` to fail.

use crate::project::Project;

/// An upload that lies on the disk of one pod.
fn uploads() -> Project {
    let project = Project::shop(
        "use axum::{Router, routing::post};\n\nasync fn upload(body: String) {\n    tokio::fs::write(\"/var/uploads/next.jpg\", body).await.unwrap();\n}\n\n\
         #[tokio::main]\nasync fn main() {\n    let app = Router::new().route(\"/pictures\", post(upload));\n    \
         let listener = tokio::net::TcpListener::bind(\"0.0.0.0:8080\").await.unwrap();\n    axum::serve(listener, app).await.unwrap();\n}\n",
    );
    project.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\n",
    );
    project.write("deploy.yaml", DEPLOYMENT);
    project
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 3\n  selector:\n    matchLabels:\n      app: shop\n  \
    template:\n    metadata:\n      labels:\n        app: shop\n    spec:\n      containers:\n        - name: shop\n          image: example.com/shop:1\n          \
    readinessProbe:\n            httpGet:\n              path: /pictures\n              port: 8080\n";

const ID: &str = "fs-write:shop::upload#/var/uploads/next.jpg";

#[test]
fn a_hazard_is_told_with_its_evidence_and_its_remedy() {
    let project = uploads();
    let map = project.run(&["list", "--format", "json"]).ends(0).json();
    let hazards = map["hazards"].as_array().unwrap();
    let hazard = hazards.iter().find(|hazard| hazard["rule"] == "ephemeral-file").unwrap();
    assert_eq!((hazard["id"].as_str().unwrap(), hazard["severity"].as_str().unwrap()), (format!("ephemeral-file@{ID}").as_str(), "high"));
    let item = map["items"].as_array().unwrap().iter().find(|item| item["id"] == ID).unwrap().clone();
    assert!(item["hazards"].as_array().unwrap().contains(&"ephemeral-file".into()));
    let page = project.run(&["gen", "-o", "-"]).ends(0).out;
    assert!(page.contains("| [high](#hazard-ephemeral-file) |") && page.contains("<a id=\"hazard-ephemeral-file\"></a>"), "{page}");
    assert!(
        page.contains("3 replicas of `Deployment/shop`") && page.contains("deploy.yaml:6") && page.contains("persistentVolumeClaim"),
        "{page}"
    );
}

#[test]
fn a_mounted_volume_mends_it() {
    let project = uploads();
    let mount = "          volumeMounts:\n            - name: uploads\n              mountPath: /var/uploads\n      volumes:\n        - name: uploads\n          persistentVolumeClaim:\n            claimName: uploads\n";
    project.write("deploy.yaml", format!("{DEPLOYMENT}{mount}"));
    let map = project.run(&["list", "--format", "json"]).ends(0).json();
    assert!(!map["hazards"].to_string().contains("ephemeral-file"), "{}", map["hazards"]);
}

#[test]
fn check_fails_by_the_policy_until_somebody_accepts_it() {
    let project = uploads();
    let policy = "[policy]\nstale = \"allow\"\nfail_on = \"high\"\n";
    project.write("statemap.toml", "[policy]\nstale = \"allow\"\n");
    project.run(&["check"]).ends(0);
    project.write("statemap.toml", policy);
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("error[hazard]: high hazard `ephemeral-file`: ") && out.contains("acknowledge = [\"ephemeral-file\"]"), "{out}");
    let accepted = format!(
        "{policy}\n[[state]]\nid = \"{ID}\"\nacknowledge = [\"ephemeral-file\"]\nreason = \"made again on demand\"\ndate = 2026-10-01\n"
    );
    project.write("statemap.toml", &accepted);
    project.run(&["check"]).ends(0);
    let page = project.run(&["gen", "-o", "-"]).ends(0).out;
    assert!(page.contains("**high**, accepted: ") && page.contains("accepted: made again on demand (on 2026-10-01)"), "{page}");
    // After its last day the acknowledgement counts no more.
    project.write("statemap.toml", format!("{accepted}expires = 2026-10-02\n"));
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("error[hazard]"), "{out}");
}

#[test]
fn a_baseline_lets_todays_hazards_through() {
    let project = uploads();
    project.write("statemap.toml", "[policy]\nstale = \"allow\"\nfail_on = \"low\"\n");
    project.run(&["check", "--write-baseline"]).ends(0);
    assert!(project.read("statemap-baseline.txt").contains(&format!("\nephemeral-file@{ID}\n")));
    project.run(&["check", "--baseline", "statemap-baseline.txt"]).ends(0);
}

#[test]
fn an_acknowledgement_of_no_rule_names_the_nearest() {
    let project = uploads();
    let state = |rule: &str| {
        format!("[policy]\nstale = \"allow\"\n\n[[state]]\nid = \"{ID}\"\nacknowledge = [\"{rule}\"]\nreason = \"x\"\ndate = 2026-10-01\n")
    };
    project.write("statemap.toml", state("ephemeral-files"));
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("error[unknown-hazard]") && out.contains("did you mean `ephemeral-file`?"), "{out}");
    project.write("statemap.toml", state("unbounded-growth").replace("unbounded-growth", "client-without-timeout"));
    project.run(&["check"]).ends(0);
}

#[test]
fn without_deployment_files_the_map_says_once_what_is_not_judged() {
    let project = uploads();
    project.write("deploy.yaml", "# nothing is deployed\n");
    let map = project.run(&["list", "--format", "json"]).ends(0).json();
    assert_eq!(map["coverage"]["not_deployed"], serde_json::json!(["shop"]));
    assert!(!map["hazards"].to_string().contains("ephemeral-file"), "{}", map["hazards"]);
    let page = project.run(&["gen", "-o", "-"]).ends(0).out;
    let said: Vec<&str> = page.lines().filter(|line| line.contains("No deployment file says how")).collect();
    assert!(said.len() == 1 && said[0].contains("`ephemeral-file`") && said[0].contains("what is mounted where"), "{said:?}");
}

#[test]
fn what_if_tells_what_another_number_of_replicas_would_do() {
    let project = uploads();
    project.write("statemap.toml", "[policy]\nfail_on = \"high\"\n\n[[state]]\nid = \"fs-write:*\"\nacknowledge = [\"ephemeral-file\"]\nreason = \"made again\"\ndate = 2026-01-01\n");
    let before = project.run(&["list", "--format", "json"]).ends(0).out;
    let same = project.run(&["check", "--replicas", "3"]).ends(0);
    assert!(same.out.contains("no hazard appears, changes or goes away"), "{}", same.out);
    let more = project.run(&["check", "--replicas", "shop=7", "-q"]).ends(0);
    assert!(more.out.starts_with("what if: 7 replicas of shop\n"), "{}", more.out);
    assert!(!project.path("STATEMAP.md").exists(), "nothing is written");
    assert_eq!(project.run(&["list", "--format", "json"]).ends(0).out, before);
    // Without the acknowledgement the hazard fails the check, and it does so with the changes made.
    project.write("statemap.toml", "[policy]\nfail_on = \"high\"\n");
    let failed = project.run(&["check", "--replicas", "7"]).ends(1);
    assert!(failed.err.contains("by `[policy] fail_on`; nothing was written"), "{}", failed.err);
    let json = project.run(&["check", "--set", "shop.surge=100%", "--format", "json"]).ends(1).json();
    assert_eq!(json["what_if"][0], "surge 100% of shop");
    assert_eq!(json["verdicts"][0]["replicas"], 3);
}

#[test]
fn what_if_refuses_what_cannot_be() {
    let project = uploads();
    for (words, message, help) in [
        (["--replicas", "shpo=2"], "there is no service `shpo`", "did you mean `shop`?"),
        (["--replicas", "several"], "`several` is no value of `replicas`", "a number from 1"),
        (["--set", "shop.surg=1"], "there is no key `surg`", "did you mean `surge`?"),
        (["--set", "shop.max_connections=9"], "there is no store `shop`", "--set postgres.max_connections"),
    ] {
        let outcome = project.run(&["check", words[0], words[1]]).ends(2);
        assert!(outcome.err.contains(message) && outcome.err.contains(help), "{}", outcome.err);
    }
}
