//! Servers of stores that the deployment files start: which store, under which name, and how many connections each takes.

use smol_str::SmolStr;

use super::super::draft::place;
use super::super::files::Origin;
use super::super::hide;
use super::super::kubernetes::{Cluster, Object};
use super::super::yaml::{Mark, Node};
use super::{Container, MountKind, Said, Workload, WorkloadKind};
use crate::model::Place;
use crate::source::{Tree, file_name, join, parent};

/// A server of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// The store, by the name that pools give it: `postgres`, `mysql`, `redis`, `mongodb`.
    pub store: SmolStr,
    /// The name under which it is reached, as far as the files tell.
    pub name: SmolStr,
    /// What starts it: `docker-compose.yml/postgres`, `StatefulSet/db`.
    pub owner: SmolStr,
    /// Where it is declared.
    pub at: Place,
    /// How many connections it takes, where that is written.
    pub limit: Option<Said<u32>>,
    /// A container of a compose file starts it.
    pub is_compose: bool,
    /// It stands between the services and the server: connections to it are not those of the server.
    pub is_pooler: bool,
    /// The environment that it is for.
    pub environment: Option<SmolStr>,
}

/// What images are called, and the stores they serve; the last part of an image's path decides.
const IMAGES: &[(&str, &str)] = &[
    ("postgres", "postgres"),
    ("postgresql", "postgres"),
    ("postgresql-repmgr", "postgres"),
    ("postgis", "postgres"),
    ("pgvector", "postgres"),
    ("timescaledb", "postgres"),
    ("timescaledb-ha", "postgres"),
    ("spilo", "postgres"),
    ("mysql", "mysql"),
    ("mysql-server", "mysql"),
    ("mariadb", "mysql"),
    ("percona-server", "mysql"),
    ("redis", "redis"),
    ("redis-stack", "redis"),
    ("redis-stack-server", "redis"),
    ("valkey", "redis"),
    ("keydb", "redis"),
    ("dragonfly", "redis"),
    ("mongo", "mongodb"),
    ("mongodb", "mongodb"),
];

/// Poolers, and the stores before which they stand.
const POOLERS: &[(&str, &str)] = &[
    ("pgbouncer", "postgres"),
    ("pgcat", "postgres"),
    ("pgpool", "postgres"),
    ("odyssey", "postgres"),
    ("pgdog", "postgres"),
    ("supavisor", "postgres"),
    ("proxysql", "mysql"),
    ("maxscale", "mysql"),
];

/// The store that an image serves, and whether it is a pooler.
fn served(image: &str) -> Option<(&'static str, bool)> {
    let name = file_name(image).split(['@', ':']).next().unwrap_or_default().to_lowercase();
    let of = |known: &[(&str, &'static str)]| known.iter().find(|(image, _)| *image == name).map(|(_, store)| *store);
    of(IMAGES).map(|store| (store, false)).or_else(|| of(POOLERS).map(|store| (store, true)))
}

/// What the limit is called on command lines and in files of settings.
const LIMITS: &[&str] = &["max_connections", "maxclients", "max_client_conn", "maxconns"];

/// What images take it from.
const VARIABLES: &[&str] = &["POSTGRESQL_MAX_CONNECTIONS", "MYSQL_MAX_CONNECTIONS", "MARIADB_MAX_CONNECTIONS", "MAX_CLIENT_CONN"];

fn is_limit(name: &str) -> bool {
    let name = name.trim_start_matches('-').replace('-', "_").to_lowercase();
    LIMITS.contains(&name.as_str())
}

/// The limit on a command line, with its place: `-c max_connections=200`, `--max-connections 200`, `--maxclients 500`.
pub(in super::super) fn limit_of_command<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> Option<(u32, Mark)> {
    let lines = nodes.into_iter().flat_map(|node| {
        let items = node.items().iter().map(|item| &**item);
        items.chain(node.text().is_some().then_some(node)).filter_map(|node| Some((node.text()?, node.at))).collect::<Vec<_>>()
    });
    let words: Vec<(&str, Mark)> = lines.flat_map(|(text, at)| text.split_whitespace().map(move |word| (word, at))).collect();
    let of = |(at, (word, mark)): (usize, &(&str, Mark))| {
        let word = word.trim_matches(['"', '\'', ';']);
        let (name, value) = match word.split_once('=') {
            Some(pair) => pair,
            None => (word, words.get(at + 1)?.0.trim_matches(['"', '\'', ';'])),
        };
        Some((value.parse().ok().filter(|_| is_limit(name))?, *mark))
    };
    // Of several the last one counts.
    words.iter().enumerate().filter_map(of).next_back()
}

/// The limit in a file of settings of a server: `max_connections = 200`, `maxclients 500`; with its line, from 1.
pub(in super::super) fn limit_of_file(text: &str) -> Option<(u32, u32)> {
    let of = |(at, line): (usize, &str)| {
        let line = line.split('#').next()?.trim();
        let (name, value) = line.split_once(['=', ' ', '\t'])?;
        let value: u32 = value.trim_start_matches([' ', '\t', '=']).trim().trim_matches('\'').parse().ok()?;
        Some((value, u32::try_from(at + 1).ok()?)).filter(|_| is_limit(name.trim()))
    };
    text.lines().enumerate().filter_map(of).last()
}

/// The servers among workloads; `tree` holds the files of settings that a compose file mounts.
pub(in super::super) fn of_workloads(workloads: &[Workload], tree: &dyn Tree) -> Vec<Server> {
    let mut out = Vec::new();
    for workload in workloads.iter().filter(|one| one.kind != WorkloadKind::Image && !one.is_base) {
        for container in &workload.containers {
            let Some((store, is_pooler)) = container.image.as_deref().and_then(served) else { continue };
            // What the tree builds itself serves something of its own.
            if !container.services.is_empty() && container.services == workload.services && !workload.services.is_empty() {
                continue;
            }
            out.push(Server {
                store: store.into(),
                name: workload.owner.rsplit('/').next().unwrap_or_default().into(),
                owner: workload.owner.clone(),
                at: workload.at.clone(),
                limit: container.limit.clone().or_else(|| of_variable(container)).or_else(|| of_mount(container, workload, tree)),
                is_compose: workload.kind == WorkloadKind::Compose,
                is_pooler,
                environment: workload.environment.clone(),
            });
        }
    }
    out
}

fn of_variable(container: &Container) -> Option<Said<u32>> {
    let variable = VARIABLES.iter().find_map(|name| container.variable(name))?;
    let value = variable.value.as_ref()?.to_string().parse().ok()?;
    Some(Said { environment: variable.environment.clone(), ..Said::written(value, variable.at.clone()) })
}

/// `./postgresql.conf:/etc/postgresql/postgresql.conf`, of a compose file.
fn of_mount(container: &Container, workload: &Workload, tree: &dyn Tree) -> Option<Said<u32>> {
    let is_settings = |path: &str| path.ends_with(".conf") || path.ends_with(".cnf");
    let mounts = container.mounts.iter().filter(|mount| mount.kind == MountKind::Host && workload.kind == WorkloadKind::Compose);
    let mut files = mounts.filter(|mount| is_settings(&mount.source)).filter_map(|mount| {
        let path = join(parent(&mount.at.file), &mount.source)?;
        let (limit, line) = limit_of_file(&tree.read(&path).ok()?)?;
        Some(Said::written(limit, Place { file: path.into(), line, column: 1 }))
    });
    files.next()
}

/// Databases that an operator makes of an object: the API's group, the kind, where the parameters stand.
const OPERATORS: &[(&str, &str, &[&str])] = &[
    ("postgresql.cnpg.io/", "Cluster", &["spec", "postgresql", "parameters", "max_connections"]),
    ("acid.zalan.do/", "postgresql", &["spec", "postgresql", "parameters", "max_connections"]),
    (
        "postgres-operator.crunchydata.com/",
        "PostgresCluster",
        &["spec", "patroni", "dynamicConfiguration", "postgresql", "parameters", "max_connections"],
    ),
    ("stackgres.io/", "SGPostgresConfig", &["spec", "postgresql.conf", "max_connections"]),
];

/// The servers that operators make.
pub(in super::super) fn of_operators(cluster: &Cluster<'_>) -> Vec<Server> {
    let of = |object: &Object<'_>| {
        let version = object.node.text_of("apiVersion")?;
        let (.., path) = OPERATORS.iter().find(|(group, kind, _)| version.starts_with(group) && object.kind == *kind)?;
        let written = object.get(path).and_then(|node| Some((node.text()?.parse().ok()?, node.at)));
        Some(Server {
            store: SmolStr::new_static("postgres"),
            name: hide::text(object.name).into(),
            owner: hide::text(&object.owner()).into(),
            at: place(object.origin, object.at()),
            limit: written.map(|(value, at)| said(object.origin, value, at)),
            is_compose: false,
            is_pooler: false,
            environment: object.doc.environment.clone(),
        })
    };
    cluster.objects.iter().filter(|object| object.doc.varied.is_empty()).filter_map(of).collect()
}

/// A limit that is written in a manifest.
pub(in super::super) fn said(origin: Origin<'_>, value: u32, at: Mark) -> Said<u32> {
    Said { environment: origin.environment(at), ..Said::written(value, place(origin, at)) }
}

#[cfg(test)]
mod tests {
    use crate::manifests::fixture::drawn;

    /// `postgres db 200@docker-compose.yml:6`.
    fn servers(files: &str) -> Vec<String> {
        let told = |one: &super::Server| {
            let limit = one.limit.as_ref().map(|limit| {
                let at = limit.at.as_ref().map(|at| format!("@{}:{}", at.file, at.line)).unwrap_or_default();
                format!(" {}{at}", limit.value)
            });
            format!("{}{} {}{}", one.store, if one.is_pooler { " pooler" } else { "" }, one.name, limit.unwrap_or_default())
        };
        drawn(files).deployed.servers.iter().map(told).collect()
    }

    fn compose(db: &str) -> String {
        format!("//- /docker-compose.yml\nservices:\n  web:\n    image: shop\n  db:\n{db}")
    }

    #[test]
    fn limits_are_read_from_command_lines() {
        for command in [
            "[\"postgres\", \"-c\", \"max_connections=200\"]",
            "postgres -c shared_buffers=1GB -c max_connections=200",
            "[\"-c\", \"max_connections=100\", \"-c\", \"max_connections=200\"]",
            "postgres --max_connections=200",
        ] {
            let told = servers(&compose(&format!("    image: postgres:18\n    command: {command}\n")));
            assert_eq!(told, ["postgres db 200@docker-compose.yml:6"], "{command}");
        }
        let told = servers(&compose("    image: docker.io/library/mysql:8\n    command: --max-connections=500\n"));
        assert_eq!(told, ["mysql db 500@docker-compose.yml:6"]);
        let told = servers(&compose("    image: valkey/valkey\n    command: [valkey-server, --maxclients, \"64\"]\n"));
        assert_eq!(told, ["redis db 64@docker-compose.yml:6"]);
        let told = servers(&compose("    image: bitnami/postgresql\n    environment:\n      POSTGRESQL_MAX_CONNECTIONS: 300\n"));
        assert_eq!(told, ["postgres db 300@docker-compose.yml:7"]);
    }

    #[test]
    fn limits_that_are_no_limits_of_connections_are_not_read() {
        for command in
            ["postgres -c max_wal_senders=200", "postgres -c max_connections=$LIMIT", "postgres -c superuser_reserved_connections=5"]
        {
            assert_eq!(servers(&compose(&format!("    image: postgres:18\n    command: {command}\n"))), ["postgres db"], "{command}");
        }
        // An exporter beside a database, and a service of the tree, are no databases.
        assert!(servers(&compose("    image: prom/postgres-exporter\n    command: --max-connections=3\n")).is_empty());
    }

    #[test]
    fn settings_that_are_mounted_are_read() {
        let files = format!(
            "{}//- /db/postgresql.conf\n# max_connections = 7\nlisten_addresses = '*'\nmax_connections = 150 # all\n",
            compose("    image: postgis/postgis\n    volumes: [\"./db/postgresql.conf:/etc/postgresql.conf\"]\n")
        );
        assert_eq!(servers(&files), ["postgres db 150@db/postgresql.conf:3"]);
        let beside = files.replace("/db/postgresql.conf\n#", "/db/other.conf\n#");
        assert_eq!(servers(&beside), ["postgres db"]);
    }

    #[test]
    fn a_compose_file_of_databases_only_is_read() {
        let files = "//- /docker-compose.yml\nservices:\n  db:\n    image: postgres:18\n    command: -c max_connections=1000\n";
        assert_eq!(servers(files), ["postgres db 1000@docker-compose.yml:4"]);
        assert!(drawn(files).deployed.workloads.is_empty());
    }

    #[test]
    fn servers_of_kubernetes_and_of_operators_are_read() {
        let files = "//- /db.yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: db\nspec:\n  template:\n    spec:\n      \
            containers:\n        - name: postgres\n          image: postgres:18\n          args: [\"-c\", \"max_connections=400\"]\n\
            ---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: main\nspec:\n  postgresql:\n    parameters:\n      \
            max_connections: \"250\"\n---\napiVersion: cluster.x-k8s.io/v1\nkind: Cluster\nmetadata:\n  name: metal\n";
        assert_eq!(servers(files), ["postgres main 250@db.yaml:20", "postgres db 400@db.yaml:11"]);
        let configured = "//- /db.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db\ndata:\n  postgresql.conf: |\n    max_connections = 90\n\
            ---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: db\nspec:\n  template:\n    spec:\n      containers:\n        \
            - name: postgres\n          image: postgres:18\n          volumeMounts:\n            - name: config\n              mountPath: /etc/pg\n      \
            volumes:\n        - name: config\n          configMap:\n            name: db\n";
        assert_eq!(servers(configured), ["postgres db 90@db.yaml:6"]);
    }

    #[test]
    fn poolers_are_told_as_such() {
        assert_eq!(
            servers(&compose("    image: edoburu/pgbouncer\n    environment: [MAX_CLIENT_CONN=900]\n")),
            ["postgres pooler db 900@docker-compose.yml:6"]
        );
    }
}
