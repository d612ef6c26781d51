//! Secrets planted over every format that is read: none of them reaches an output, not even a message about a broken file.

use std::collections::BTreeMap;

use crate::project::Project;

/// Files of a tree; each `@NN@` is a secret of its own.
const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nclap = { version = \"4\", features = [\"derive\", \"env\"] }\nconfig = \"0.15\"\njsonwebtoken = \"10\"\nredis = \"1\"\nreqwest = \"0.12\"\nserde = \"1\"\nsqlx = \"0.8\"\ntokio = \"1\"\n",
    ),
    (
        "src/main.rs",
        r##"//! Sells things; ask postgres://docs:@01@@db/shop.

const DATABASE: &str = "postgres://shop:@02@@db/shop";
static API_TOKEN: &str = "@03@";
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n@04@\n-----END PRIVATE KEY-----";

#[derive(clap::Parser)]
struct Cli {
    #[arg(long, env = "ADMIN_TOKEN", default_value = "@05@")]
    admin_token: String,
}

#[derive(serde::Deserialize)]
struct Settings {
    database_url: String,
    smtp_password: String,
    client_secret: String,
    port: u16,
}

/// Reads redis://:@06@@cache/0 by default.
static CACHE: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());

#[tokio::main]
async fn main() {
    let _cli = <Cli as clap::Parser>::parse();
    let settings: Settings = config::Config::builder()
        .add_source(config::File::with_name("config/base"))
        .add_source(config::File::with_name("config/prod"))
        .add_source(config::File::with_name("config/more"))
        .set_default("client_secret", "@07@")
        .unwrap()
        .build()
        .unwrap()
        .try_deserialize()
        .unwrap();
    let password = std::env::var("ADMIN_PASSWORD").unwrap_or_else(|_| "@08@".to_owned());
    let pool = sqlx::PgPool::connect(DATABASE).await.unwrap();
    let other = sqlx::PgPool::connect(&std::env::var("DATABASE_URL").unwrap_or("postgres://shop:@09@@db/shop".into())).await.unwrap();
    let from_settings = sqlx::PgPool::connect(&settings.database_url).await.unwrap();
    let cache = redis::Client::open("redis://:@10@@cache/0").unwrap();
    let key = jsonwebtoken::EncodingKey::from_secret(b"@11@");
    let pem = jsonwebtoken::EncodingKey::from_rsa_pem(PEM.as_bytes());
    let client = reqwest::Client::new();
    client.post("https://ada:@12@@api.example.com/pay").basic_auth("ada", Some("@13@")).send().await.unwrap();
    client.get("https://api.example.com/rates").bearer_auth("@14@").send().await.unwrap();
    CACHE.lock().unwrap().extend(API_TOKEN.bytes().chain(password.bytes()).chain(settings.smtp_password.bytes()));
    std::fs::write(format!("/var/lib/shop/{}", settings.port), settings.client_secret).unwrap();
    drop((pool, other, from_settings, cache, key, pem));
}
"##,
    ),
    ("config/base.toml", "database_url = \"postgres://shop:@15@@db/shop\"\nsmtp_password = \"@16@\"\nport = 8080\n"),
    ("config/prod.yaml", "database_url: postgres://shop:@17@@prod/shop\nsmtp_password: '@18@'\n"),
    ("config/more.json", "{\"client_secret\": \"@19@\", \"database_url\": \"postgres://shop:@20@@more/shop\"}\n"),
    (".env", "SECRET_KEY=@21@\nDATABASE_URL=postgres://shop:@22@@db/shop\nADMIN_PASSWORD=@23@\nAPI_TOKEN='@24@'\n"),
    (
        "Dockerfile",
        "FROM rust AS build\nARG REGISTRY_TOKEN=@25@\nRUN curl -H 'Authorization: Bearer @26@' https://x && cargo build\nFROM debian\nENV API_KEY=@27@ DATABASE_URL=postgres://shop:@28@@db/shop\nCOPY --from=build /shop /usr/bin/shop\nCMD [\"shop\", \"--admin-token\", \"@29@\"]\n",
    ),
    (
        "docker-compose.yml",
        "services:\n  shop:\n    build:\n      context: .\n      args:\n        NPM_TOKEN: @30@\n    command: shop --password=@31@\n    environment:\n      ADMIN_PASSWORD: @32@\n      DATABASE_URL: postgres://shop:@33@@db/shop\n    healthcheck:\n      test: curl -u ada:@34@ http://localhost/health\n  db:\n    image: postgres\n    environment:\n      - POSTGRES_PASSWORD=@35@\n",
    ),
    (
        "k8s/shop.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: { name: shop }\ndata:\n  token: @36@\nstringData:\n  DATABASE_URL: postgres://shop:@37@@db/shop\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: shop }\ndata:\n  CACHE_URL: redis://:@38@@cache/0\n  SMTP_PASSWORD: '@39@'\n  app.toml: |\n    password = \"@40@\"\n  key.pem: |\n    -----BEGIN PRIVATE KEY-----\n    @41@\n    -----END PRIVATE KEY-----\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: shop }\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: shop\n          command: [shop, --admin-token, '@42@']\n          env:\n            - { name: ADMIN_PASSWORD, value: '@43@' }\n            - { name: DATABASE_URL, value: 'postgres://shop:@44@@db/shop' }\n          envFrom: [{ configMapRef: { name: shop } }, { secretRef: { name: shop } }]\n",
    ),
    (
        "k8s/overlay/kustomization.yaml",
        "resources: [../shop.yaml]\nsecretGenerator:\n  - name: more\n    literals: [token=@45@]\nconfigMapGenerator:\n  - name: plain\n    literals: ['CACHE_URL=redis://:@46@@cache/0']\n",
    ),
    ("chart/Chart.yaml", "name: shop\nversion: 1.0.0\n"),
    ("chart/values.yaml", "db:\n  password: @47@\nurl: postgres://shop:@48@@db/shop\n"),
    (
        "chart/templates/shop.yaml",
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: shop }\nspec:\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: shop\n          env:\n            - { name: ADMIN_PASSWORD, value: {{ .Values.db.password | quote }} }\n            - { name: DATABASE_URL, value: {{ .Values.url | quote }} }\n",
    ),
    (
        "shop.service",
        "[Service]\nExecStart=/usr/bin/shop --admin-token @49@\nEnvironment=SECRET_TOKEN=@50@\nEnvironment=\"DATABASE_URL=postgres://shop:@51@@db/shop\"\n",
    ),
    ("fly.toml", "app = \"shop\"\n[env]\nSESSION_SECRET = \"@52@\"\nDATABASE_URL = \"postgres://shop:@53@@db/shop\"\n"),
    (
        ".github/workflows/deploy.yml",
        "name: deploy\non: push\nconcurrency: production\nenv:\n  DEPLOY_TOKEN: @54@\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n      - run: flyctl deploy --token @55@\n",
    ),
    (
        "statemap.toml",
        "[[state]]\nid = \"static:*\"\ncontents = \"see redis://shop:@56@@cache/0\"\n\n[[declare]]\nkind = \"external-store\"\nname = \"ledger\"\npassword = \"@57@\"\n",
    ),
    ("migrations/1_seed.sql", "INSERT INTO users (name, password_hash) VALUES ('admin', '@58@');\n"),
];

/// A secret that no other text holds; its number tells which one leaked.
fn canary(number: &str) -> String {
    format!("hunter{number}two")
}

fn planted() -> BTreeMap<String, &'static str> {
    let mut out = BTreeMap::new();
    for (file, text) in FILES {
        for part in text.split('@').filter(|part| part.len() == 2 && part.chars().all(|c| c.is_ascii_digit())) {
            assert!(out.insert(canary(part), *file).is_none(), "{part} is planted twice");
        }
    }
    out
}

/// The tree, each of its files with something at its end.
fn tree(end: &str) -> Project {
    let project = Project::empty();
    for (file, text) in FILES {
        let mut text = (*text).to_owned();
        for number in 1..=99 {
            text = text.replace(&format!("@{number:02}@"), &canary(&format!("{number:02}")));
        }
        project.write(file, format!("{text}{end}"));
    }
    project
}

/// All that the commands say and write about a tree.
fn outputs(project: &Project) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let runs: &[&[&str]] = &[
        &["gen", "-o", "-"],
        &["gen", "--format", "json", "-o", "-"],
        &["gen", "--format", "mdbook", "-o", "book"],
        &["list", "--constants"],
        &["list", "--format", "json"],
        &["list", "--format", "csv"],
        &["list", "--format", "markdown"],
        &["gen"],
        &["check"],
        &["check", "--format", "json"],
        &["annotate", "--dry-run"],
    ];
    for args in runs {
        let outcome = project.run(args);
        out.push((args.join(" "), format!("{}{}", outcome.out, outcome.err)));
    }
    // Every item with the lines of code and of manifests around it, in one run for each form.
    let ids: Vec<String> = project.run(&["list", "--constants", "--format", "ids"]).out.lines().map(str::to_owned).collect();
    // With a configuration that cannot be read there is nothing to show.
    let formats: &[&str] = if ids.is_empty() { &[] } else { &["text", "markdown", "json"] };
    for format in formats {
        let args: Vec<&str> = ["show", "--format", format].into_iter().chain(ids.iter().map(String::as_str)).collect();
        let outcome = project.run(&args);
        assert!(outcome.out.contains("[hidden]") || *format == "json", "no line with a secret is shown: {}", outcome.err);
        out.push((format!("show --format {format}"), format!("{}{}", outcome.out, outcome.err)));
    }
    for page in pages(&project.path("book")).into_iter().chain([project.path("STATEMAP.md")]) {
        out.push((page.display().to_string(), std::fs::read_to_string(&page).unwrap_or_default()));
    }
    out
}

fn pages(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { pages(&path) } else { vec![path] }).collect()
}

#[track_caller]
fn nothing_leaks(end: &str) {
    let (project, planted) = (tree(end), planted());
    assert!(planted.len() >= 50, "{}", planted.len());
    let outputs = outputs(&project);
    let leaks: Vec<String> = planted
        .iter()
        .filter_map(|(canary, file)| {
            let (output, text) = outputs.iter().find(|(_, text)| text.contains(canary.as_str()))?;
            let line = text.lines().find(|line| line.contains(canary.as_str())).unwrap_or_default();
            let at = line.find(canary.as_str()).unwrap_or_default();
            let from = line[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
            Some(format!("{canary} of {file} in `{output}`: …{}", &line[from..at + canary.len()]))
        })
        .collect();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn no_planted_secret_reaches_an_output() {
    nothing_leaks("");
}

#[test]
fn no_planted_secret_reaches_a_message_about_a_broken_file() {
    nothing_leaks("\n\t}: [ \"\n");
}
