//! Maps written by hand for the tests of this stage: a small real service, two services, and a hostile tree.

use smol_str::SmolStr;

use crate::history::{FactStep, History, Risk, Step, Told};
use crate::model::{
    About, Access, Annotation, Class, Confidence, Coverage, Diagnostic, Evidence, Fact, FactValue, Hazard, HazardSeverity, Item, ItemId,
    Kind, Place, Provenance, Role, SCHEMA, Scope, Service, Severity, Site, Sketch, StateMap, ToolInfo, Use,
};

fn place(at: &str) -> Place {
    let (file, line) = at.rsplit_once(':').unwrap();
    Place { file: file.into(), line: line.parse().unwrap(), column: 5 }
}

pub(super) fn item(id: &str, name: &str, summary: &str) -> Item {
    let kind: Kind = id.split(':').next().unwrap().parse().unwrap();
    Item { services: vec!["newsletter".into()], ..Item::new(ItemId(id.into()), kind, name.into(), summary.to_owned()) }
}

fn site(mut item: Item, role: Role, at: &str, function: Option<&str>) -> Item {
    item.sites.push(Site { place: place(at), role, function: function.map(SmolStr::new) });
    item
}

pub(super) fn made(item: Item, at: &str, function: &str) -> Item {
    site(item, Role::Constructed, at, Some(function))
}

fn used(mut item: Item, uses: &[(&str, &str, Access)]) -> Item {
    for (at, function, access) in uses {
        let place = place(at);
        item.uses.push(Use { file: place.file, line: place.line, function: (*function).into(), access: *access });
    }
    item
}

fn fact(key: &str, value: impl Into<FactValue>, unit: Option<&str>, provenance: Provenance, at: Option<&str>) -> Fact {
    Fact {
        key: key.into(),
        value: Some(value.into()),
        unit: unit.map(SmolStr::new),
        provenance,
        at: at.map(place),
        from: None,
        set: Vec::new(),
    }
}

impl From<i64> for FactValue {
    fn from(number: i64) -> Self {
        FactValue::Int(number)
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        FactValue::Text(text.to_owned())
    }
}

fn env(name: &str, summary: &str, default: Option<&str>, at: &str) -> Item {
    let mut item = made(item(&format!("startup-config:newsletter::main#{name}"), name, summary), at, "newsletter::main");
    item.facts.push(fact("env", name, None, Provenance::Code, None));
    if let Some(default) = default {
        item.facts.push(fact("default", default, None, Provenance::Code, None));
    }
    item
}

fn pool(function: &str, name: &str, at: &str) -> Item {
    let id = format!("pool:newsletter::{function}#sqlx::PgPoolOptions");
    let mut pool = made(item(&id, name, "sqlx Postgres pool, at most 10 connections"), at, &format!("newsletter::{function}"));
    pool.facts = vec![
        fact("max_connections", 10, Some("connections"), Provenance::Default, None),
        fact("min_connections", 0, Some("connections"), Provenance::Default, None),
        fact("acquire_timeout", "30s", Some("duration"), Provenance::Default, None),
        fact("idle_timeout", "10min", Some("duration"), Provenance::Default, None),
    ];
    pool.backs_on = Some("external-store:postgres".into());
    pool.lost = Some("open connections; transactions in flight roll back".into());
    pool.hides = Some("Idle connections, each with its prepared statements.".into());
    pool
}

/// The newsletter service of the labelled corpus, as the pipeline might see it.
pub(super) fn newsletter() -> StateMap {
    let api = used(
        pool("startup::get_connection_pool", "get_connection_pool", "src/startup.rs:62"),
        &[
            ("src/routes/subscriptions.rs:40", "newsletter::routes::subscriptions::subscribe", Access::Read),
            ("src/routes/login/post.rs:22", "newsletter::routes::login::post::login", Access::Read),
            ("src/routes/admin/password/post.rs:20", "newsletter::routes::admin::password::post::change_password", Access::Read),
            ("src/routes/admin/newsletters/post.rs:30", "newsletter::routes::admin::newsletters::post::publish_newsletter", Access::Read),
            ("src/routes/subscriptions_confirm.rs:14", "newsletter::routes::subscriptions_confirm::confirm", Access::Read),
            ("src/routes/admin/dashboard.rs:16", "newsletter::routes::admin::dashboard::admin_dashboard", Access::Read),
            ("src/authentication/password.rs:33", "newsletter::authentication::password::validate_credentials", Access::Read),
        ],
    );
    let api = Item {
        doc: Some(
            "Opens the pool.\n\n# Lazily\n\nA wrong database shows at the first query, see [`Settings`] and [the plan](../docs/pool.md)."
                .into(),
        ),
        ..api
    };
    let worker = pool("issue_delivery_worker::run_worker_until_stopped", "run_worker_until_stopped", "src/issue_delivery_worker.rs:9");
    let mut task = made(
        item(
            "background-task:newsletter::main#worker_loop",
            "worker_loop",
            "endless loop that delivers newsletter issues, in every replica",
        ),
        "src/main.rs:16",
        "newsletter::main",
    );
    task.facts = vec![
        fact("interval", "10s", Some("duration"), Provenance::Code, Some("src/issue_delivery_worker.rs:18")),
        Fact {
            key: "batch".into(),
            value: None,
            unit: None,
            provenance: Provenance::Settings,
            at: Some(place("src/issue_delivery_worker.rs:30")),
            from: Some("settings.delivery.batch".into()),
            set: Vec::new(),
        },
    ];
    task.annotation = Some(Annotation {
        owner: Some("growth".into()),
        on_loss: Some("the mail in delivery is sent twice".into()),
        rebuild: Some("the claim is released, the next worker takes it".into()),
        runbook: Some("https://wiki.example.com/runbooks/delivery?tab=1#stuck".into()),
        contains: vec!["pii".into()],
        places: vec![place("statemap.toml:4")],
        ..Annotation::default()
    });
    let session = made(
        item(
            "session:newsletter::startup::run#RedisSessionStore",
            "RedisSessionStore",
            "login sessions in Redis, found through an encrypted cookie",
        ),
        "src/startup.rs:81",
        "newsletter::startup::run",
    );
    let mut session = site(session, Role::Written, "src/startup.rs:85", Some("newsletter::startup::run"));
    session.scope = Scope::Client;
    session.backs_on = Some("external-store:redis".into());
    session.facts =
        vec![fact("ttl", "1day", Some("duration"), Provenance::Default, None), fact("secure", "true", None, Provenance::Default, None)];
    session.lost = Some("Nothing: the sessions are in Redis.".into());
    let mut client = made(
        item(
            "sdk-client:newsletter::email_client::EmailClient::new#reqwest::Client",
            "EmailClient",
            "reqwest HTTP client, timeout from the settings",
        ),
        "src/email_client.rs:20",
        "newsletter::email_client::EmailClient::new",
    );
    client.facts = vec![Fact {
        from: Some("email_client.timeout_milliseconds".into()),
        ..fact("timeout", 10_000, Some("milliseconds"), Provenance::Settings, Some("configuration/base.yaml:16"))
    }];
    client.hides = Some("idle connections and resolved addresses".into());
    client.confidence = Confidence::Likely;
    let mut queue = made(
        item("queue:newsletter::outbox::new#tokio::sync::mpsc::channel", "outbox", "tokio channel of mails to send, at most 100 messages"),
        "src/outbox.rs:8",
        "newsletter::outbox::new",
    );
    queue.facts = vec![Fact {
        from: Some("OUTBOX_SIZE".into()),
        ..fact("capacity", 100, Some("messages"), Provenance::Code, Some("src/outbox.rs:3"))
    }];
    queue.ty = Some("Sender<Mail>".into());
    queue.cfg = Some("only with feature `outbox`".into());
    queue.lost = Some("mails that wait to be sent".into());
    let mut report = site(
        item("fs-write:newsletter::report::write#/tmp/report-{}.csv", "/tmp/report-{}.csv", "report written and read later"),
        Role::Written,
        "src/report.rs:12",
        Some("newsletter::report::write"),
    );
    report.facts = vec![
        fact("path", "/tmp/report-{}.csv", None, Provenance::Code, Some("src/report.rs:12")),
        fact("op", "create", None, Provenance::Code, None),
    ];
    report.lost = Some("reports that nobody has fetched yet".into());
    let counter = |name: &str, line: u32| {
        let mut item = site(
            item(&format!("static:newsletter::metrics::{name}"), name, "atomic counter, starts at 0 in every replica"),
            Role::Declared,
            &format!("src/metrics.rs:{line}"),
            None,
        );
        item.ty = Some("AtomicU64".into());
        item
    };
    let regex = Item {
        class: Class::Constant,
        ..site(item("static:newsletter::domain::EMAIL", "EMAIL", "compiled regular expression"), Role::Declared, "src/domain.rs:3", None)
    };
    let mut tracing = made(
        item("telemetry:newsletter::telemetry::init#set_global_default", "set_global_default", "tracing subscriber of the process"),
        "src/telemetry.rs:37",
        "newsletter::telemetry::init",
    );
    tracing.facts = Vec::new();
    let user = site(
        Item { ty: Some("RefCell<Option<User>>".into()), ..item("thread-local:newsletter::auth::CURRENT", "CURRENT", "the current user") },
        Role::Declared,
        "src/auth.rs:5",
        None,
    );
    let user = used(
        user,
        &[("src/auth.rs:20", "newsletter::auth::login", Access::Write), ("src/auth.rs:31", "newsletter::auth::current", Access::Read)],
    );
    let mut items = vec![
        api,
        worker,
        task,
        session,
        client,
        queue,
        report,
        counter("DELIVERED", 4),
        counter("FAILED", 6),
        regex,
        tracing,
        user,
        env("APP_ENVIRONMENT", "which settings file is read", Some("local"), "src/configuration.rs:40"),
        env("RUST_LOG", "log filter", None, "src/telemetry.rs:24"),
    ];
    items.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    StateMap {
        schema: SCHEMA,
        tool: ToolInfo { name: "statemap".into(), version: "0.0.0".into() },
        revision: None,
        repository: None,
        about: About::default(),
        services: vec![service("newsletter", "src/main.rs", &["newsletter"])],
        items,
        deployments: Vec::new(),
        capacity: Vec::new(),
        verdicts: Vec::new(),
        environments: Vec::new(),
        lifecycles: Vec::new(),
        hazards: Vec::new(),
        diagnostics: vec![
            Diagnostic::new(Severity::Warning, "unparsed-file", "failed to parse: expected `;`").in_file("src/broken.rs").at_line(7),
            Diagnostic::new(Severity::Note, "unmatched-annotation", "`pool:*::old` matches no item")
                .in_file("statemap.toml")
                .at_line(12)
                .help("remove it"),
        ],
        coverage: Coverage {
            files: 46,
            lines: 2812,
            unparsed: 1,
            unparsed_files: vec!["src/broken.rs".into()],
            orphans: vec!["src/old.rs".into()],
            left_out: 12,
            skipped: Vec::new(),
            macros_read: 31,
            macros_unread: 3,
            macros_unread_names: vec![("quickcheck".into(), 2), ("fake".into(), 1)],
            calls: 412,
            calls_resolved: 412,
            receivers: 520,
            receivers_typed: 489,
            catalog_crates: 14,
            unknown_crates: 3,
            unlinked: 2,
            unlinked_files: 3,
            manifests: 4,
            manifests_unevaluated: 1,
            ignored: 1,
            not_deployed: Vec::new(),
        },
    }
}

fn service(name: &str, target: &str, crates: &[&str]) -> Service {
    Service {
        name: name.into(),
        package: name.into(),
        target: target.into(),
        crates: crates.iter().map(|name| SmolStr::new(*name)).collect(),
    }
}

/// A workspace with an API and a worker, which share what the library holds; on a host, at a revision.
pub(super) fn two_services() -> StateMap {
    let mut map = newsletter();
    map.services =
        vec![service("api", "api/src/main.rs", &["api", "newsletter"]), service("worker", "worker/src/main.rs", &["newsletter", "worker"])];
    map.repository = Some("https://github.com/example/newsletter".into());
    map.revision = Some("4fc0b1c2d3e4f5061728394a5b6c7d8e9f001122".into());
    let mail = map.items.iter_mut().find(|item| item.kind == Kind::BackgroundTask).unwrap();
    mail.hazards = vec!["in-flight-loss".into()];
    let id = mail.id.clone();
    map.hazards = vec![Hazard {
        remedy: "claim, send, then delete the row; finish the mail in hand on SIGTERM".to_owned(),
        ..hazard("in-flight-loss", vec![id], "a crash in the middle of a delivery sends that mail twice")
    }];
    for item in &mut map.items {
        item.services = match item.kind {
            Kind::BackgroundTask => vec!["worker".into()],
            Kind::Session | Kind::FsWrite => vec!["api".into()],
            _ => vec!["api".into(), "worker".into()],
        };
    }
    map
}

fn hazard(rule: &str, items: Vec<ItemId>, message: &str) -> Hazard {
    let text = message.to_owned();
    Hazard {
        id: rule.into(),
        rule: rule.into(),
        severity: HazardSeverity::High,
        confidence: Confidence::Certain,
        items,
        services: Vec::new(),
        message: text.clone(),
        arithmetic: Some(text.clone()),
        evidence: vec![Evidence { what: text.clone(), at: Some(Place { file: message.into(), line: 3, column: 1 }) }],
        symptom: text.clone(),
        remedy: text.clone(),
        sketch: Some(Sketch { language: message.into(), text: text.clone() }),
        ends_when: text,
        acknowledged: None,
    }
}

/// Text that no page, table or terminal may take at its word.
pub(super) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "a|b||c",
    "{{#include /etc/passwd}}",
    "`tick` ``two`` ```three```",
    "</script><!-- statemap:end -->",
    "\u{202e}right to left\u{200f}",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "new\nline\r\n# heading\n\n- item",
    "[link](javascript:alert(1)) ![i](x)",
    "{% raw %}{{ title }}{# c #}",
    "=HYPERLINK(\"http://example.com\")",
    "\u{9b}31m c1",
    "ünïcödé 名前",
];

/// Every field of every kind of item filled with hostile text.
pub(super) fn hostile() -> StateMap {
    let mut map = newsletter();
    map.items.clear();
    map.diagnostics.clear();
    let long = format!("HashMap<{}>", "Vec<Option<".repeat(30));
    for (at, text) in HOSTILE.iter().copied().chain([long.as_str()]).enumerate() {
        for &kind in Kind::ALL {
            let mut item = item(&format!("{kind}:x"), text, text);
            item.id = ItemId(format!("{kind}:krate::{text}#{text}-{at}").into());
            item.doc = Some(text.repeat(2));
            item.ty = Some(text.to_owned());
            item.hides = Some(text.to_owned());
            item.lost = Some(text.to_owned());
            item.cfg = Some(text.to_owned());
            item.backs_on = Some(text.into());
            item.hazards = vec![text.into()];
            item.services = vec![text.into()];
            let place = Place { file: text.into(), line: 3, column: 1 };
            item.sites = vec![Site { place: place.clone(), role: Role::Written, function: Some(text.into()) }];
            item.uses = vec![Use { file: text.into(), line: 3, function: text.into(), access: Access::Write }];
            map.hazards.push(hazard(text, vec![item.id.clone()], text));
            let fact = |provenance| Fact {
                key: text.into(),
                value: Some(text.into()),
                unit: Some(text.into()),
                provenance,
                at: Some(place.clone()),
                from: Some(text.to_owned()),
                set: Vec::new(),
            };
            item.facts =
                [Provenance::Code, Provenance::Default, Provenance::Env, Provenance::Settings, Provenance::Manifest, Provenance::Annotated]
                    .map(fact)
                    .to_vec();
            let words = Some(text.to_owned());
            item.annotation = Some(Annotation {
                summary: words.clone(),
                owner: words.clone(),
                runbook: Some(format!("https://{text}")),
                on_loss: words.clone(),
                recovery_test: words,
                contains: vec![text.to_owned()],
                places: vec![place.clone()],
                ..Annotation::default()
            });
            // A second item of the kind that goes into the table.
            let mut row = item.clone();
            row.id = ItemId(format!("{kind}:krate::row::{text}#{text}-{at}").into());
            (row.annotation, row.hazards, row.doc) = (None, Vec::new(), None);
            row.facts = vec![Fact { key: "path".into(), ..fact(Provenance::Code) }, Fact { key: "op".into(), ..fact(Provenance::Code) }];
            map.items.extend([item, row]);
        }
        map.services.push(service(text, text, &[text]));
        map.diagnostics.push(Diagnostic::new(Severity::Error, "x", text).in_file(text).at_line(1).help(text));
        map.coverage.macros_unread_names.push((text.into(), 2));
        map.coverage.orphans.push(text.into());
        map.coverage.skipped.push(text.into());
    }
    map
}

/// A past in which the first item is new, the second has another number, and a third is gone.
pub(super) fn history(map: &StateMap) -> History {
    let told = |item: &Item| {
        let of = |fact: &Fact| FactStep { key: fact.key.clone(), before: None, after: Some(fact.clone()) };
        let facts = item.facts.iter().take(1).map(of).collect();
        Told { id: item.id.clone(), kind: item.kind, name: item.name.clone(), summary: item.summary.clone(), facts }
    };
    let at = |at: usize| map.items.get(at).map(told).into_iter().collect::<Vec<_>>();
    let risks = |skipped: usize| {
        let told = |hazard: &Hazard| Risk { rule: hazard.rule.clone(), severity: hazard.severity, message: hazard.message.clone() };
        map.hazards.iter().skip(skipped).take(1).map(told).collect::<Vec<_>>()
    };
    let gone = at(2).into_iter().map(|told| Told { id: ItemId("static:gone".into()), facts: Vec::new(), ..told }).collect();
    let step = Step {
        name: "v1.1".to_owned(),
        commit: "4fc0de11aa22bb33cc44dd55ee66ff7788990011".to_owned(),
        day: "2026-03-01".to_owned(),
        subject: map.items.first().map_or_else(String::new, |item| item.summary.clone()),
        since: "v1.0".to_owned(),
        added: at(0).into_iter().map(|told| Told { facts: Vec::new(), ..told }).collect(),
        removed: gone,
        changed: at(1),
        risks: risks(0),
        gone: risks(1),
        required: map.items.iter().take(1).map(|item| item.name.to_string()).collect(),
    };
    History { from: "v1.0".to_owned(), to: "v1.1".to_owned(), steps: vec![step] }
}
