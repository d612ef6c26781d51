//! What is called through traits, and by which service.

use super::surroundings_tests::items;
use crate::fixture::map;
use crate::model::{Item, Kind};

/// The items of a library with two programs, `one` and `two`.
fn of_two(library: &str, one: &str, two: &str) -> Vec<Item> {
    map(&format!(
        "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\ntokio = \"*\"\nasync-trait = \"*\"\naxum = \"*\"\nsqlx = \"*\"\ndashmap = \"*\"\n\
         //- /src/lib.rs\n{library}//- /src/bin/one.rs\n{one}//- /src/bin/two.rs\n{two}"
    ))
    .items
}

#[test]
fn a_service_holds_what_it_calls_of_a_trait_and_not_what_a_type_could_do_for_it() {
    let library = |attribute: &str| {
        format!(
            "use std::path::PathBuf;\n{attribute}pub trait Storage {{ fn put(&self, id: &str); fn fetch(&self, id: &str) -> Vec<u8>; fn both(&self) {{ self.put(\"a\"); }} }}\n\
             pub struct Local {{ pub dir: PathBuf }}\nimpl Storage for Local {{\n\
             fn put(&self, id: &str) {{ std::fs::copy(id, self.dir.join(\"kept\")).unwrap(); }}\n\
             fn fetch(&self, id: &str) -> Vec<u8> {{ std::fs::read(self.dir.join(id)).unwrap() }} }}\n\
             pub fn open() -> Box<dyn Storage> {{ Box::new(Local {{ dir: \"files\".into() }}) }}\n"
        )
    };
    let main = |call: &str| format!("use shop::Storage as _;\nfn main() {{ let storage = shop::open(); storage.{call}; }}\n");
    let of = |attribute: &str, call: &str| {
        let found = of_two(&library(attribute), &main("fetch(\"a\")"), &main(call));
        let writes: Vec<Vec<String>> = found
            .iter()
            .filter(|item| item.kind == Kind::FsWrite)
            .map(|item| item.services.iter().map(ToString::to_string).collect())
            .collect();
        assert_eq!(writes.len(), 1, "{found:#?}");
        writes.into_iter().next().unwrap()
    };
    assert_eq!(of("", "put(\"a\")"), ["two"]);
    // What the trait does by itself calls the others.
    assert_eq!(of("", "both()"), ["two"]);
    // What an attribute makes of the trait may call anything.
    assert_eq!(of("#[remote::service] ", "put(\"a\")"), ["one", "two"]);
}

#[test]
fn a_block_for_all_types_of_a_sort_is_no_less_called_than_one_for_a_single_type() {
    let of = |bound: &str| {
        let text = format!(
            "use std::sync::Arc;\ntrait Db: Send + Sync {{ fn add(&self, tag: &str); }}\nstruct Lite(std::sync::Mutex<rusqlite::Connection>);\n\
             impl Db for Lite {{ fn add(&self, tag: &str) {{ self.0.lock().unwrap().execute(\"INSERT OR IGNORE INTO jobs_lite (tag) VALUES (?)\", [tag]).unwrap(); }} }}\n\
             trait Client {{ fn name(&self) -> String; }}\nstruct Pg(String);\nimpl Client for Pg {{ fn name(&self) -> String {{ self.0.clone() }} }}\n\
             {bound}\n\
             async fn cron(db: Arc<dyn Db>) {{ loop {{ db.add(\"x\"); tokio::time::sleep(std::time::Duration::from_secs(30)).await; }} }}\n\
             #[tokio::main] async fn main() {{ let db: Arc<dyn Db> = outside::db(); tokio::spawn(cron(db)).await.unwrap(); }}\n"
        );
        let found = items(&["tokio", "rusqlite", "outside"], &text);
        let task = found.iter().find(|item| item.kind == Kind::BackgroundTask).unwrap();
        task.facts.iter().any(|fact| fact.value.as_ref().is_some_and(|value| value.to_string().contains("jobs_lite")))
    };
    // The only type that implements it.
    assert!(of(""));
    assert!(!of("impl<P> Db for P where P: Send + Sync + Client { fn add(&self, tag: &str) { println!(\"{tag}\"); } }"));
    // Nobody knows which types these are.
    assert!(!of("impl<P: outside::Client> Db for P { fn add(&self, tag: &str) { println!(\"{tag}\"); } }"));
}

#[test]
fn each_copy_of_what_a_library_makes_has_the_entry_points_of_its_service() {
    let library = "use dashmap::DashMap;\npub struct Pg { pool: sqlx::PgPool }\n\
        impl Pg { pub fn new(dsn: &str) -> Pg { Pg { pool: sqlx::postgres::PgPoolOptions::new().connect_lazy(dsn).unwrap() } }\n\
        pub async fn count(&self) -> i64 { sqlx::query_scalar(\"SELECT count(*) FROM t\").fetch_one(&self.pool).await.unwrap() } }\n\
        pub static SEEN: std::sync::LazyLock<DashMap<u64, u64>> = std::sync::LazyLock::new(DashMap::new);\npub fn see(id: u64) { SEEN.insert(id, id); }\n";
    let main = |route: &str| {
        format!(
            "use std::sync::Arc;\nuse axum::{{Router, extract::State, routing::get}};\n\
             async fn count(State(db): State<Arc<shop::Pg>>) -> String {{ shop::see(1); db.count().await.to_string() }}\n\
             #[tokio::main] async fn main() {{ let db = Arc::new(shop::Pg::new(\"postgres://db/shop\"));\n\
             let app: Router = Router::new().route(\"{route}\", get(count)).with_state(db); drop(app); }}\n"
        )
    };
    let found = of_two(library, &main("/one"), &main("/two"));
    let entered = |kind: Kind| -> Vec<(Vec<String>, Vec<String>)> {
        let of_kind = found.iter().filter(|item| item.kind == kind && item.backs_on.is_some() == (kind == Kind::Pool));
        let mut out: Vec<(Vec<String>, Vec<String>)> = of_kind
            .map(|item| {
                let by = item.entry_points.iter().map(|one| one.name.to_string()).collect();
                (item.services.iter().map(ToString::to_string).collect(), by)
            })
            .collect();
        out.sort();
        out
    };
    let own = |service: &str, route: &str| (vec![service.to_owned()], vec![route.to_owned()]);
    assert_eq!(entered(Kind::Pool), [own("one", "GET /one"), own("two", "GET /two")]);
    // One item for both has those of both.
    assert_eq!(entered(Kind::Static), [(vec!["one".to_owned(), "two".to_owned()], vec!["GET /one".to_owned(), "GET /two".to_owned()])]);
}
