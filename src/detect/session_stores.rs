//! Where sessions are: with the store that the service gives the library, not in the process that asks for them.
//! A part of detector `constructors`.

use super::context::Cx;
use super::finding::Finding;
use crate::model::{Kind, Scope};

/// Tells of the sessions that a library keeps where they are, when the whole tree gives it one store.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let is_librarys =
        |finding: &Finding| finding.kind == Kind::Session && finding.entry.is_some_and(|entry| cx.api(entry).kind == Some(Kind::Session));
    let in_memory = |finding: &Finding| finding.label.contains("memory");
    let in_cookie = |finding: &Finding| finding.kind == Kind::ClientHeld && finding.label.contains("session");
    if findings.iter().any(|finding| in_cookie(finding) || is_librarys(finding) && in_memory(finding)) {
        return;
    }
    let stores = findings.iter().filter(|finding| is_librarys(finding) && finding.scope == Scope::External);
    let mut stores: Vec<_> = stores.filter_map(|finding| finding.backs_on.clone()).collect();
    stores.sort();
    stores.dedup();
    let [store] = stores.as_slice() else { return };
    for finding in findings.iter_mut().filter(|finding| is_librarys(finding) && finding.scope == Scope::Process) {
        if finding.backs_on.get_or_insert_with(|| store.clone()) == store {
            finding.scope = Scope::External;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::items;
    use crate::model::{Kind, Scope};

    /// Name, scope and store of each session.
    fn sessions(store: &str) -> Vec<(String, Scope, Option<String>)> {
        let text = format!(
            "use actix_session::Session;\npub struct Login(Session);\nimpl Login {{ fn renew(&self) {{ self.0.renew(); }} fn user(&self) {{ let _ = self.0.insert(\"user\", 1); }} }}\n\
             async fn login(session: Login) {{ session.renew(); session.user(); }}\n\
             #[actix_web::main]\nasync fn main() {{ let store = {store};\n\
             actix_web::HttpServer::new(move || actix_web::App::new().wrap(actix_session::SessionMiddleware::new(store.clone(), key())).route(\"/login\", actix_web::web::post().to(login))).run().await; }}\n"
        );
        let mut out: Vec<_> = items(&["actix-session", "actix-web"], &text).into_iter().filter(|item| item.kind == Kind::Session).collect();
        out.sort_by(|a, b| a.name.cmp(&b.name));
        out.into_iter().map(|item| (item.name.to_string(), item.scope, item.backs_on.map(|store| store.to_string()))).collect()
    }

    #[test]
    fn sessions_are_where_their_store_is() {
        let redis = sessions("actix_session::storage::RedisSessionStore::new(\"redis://cache\").await.unwrap()");
        assert!(redis.iter().any(|(name, ..)| name == "Login"), "{redis:?}");
        assert!(
            redis.iter().all(|(_, scope, store)| *scope == Scope::External && store.as_deref() == Some("external-store:redis")),
            "{redis:?}"
        );
        // A store of one's own may be anywhere.
        let own = sessions("store()");
        assert!(own.iter().any(|(name, scope, store)| name == "Login" && *scope == Scope::Process && store.is_none()), "{own:?}");
    }
}
