//! Maps beside each other: what is one server, what adds up, what is called how.

use smol_str::SmolStr;

use super::names::name_members;
use super::*;
use crate::model::{
    About, Capacity, Coverage, Fact, FactValue, Holder, Item, ItemId, Kind, Limit, Place, Provenance, SCHEMA, SetBy, Share, ToolInfo,
};

fn place() -> Place {
    Place { file: "src/db.rs".into(), line: 7, column: 1 }
}

/// A map with these services and nothing else.
fn map(services: &[&str]) -> StateMap {
    let service = |name: &&str| Service {
        name: SmolStr::new(*name),
        package: SmolStr::new(*name),
        target: format!("{name}/src/main.rs").into(),
        crates: Vec::new(),
    };
    StateMap {
        schema: SCHEMA,
        tool: ToolInfo { name: "statemap".into(), version: env!("CARGO_PKG_VERSION").into() },
        revision: None,
        repository: None,
        about: About::default(),
        services: services.iter().map(service).collect(),
        items: Vec::new(),
        deployments: Vec::new(),
        environments: Vec::new(),
        lifecycles: Vec::new(),
        capacity: Vec::new(),
        verdicts: Vec::new(),
        hazards: Vec::new(),
        diagnostics: Vec::new(),
        coverage: Coverage::default(),
    }
}

fn fact(key: &str, value: Option<&str>, provenance: Provenance, from: Option<&str>) -> Fact {
    Fact {
        key: key.into(),
        value: value.map(|value| FactValue::Text(value.to_owned())),
        unit: None,
        provenance,
        at: Some(place()),
        from: from.map(str::to_owned),
        set: Vec::new(),
    }
}

/// A pool of Postgres whose address a variable gives.
fn pool(map: &mut StateMap, set: &[(&str, &str, Option<&str>)]) {
    let mut address = fact("address", None, Provenance::Env, Some("DATABASE_URL"));
    address.set = set
        .iter()
        .map(|(source, key, value)| SetBy {
            value: value.map(|value| FactValue::Text(value.to_owned())),
            hidden: value.is_none(),
            provenance: Provenance::Manifest,
            source: (*source).to_owned(),
            key: SmolStr::new(*key),
            at: place(),
            environment: None,
            unless: None,
            services: Vec::new(),
        })
        .collect();
    let mut item = Item::new(ItemId("pool:shop::db#sqlx".into()), Kind::Pool, "db".into(), "a pool".to_owned());
    item.backs_on = Some("external-store:postgres".into());
    item.facts.push(address);
    item.services = map.services.iter().map(|service| service.name.clone()).collect();
    map.items.push(item);
}

fn at(host: &str) -> Vec<(&'static str, &'static str, Option<String>)> {
    vec![("ConfigMap/shop-config", "DATABASE_URL", Some(format!("postgres://…@{host}/orders")))]
}

fn with_pool(service: &str, set: &[(&'static str, &'static str, Option<String>)]) -> StateMap {
    let mut out = map(&[service]);
    let set: Vec<(&str, &str, Option<&str>)> = set.iter().map(|(source, key, value)| (*source, *key, value.as_deref())).collect();
    pool(&mut out, &set);
    out
}

fn fleet(maps: Vec<(&str, StateMap)>) -> Fleet {
    let member = |(name, map): (&str, StateMap)| Member { name: name.into(), site: None, file: format!("{name}.json"), map };
    Fleet::new(maps.into_iter().map(member).collect())
}

/// Each server of Postgres: how sure, and who uses it.
fn servers(fleet: &Fleet) -> Vec<(Sure, Vec<&str>)> {
    let family = fleet.families.iter().find(|family| family.name == "postgres");
    let users = |server: &Server| server.users.iter().map(|user| fleet.units[user.unit].name.as_str()).collect();
    family.map(|family| family.servers.iter().map(|server| (server.sure, users(server))).collect()).unwrap_or_default()
}

#[test]
fn one_kind_of_store_is_not_one_server() {
    let silent = |service: &str| with_pool(service, &[]);
    assert_eq!(servers(&fleet(vec![("a", silent("a")), ("b", silent("b"))])), [(Sure::Alone, vec!["a"]), (Sure::Alone, vec!["b"])]);
    for host in ["localhost", "127.0.0.1", "db", "db.svc", "postgres:6432"] {
        let found = fleet(vec![("a", with_pool("a", &at(host))), ("b", with_pool("b", &at(host)))]);
        assert_eq!(servers(&found).len(), 2, "{host} means another machine or network for each");
    }
}

#[test]
fn one_host_is_one_server_as_far_as_its_name_reaches() {
    let both = |host: &str| fleet(vec![("a", with_pool("a", &at(host))), ("b", with_pool("b", &at(host)))]);
    assert_eq!(servers(&both("pg1.eu-west-1.rds.amazonaws.com")), [(Sure::SameHost, vec!["a", "b"])]);
    assert_eq!(servers(&both("orders-db.shop.svc.cluster.local")), [(Sure::Likely, vec!["a", "b"])]);
    assert_eq!(servers(&both("10.0.3.7")), [(Sure::Likely, vec!["a", "b"])]);
    let ports = fleet(vec![("a", with_pool("a", &at("pg.example.org"))), ("b", with_pool("b", &at("pg.example.org:6432")))]);
    assert_eq!(servers(&ports).len(), 2, "another port is another server");
}

#[test]
fn one_key_of_one_secret_is_likely_one_server() {
    let secret = |object: &'static str, key: &'static str| vec![(object, key, None)];
    let both = |one: Vec<_>, other: Vec<_>| fleet(vec![("a", with_pool("a", &one)), ("b", with_pool("b", &other))]);
    assert_eq!(servers(&both(secret("Secret/platform-db", "url"), secret("Secret/platform-db", "url"))), [(Sure::Likely, vec!["a", "b"])]);
    assert_eq!(servers(&both(secret("Secret/platform-db", "url"), secret("Secret/platform-db", "replica"))).len(), 2);
    // The same variable says nothing, and a file of variables is not shared.
    assert_eq!(servers(&both(secret(".env", "DATABASE_URL"), secret(".env", "DATABASE_URL"))).len(), 2);
    // Secrets of one name that lead to different hosts are two.
    let mut one = secret("Secret/platform-db", "url");
    one.extend(at("pg1.example.org"));
    let mut other = secret("Secret/platform-db", "url");
    other.extend(at("pg2.example.org"));
    assert_eq!(servers(&both(one, other)).len(), 2);
}

#[test]
fn what_two_servers_have_in_common_with_a_third_does_not_make_them_one() {
    let of = |hosts: &[&str]| hosts.iter().flat_map(|host| at(host)).collect::<Vec<_>>();
    let found = fleet(vec![
        ("a", with_pool("a", &of(&["staging.example.org", "production.example.org"]))),
        ("b", with_pool("b", &of(&["staging.example.org"]))),
        ("c", with_pool("c", &of(&["production.example.org"]))),
    ]);
    let found = servers(&found);
    assert_eq!(found, [(Sure::SameHost, vec!["a", "c"]), (Sure::SameHost, vec!["a", "b"])]);
}

fn declared(map: &mut StateMap, name: &str, facts: &[(&str, FactValue)]) {
    let id = ItemId(format!("external-store:declared::{}", name.replace(' ', "-")).into());
    let mut item = Item::new(id, Kind::ExternalStore, name.into(), name.to_owned());
    item.services = map.services.iter().map(|service| service.name.clone()).collect();
    item.facts =
        facts.iter().map(|(key, value)| Fact { value: Some(value.clone()), ..fact(key, None, Provenance::Annotated, None) }).collect();
    map.items.push(item);
}

#[test]
fn what_people_declare_under_one_name_is_one_server() {
    let says = |service: &str, name: &str| {
        let mut out = with_pool(service, &[]);
        declared(&mut out, name, &[("store", FactValue::Text("postgres".to_owned()))]);
        out
    };
    let both = fleet(vec![("a", says("a", "orders database")), ("b", says("b", "Orders Database"))]);
    assert_eq!(servers(&both), [(Sure::Stated, vec!["a", "b"])]);
    let other = fleet(vec![("a", says("a", "orders database")), ("b", says("b", "users database"))]);
    assert_eq!(servers(&other).len(), 2);
}

#[test]
fn services_of_one_repository_share_what_one_variable_gives() {
    let mut both = map(&["api", "worker"]);
    pool(&mut both, &[("Secret/shop-db", "url", None)]);
    assert_eq!(servers(&fleet(vec![("shop", both)])), [(Sure::Alone, vec!["api", "worker"])]);
}

/// `replicas` of one service hold a pool of `each`.
fn holds(map: &mut StateMap, each: i64, replicas: u32, limit: Option<(i64, Provenance)>) {
    let service = map.services[0].name.clone();
    let holder = Holder {
        workload: format!("Deployment/{service}").into(),
        services: vec![service],
        pools: vec![Share { item: map.items[0].id.clone(), each: Some(each), at: None, from: None, if_used: false }],
        each,
        replicas: Some(replicas),
        replicas_at: place(),
        during_rollout: Some(replicas + 1),
        at_most: None,
        at_most_during_rollout: None,
    };
    map.capacity.push(Capacity {
        store: "postgres".into(),
        item: None,
        address: None,
        environment: None,
        pools: vec![map.items[0].id.clone()],
        at_rest: each * i64::from(replicas),
        during_rollout: each * i64::from(replicas + 1),
        at_most: None,
        at_most_during_rollout: None,
        at_least: false,
        limit: limit.map(|(connections, provenance)| Limit {
            connections,
            key: "max_connections".into(),
            from: "postgres".to_owned(),
            provenance,
            at: None,
            elsewhere: false,
        }),
        holders: vec![holder],
    });
}

#[test]
fn connections_add_up_over_repositories_only_where_the_server_is_one() {
    let with = |service: &str, host: &str, limit| {
        let mut out = with_pool(service, &at(host));
        holds(&mut out, 20, 2, limit);
        out
    };
    let default = Some((100, Provenance::Default));
    let found = fleet(vec![
        ("a", with("a", "pg.example.org", default)),
        ("b", with("b", "pg.example.org", default)),
        ("c", with_pool("c", &at("pg.example.org"))),
        ("d", with("d", "db", default)),
    ]);
    let server = &found.families[0].servers[0];
    let load = &server.loads[0];
    assert_eq!((load.at_rest, load.during_rollout, load.limit().unwrap().limit.connections), (80, 120, 100));
    assert!(load.is_over() && load.only_together(), "60 each is less than 100, 120 is not");
    assert_eq!(load.unknown, [found.units.iter().position(|unit| unit.name == "c").unwrap()]);
    assert!(load.at_least);
    // What somebody writes down is worth more than a default; of two that differ the smaller counts.
    let found = fleet(vec![
        ("a", with("a", "pg.example.org", Some((500, Provenance::Annotated)))),
        ("b", with("b", "pg.example.org", default)),
        ("c", with("c", "pg.example.org", Some((300, Provenance::Annotated)))),
    ]);
    let load = &found.families[0].servers[0].loads[0];
    assert_eq!(load.limit().unwrap().limit.connections, 300);
    assert!(load.disagree() && !load.is_over());
}

#[test]
fn tables_of_one_name_are_one_table_on_one_server_only() {
    let with = |service: &str, host: &str| {
        let mut out = with_pool(service, &at(host));
        let mut task = Item::new(ItemId("background-task:x#tokio::spawn".into()), Kind::BackgroundTask, "x".into(), "a task".to_owned());
        task.facts.push(fact("changes", Some("inserts into outbox"), Provenance::Code, None));
        task.services = vec![service.into()];
        out.items.push(task);
        out
    };
    let found = fleet(vec![("a", with("a", "pg.example.org")), ("b", with("b", "pg.example.org")), ("c", with("c", "other.example.org"))]);
    let family = &found.families[0];
    let shared = &family.servers[0].contents;
    assert_eq!(shared.iter().map(|content| (content.name.as_str(), content.uses.len())).collect::<Vec<_>>(), [("outbox", 2)]);
    assert_eq!(shared[0].uses[0].does, ["inserts into"]);
    assert_eq!(family.namesakes.len(), 1, "c has a table of that name elsewhere");
    assert_eq!(family.namesakes[0].uses.len(), 3);
}

fn unnamed(file: &str, map: StateMap) -> Unnamed {
    Unnamed { file: file.to_owned(), given: None, called: None, map }
}

fn names(maps: Vec<Unnamed>) -> Vec<String> {
    name_members(maps).unwrap().0.iter().map(|member| member.name.to_string()).collect()
}

fn of_repository(services: &[&str], repository: &str, revision: &str) -> StateMap {
    StateMap { repository: Some(repository.to_owned()), revision: Some(revision.to_owned()), ..map(services) }
}

#[test]
fn maps_have_the_shortest_name_that_no_other_has() {
    let shop = of_repository(&["api"], "https://github.com/one/shop", "1");
    let other = of_repository(&["web"], "https://github.com/two/shop.git", "1");
    assert_eq!(names(vec![unnamed("a.json", shop.clone())]), ["shop"]);
    assert_eq!(names(vec![unnamed("a.json", shop.clone()), unnamed("b.json", other)]), ["one/shop", "two/shop"]);
    assert_eq!(names(vec![unnamed("x/billing/statemap.json", map(&[]))]), ["billing"]);
    assert_eq!(names(vec![unnamed("x/maps.json", map(&["billing"]))]), ["billing"]);
    let mut folder = shop.clone();
    folder.about.folder = Some("services/carts".to_owned());
    folder.services = map(&["carts"]).services;
    assert_eq!(names(vec![unnamed("a.json", shop.clone()), unnamed("b.json", folder)]), ["shop", "carts"]);
    let given = Unnamed { given: Some("mine".into()), ..unnamed("a.json", shop) };
    assert_eq!(names(vec![given]), ["mine"]);
}

#[test]
fn services_of_one_name_are_told_by_their_repository() {
    let found = fleet(vec![("akri", map(&["agent", "controller"])), ("brupop", map(&["agent"])), ("agents", map(&[]))]);
    let names: Vec<&str> = found.units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["agents", "akri/agent", "brupop/agent", "controller"]);
    let slugs = slugs(["akri/agent", "AKRI agent", "../..", "con", "\u{202e}", "index"].into_iter(), "service");
    assert_eq!(slugs, ["akri-agent", "akri-agent-2", "service", "con-service", "service-2", "index-service"]);
}

#[test]
fn the_same_map_is_told_once_and_two_revisions_are_a_mistake() {
    let at = |revision: &str| of_repository(&["api", "worker"], "https://github.com/one/shop", revision);
    let (members, dropped) = name_members(vec![unnamed("a.json", at("1")), unnamed("b.json", at("1"))]).unwrap();
    assert_eq!((members.len(), dropped.len()), (1, 1));
    let clashes = name_members(vec![unnamed("a.json", at("1")), unnamed("b.json", at("2"))]).unwrap_err();
    assert_eq!(clashes.len(), 1);
    assert!(clashes[0].what.contains("`a.json` (at 1) and `b.json` (at 2) are both maps of `api` of github.com/one/shop"), "{clashes:?}");
    let named = |name: &str, map: StateMap| Unnamed { given: Some(name.into()), ..unnamed("a.json", map) };
    assert_eq!(names(vec![named("old", at("1")), named("new", at("2"))]), ["old", "new"]);
    let same = name_members(vec![named("x", at("1")), named("x", at("2"))]).unwrap_err();
    assert!(same[0].what.contains("both called `x`"), "{same:?}");
    // Two parts of one repository are two maps.
    let mut part = of_repository(&["carts"], "https://github.com/one/shop", "1");
    part.about.folder = Some("carts".to_owned());
    assert!(name_members(vec![unnamed("a.json", at("1")), unnamed("b.json", part)]).is_ok());
}

#[test]
fn what_is_no_map_is_told_with_its_place() {
    let what = |text: &str| read(text.as_bytes()).unwrap_err();
    let good = crate::render::json(&map(&["api"]));
    assert!(read(good.as_bytes()).is_ok());
    assert!(read(format!("\u{feff}{good}").as_bytes()).is_ok(), "an editor's mark at the start does no harm");
    let cut = what(&good[..good.len() / 2]);
    assert!(cut.what.contains("ends in the middle") && cut.at.is_some() && !cut.foreign, "{cut:?}");
    assert!(what("").what.contains("empty"));
    assert!(what("{\"schema\": 1, }").what.contains("no JSON"));
    assert!(what("{\"name\": \"left-pad\"}").foreign && what("[1]").foreign && what("7").foreign);
    assert!(what("{\"$schema\": \"x\", \"version\": \"2.1.0\", \"runs\": []}").what.contains("SARIF"));
    assert!(read(b"\xff\xfe{}").unwrap_err().what.contains("UTF-8"));
    let newer = what(&good.replacen("\"schema\": 1", "\"schema\": 2", 1));
    assert!(newer.what.contains("version 2") && newer.help.contains("newer statemap"), "{newer:?}");
    let older = what(&good.replacen("\"schema\": 1", "\"schema\": 0", 1));
    assert!(older.what.contains("version 0") && older.help.contains("anew"), "{older:?}");
    let wrong = what(&good.replacen("\"target\": \"api/src/main.rs\"", "\"target\": 7", 1));
    assert!(wrong.what.contains("does not fit its contract") && wrong.at.is_some_and(|(line, _)| line > 5), "{wrong:?}");
}

#[test]
fn fields_and_words_of_a_newer_version_are_left_out() {
    let mut shop = with_pool("api", &[]);
    shop.tool.version = "99.0.0".into();
    let text = crate::render::json(&shop);
    let more = text.replacen("\"schema\": 1,", "\"schema\": 1, \"moons\": [1, 2],", 1);
    assert_eq!(read(more.as_bytes()).unwrap().maps[0].1, shop);
    let kind = text.replacen("\"kind\": \"pool\"", "\"kind\": \"hologram\"", 1);
    let document = read(kind.as_bytes()).unwrap();
    assert_eq!((document.maps[0].1.items.len(), document.skipped.items), (0, 1));
    // Of our own version such a word is a mistake.
    let own = kind.replacen("99.0.0", env!("CARGO_PKG_VERSION"), 1);
    assert!(read(own.as_bytes()).unwrap_err().what.contains("unknown variant `hologram`"));
}

#[test]
fn what_is_too_long_or_leads_out_is_cut() {
    let mut shop = with_pool("api", &[]);
    shop.items[0].summary = "ä".repeat(100_000);
    shop.items[0].sites.push(crate::model::Site {
        place: Place { file: "../../..//etc/./passwd".into(), line: 1, column: 1 },
        role: crate::model::Role::Declared,
        function: None,
    });
    shop.about.folder = Some("../x".to_owned());
    let read = read(crate::render::json(&shop).as_bytes()).unwrap().maps.remove(0).1;
    assert!(read.items[0].summary.len() < 11_000);
    assert_eq!(read.items[0].sites[0].place.file, "etc/passwd");
    assert_eq!(read.about.folder.as_deref(), Some("x"));
}

/// A client of an HTTP API whose address a variable gives.
fn client(map: &mut StateMap, url: &str) {
    let id = ItemId(format!("external-store:{url}").into());
    let mut item = Item::new(id, Kind::ExternalStore, "api".into(), "HTTP API".to_owned());
    item.facts.push(fact("base_url", Some(url), Provenance::Env, Some("BILLING_URL")));
    item.services = map.services.iter().map(|service| service.name.clone()).collect();
    map.items.push(item);
}

#[test]
fn a_host_that_begins_with_the_name_of_a_service_is_perhaps_that_service() {
    let caller = |service: &str, url: &str| {
        let mut out = map(&[service]);
        client(&mut out, url);
        out
    };
    let called = |maps: Vec<(&str, StateMap)>| {
        let found = fleet(maps);
        found.calls.iter().map(|call| found.units[call.to].name.to_string()).collect::<Vec<_>>()
    };
    let orders = || caller("orders", "http://billing-api:8080");
    assert_eq!(called(vec![("orders", orders()), ("billing", map(&["billing-api"]))]), ["billing-api"]);
    assert_eq!(called(vec![("orders", orders()), ("billing", map(&["billing_api"]))]), ["billing_api"]);
    let in_cluster = caller("orders", "http://billing-api.billing.svc.cluster.local");
    assert_eq!(called(vec![("orders", in_cluster), ("billing", map(&["billing-api"]))]), ["billing-api"]);
    // A name of the internet, a service that has no such name, and one that several have, are nobody.
    assert_eq!(called(vec![("orders", caller("orders", "https://billing-api.example.org")), ("b", map(&["billing-api"]))]), [""; 0]);
    assert_eq!(called(vec![("orders", orders()), ("billing", map(&["billing"]))]), [""; 0]);
    assert_eq!(called(vec![("orders", orders()), ("a", map(&["billing-api"])), ("b", map(&["billing-api"]))]), [""; 0]);
}

#[test]
fn a_bucket_of_a_provider_is_one_bucket() {
    let with = |service: &str, bucket: &str, endpoint: Option<&str>| {
        let mut out = map(&[service]);
        let mut item = Item::new(ItemId("sdk-client:x#aws_sdk_s3".into()), Kind::SdkClient, "s3".into(), "S3 client".to_owned());
        item.backs_on = Some("external-store:s3".into());
        item.services = vec![service.into()];
        item.facts.push(fact("bucket", Some(bucket), Provenance::Settings, Some("storage.bucket")));
        item.facts.extend(endpoint.map(|url| fact("endpoint", Some(url), Provenance::Settings, Some("storage.endpoint"))));
        out.items.push(item);
        out
    };
    let members = |fleet: &Fleet| fleet.families[0].servers.iter().map(|server| (server.members, server.sure)).collect::<Vec<_>>();
    let both = fleet(vec![("a", with("a", "acme-media", None)), ("b", with("b", "acme-media", None))]);
    assert_eq!(members(&both), [(2, Sure::Likely)]);
    let other = fleet(vec![("a", with("a", "acme-media", None)), ("b", with("b", "acme-exports", None))]);
    assert_eq!(members(&other).len(), 2);
    // A server of one's own gives names as it likes.
    let own = fleet(vec![("a", with("a", "media", Some("http://minio:9000"))), ("b", with("b", "media", Some("http://minio:9000")))]);
    assert_eq!(members(&own).len(), 2);
}
