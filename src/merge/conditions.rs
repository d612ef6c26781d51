//! Conditional compilation in words: "only with feature `redis`".

use super::Readers;
use crate::detect::{Cx, Finding};
use crate::facts::{Cfg, Name};
use crate::model::Role;
use crate::resolve::{At, BodyFacts, DefId, krate_of};

/// The builds that have an item, in words; none when all may. What is made in several places needs what all of these need.
pub(super) fn of_finding(cx: &Cx<'_>, readers: &Readers, finding: &Finding) -> Option<String> {
    let of = |def: DefId, site: &[Cfg]| {
        let program = cx.world.program;
        let flags = &program.krate(krate_of(cx.world, def)).input.flags;
        words(&program.cfg_of(def).into_iter().chain(site).collect::<Vec<_>>(), flags)
    };
    let mut all: Option<Vec<String>> = None;
    for site in finding.sites.iter().filter(|site| matches!(site.role, Role::Constructed | Role::Written)) {
        let Some(path) = &site.function else { continue };
        let own = cx.world.program.def(finding.def).path == *path;
        let Some(&def) = (if own { Some(&finding.def) } else { readers.defs.get(path) }) else { continue };
        let here = match cx.body_of.get(&def).map(|at| &cx.bodies[*at]) {
            // One of several functions, each for other builds.
            _ if !own && readers.several.contains(path) => Vec::new(),
            Some(body) => made_at(body, site.at, &of, def),
            None => of(def, &[]),
        };
        match &mut all {
            Some(all) => all.retain(|one| here.contains(one)),
            None => all = Some(here),
        }
    }
    // Several fields that are one thing, and are made nowhere in sight.
    if all.is_none() && finding.detector == "shared-fields" {
        let others: Vec<Vec<String>> = finding.also.iter().map(|also| of(*also, &[])).collect();
        all = Some(of(finding.def, &[]).into_iter().filter(|one| others.iter().all(|other| other.contains(one))).collect());
    }
    let mut parts = all.unwrap_or_default();
    // The first of several ways into a store says nothing of the others.
    if finding.also.is_empty() && finding.detector != "stores" {
        parts.extend(of(finding.def, &[]));
    }
    let mut said: Vec<String> = Vec::new();
    for part in parts {
        if !said.contains(&part) {
            said.push(part);
        }
    }
    (!said.is_empty()).then(|| format!("only {}", said.join(" and ")))
}

/// The builds that have what is made at a place: a call of a library, or of a function that makes it.
fn made_at(body: &BodyFacts, at: At, of: &impl Fn(DefId, &[Cfg]) -> Vec<String>, def: DefId) -> Vec<String> {
    if let Some(call) = body.known.iter().find(|call| call.at == at || call.also.iter().any(|(_, also)| *also == at)) {
        return of(def, &call.builds);
    }
    match body.own.iter().find(|call| call.at == at) {
        Some(call) => of(def, &call.builds).into_iter().chain(of(call.func, &[])).collect(),
        None => of(def, &[]),
    }
}

/// Each of some conditions in words. A flag that a build script sets for a feature is told by that.
fn words(conditions: &[&Cfg], flags: &[(Name, Name)]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for condition in conditions {
        let text = one(condition, flags);
        if !text.is_empty() && !parts.contains(&text) {
            parts.push(text);
        }
    }
    parts
}

fn one(cfg: &Cfg, flags: &[(Name, Name)]) -> String {
    let all = |all: &[Cfg]| all.iter().map(|cfg| one(cfg, flags)).filter(|text| !text.is_empty()).collect::<Vec<_>>();
    match cfg {
        Cfg::Flag(name) if let Some((_, feature)) = flags.iter().find(|(flag, _)| flag == name) => format!("with feature `{feature}`"),
        Cfg::Flag(name) => match name.as_str() {
            "unix" => "on Unix".to_owned(),
            "windows" => "on Windows".to_owned(),
            "debug_assertions" => "in debug builds".to_owned(),
            "test" => "in tests".to_owned(),
            other => format!("with `--cfg {other}`"),
        },
        Cfg::KeyValue(key, value) => match key.as_str() {
            "feature" => format!("with feature `{value}`"),
            "target_os" => format!("on {value}"),
            "target_arch" => format!("on {value} processors"),
            "target_env" => format!("with {value}"),
            "target_family" => format!("on the {value} family"),
            _ => format!("with `{key} = \"{value}\"`"),
        },
        Cfg::Not(inner) => match &**inner {
            Cfg::Flag(name) if name == "debug_assertions" => "in release builds".to_owned(),
            Cfg::KeyValue(key, value) if key == "feature" => format!("without feature `{value}`"),
            Cfg::Flag(name) if let Some((_, feature)) = flags.iter().find(|(flag, _)| flag == name) => {
                format!("without feature `{feature}`")
            }
            inner => format!("not {}", one(inner, flags)),
        },
        Cfg::All(parts) => all(parts).join(" and "),
        Cfg::Any(parts) => all(parts).join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::facts::Cfg;

    fn feature(name: &str) -> Cfg {
        Cfg::KeyValue("feature".into(), name.into())
    }

    #[test]
    fn conditions_read_like_english() {
        let flags = [("with_mysql".into(), "mysql".into())];
        assert_eq!(words(&[&feature("redis")], &flags), ["with feature `redis`"]);
        let any = Cfg::Any(vec![feature("mysql"), feature("postgres")]);
        assert_eq!(words(&[&Cfg::Flag("unix".into()), &any], &flags), ["on Unix", "with feature `mysql` or with feature `postgres`"]);
        assert_eq!(words(&[&Cfg::Not(Box::new(feature("s3")))], &flags), ["without feature `s3`"]);
        let flag = || Cfg::Flag("with_mysql".into());
        assert_eq!(words(&[&flag(), &Cfg::Not(Box::new(flag()))], &flags), ["with feature `mysql`", "without feature `mysql`"]);
        assert_eq!(words(&[&flag()], &[]), ["with `--cfg with_mysql`"]);
        assert_eq!(words(&[], &flags), [""; 0]);
    }

    fn built(main: &str) -> Vec<String> {
        let manifest = "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\npg = []\nmy = []\n[dependencies]\nsqlx = \"*\"\n\
             //- /build.rs\nfn main() {\n    #[cfg(feature = \"my\")]\n    println!(\"cargo:rustc-cfg=with_my\");\n}\n";
        let items = crate::fixture::map(&format!("{manifest}//- /src/main.rs\n{main}")).items;
        items.iter().filter_map(|item| Some(format!("{} {}", item.name, item.cfg.as_deref()?))).collect()
    }

    #[test]
    fn what_stands_in_an_arm_or_statement_of_some_builds_is_there_in_those() {
        let of = |pg: &str, my: &str| {
            built(&format!(
                "enum Kind {{ Pg, My }}\nasync fn open(kind: Kind, url: &str) {{ match kind {{\n {pg} Kind::Pg => {{ let a = sqlx::PgPool::connect(url).await; keep(a) }}\n\
                 {my} Kind::My => {{ let b = sqlx::MySqlPool::connect(url).await; keep(b) }} }} }}\nfn keep<T>(x: T) {{ std::mem::forget(x) }}\n\
                 fn main() {{ drop(open(Kind::Pg, \"\")); drop(open(Kind::My, \"\")) }}\n"
            ))
        };
        let both = of("#[cfg(feature = \"pg\")]", "#[cfg(with_my)]");
        assert_eq!(
            both,
            [
                "open only with feature `my`",
                "open only with feature `pg`",
                "mysql only with feature `my`",
                "postgres only with feature `pg`"
            ]
        );
        assert_eq!(of("", "#[cfg(feature = \"my\")]"), ["open only with feature `my`", "mysql only with feature `my`"]);
        assert_eq!(of("", ""), [""; 0]);
        let statement = |also: &str| {
            built(&format!(
                "async fn open() {{ #[cfg(feature = \"pg\")] let a = sqlx::PgPool::connect(\"postgres://a\").await; {also} }}\nfn main() {{ drop(open()) }}\n"
            ))
        };
        assert_eq!(statement(""), ["open only with feature `pg`", "postgres only with feature `pg`"]);
        // Another pool of the same store, in every build.
        assert_eq!(statement("let b = sqlx::PgPool::connect(\"postgres://a\").await;"), ["open only with feature `pg`"]);
    }
}
