//! Databases by their addresses: servers and files behind pools, and the near misses.

use super::side_tests::{items, value};
use crate::model::Kind;

/// The databases on disk, each with its path, and the servers.
fn databases(dependencies: &[&str], text: &str) -> (Vec<String>, Vec<String>) {
    let found = items(dependencies, text);
    let of = |kind: Kind| found.iter().filter(move |item| item.kind == kind);
    let files = of(Kind::EmbeddedDb).map(|item| format!("{} {}", value(item, "path").unwrap_or_default(), item.sites.len())).collect();
    (files, of(Kind::ExternalStore).map(|item| item.name.to_string()).collect())
}

#[test]
fn an_address_says_which_store_a_pool_of_any_database_leads_to() {
    let orm = |url: &str| {
        databases(
            &["sea-orm", "tokio"],
            &format!("#[tokio::main]\nasync fn main() {{ let _db = sea_orm::Database::connect({url}).await; }}\n"),
        )
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(orm("\"postgres://db/shop\""), (none.clone(), vec!["postgres".to_owned()]));
    assert_eq!(orm("\"mariadb://db/shop\""), (none.clone(), vec!["mysql".to_owned()]));
    assert_eq!(orm("sea_orm::ConnectOptions::new(\"postgresql://db/shop\".to_owned())"), (none.clone(), vec!["postgres".to_owned()]));
    assert_eq!(orm("\"sqlite://data/shop.db?mode=rwc\""), (vec!["data/shop.db 1".to_owned()], none.clone()));
    // In memory, an address that is not known, one of something else: nothing is said.
    for url in ["\"sqlite::memory:\"", "\"sqlite://:memory:\"", "std::env::var(\"SHOP_URL\").unwrap()", "\"shop.db\"", "\"odbc://db/shop\""]
    {
        assert_eq!(orm(url), (none.clone(), none.clone()), "{url}");
    }
    let any = "#[tokio::main]\nasync fn main() {\n    let url = std::env::var(\"SHOP_URL\").unwrap_or_else(|_| \"sqlite:shop.db\".to_owned());\n    \
        let _pool = sqlx::any::AnyPoolOptions::new().connect(&url).await;\n}\n";
    assert_eq!(databases(&["sqlx", "tokio"], any), (vec!["shop.db 1".to_owned()], none.clone()));
    let diesel = "use diesel::{SqliteConnection, r2d2::{ConnectionManager, Pool}};\n\
        fn pool() -> Pool<ConnectionManager<SqliteConnection>> { Pool::builder().build(ConnectionManager::new(\"shop.db\")).unwrap() }\n\
        fn main() { drop(pool()); }\n";
    assert_eq!(databases(&["diesel"], diesel), (vec!["shop.db 1".to_owned()], none));
}

#[test]
fn the_file_behind_a_pool_is_a_database_of_its_own_and_all_pools_to_it_share_it() {
    let lite = |made: &str| {
        let text = format!(
            "use std::str::FromStr;\nuse sqlx::sqlite::{{SqliteConnectOptions, SqlitePool, SqlitePoolOptions}};\n\
             async fn first() -> SqlitePool {{ {made}.await.unwrap() }}\n\
             async fn second() -> SqlitePool {{ SqlitePoolOptions::new().connect(\"sqlite://data/shop.db\").await.unwrap() }}\n\
             #[tokio::main]\nasync fn main() {{ drop((first().await, second().await)); }}\n"
        );
        databases(&["sqlx", "tokio"], &text).0
    };
    let (one, two) = (["data/shop.db 2"], |other: &str| vec![format!("{other} 1"), "data/shop.db 1".to_owned()]);
    assert_eq!(lite("SqlitePool::connect(\"sqlite://data/shop.db?mode=rwc\")"), one);
    assert_eq!(lite("SqlitePool::connect_with(SqliteConnectOptions::new().filename(\"data/shop.db\"))"), one);
    assert_eq!(lite("SqlitePool::connect(\"sqlite:pages.db\")"), two("pages.db"));
    let parsed = "{ let options = SqliteConnectOptions::from_str(\"sqlite://pages.db\").unwrap(); SqlitePool::connect_with(options) }";
    assert_eq!(lite(parsed), two("pages.db"));
    // In memory, and where nobody knows.
    for made in [
        "SqlitePool::connect(\"sqlite::memory:\")",
        "SqlitePool::connect_with(SqliteConnectOptions::new())",
        "SqlitePool::connect(&shop())",
    ] {
        assert_eq!(lite(made), ["data/shop.db 1"], "{made}");
    }
    let in_tests = "#[cfg(test)]\nmod tests {\n    async fn pool() -> sqlx::SqlitePool { sqlx::SqlitePool::connect(\"sqlite://test.db\").await.unwrap() }\n}\nfn main() {}\n";
    assert_eq!(databases(&["sqlx"], in_tests).0, Vec::<String>::new());
}

#[test]
fn of_several_alternatives_each_leads_to_its_own_and_tells_no_other() {
    let text = "async fn connect(url: &str) -> sea_orm::DatabaseConnection { sea_orm::Database::connect(url).await.unwrap() }\n\
        #[tokio::main]\nasync fn main() {\n    drop(if std::env::args().count() > 1 { connect(\"sqlite://shop.db\").await } else { connect(\"postgres://db/shop\").await });\n}\n";
    // Both pools may lead to either.
    assert_eq!(databases(&["sea-orm", "tokio"], text), (vec!["shop.db 2".to_owned()], vec!["postgres".to_owned()]));
    let found = items(&["sea-orm", "tokio"], text);
    let store = found.iter().find(|item| item.kind == Kind::ExternalStore).unwrap();
    assert_eq!(value(store, "address").as_deref(), Some("postgres://db/shop"));
    let pools: Vec<Option<&str>> =
        found.iter().filter(|item| item.summary.contains("SeaORM")).map(|item| item.backs_on.as_deref()).collect();
    assert_eq!(pools, [Some("external-store:postgres"); 2]);
}

#[test]
fn an_address_that_a_type_is_shown_as_is_one_for_each_arm() {
    let shown = |to_text: &str, text: &str| {
        format!(
            "use std::fmt::{{Display, Formatter, Result}};\nenum Address {{ Server(Server), File(File) }}\nstruct Server {{ host: String }}\nstruct File {{ path: String }}\n\
             impl Display for Address {{ fn fmt(&self, f: &mut Formatter<'_>) -> Result {{\n    \
                 let text = match self {{ Address::Server(server) => server.to_string(), Address::File(file) => file.to_string() }};\n    write!(f, \"{{text}}\")\n}} }}\n\
             impl Display for Server {{ fn fmt(&self, f: &mut Formatter<'_>) -> Result {{ write!(f, \"{text}{{}}/shop\", self.host) }} }}\n\
             impl Display for File {{ fn fmt(&self, f: &mut Formatter<'_>) -> Result {{\n    \
                 if self.path.is_empty() {{ write!(f, \"sqlite::memory:\") }} else {{ write!(f, \"sqlite://{{}}/shop.db?mode=rwc\", self.path) }}\n}} }}\n\
             fn address(host: String) -> Address {{ if host.is_empty() {{ Address::File(File {{ path: \"data\".to_owned() }}) }} else {{ Address::Server(Server {{ host }}) }} }}\n\
             async fn open(address: {to_text}) -> sea_orm::DatabaseConnection {{ sea_orm::Database::connect(address.to_string()).await.unwrap() }}\n\
             async fn start(address: &Address) {{ drop(open(address).await); }}\n\
             #[tokio::main]\nasync fn main() {{ start(&address(std::env::args().collect())).await; }}\n"
        )
    };
    let both = (vec!["data/shop.db 1".to_owned()], vec!["postgres".to_owned()]);
    assert_eq!(databases(&["sea-orm", "tokio"], &shown("&Address", "postgres://")), both);
    assert_eq!(databases(&["sea-orm", "tokio"], &shown("impl ToString", "postgres://")), both);
    // One that may be anything: nothing is said of any.
    assert_eq!(databases(&["sea-orm", "tokio"], &shown("&Address", "shop at ")), (Vec::new(), Vec::new()));
}
