//! Text of the analysed tree never steers the terminal, whatever the command and wherever the text stands.

use crate::project::Project;

/// ESC, BEL, CR, the start of an OSC, CSI of the second control block, an override of direction, a zero-width space.
const STEER: &str = "\u{1b}[2J\u{7}\r\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{200b}";

/// A tree in which everything that has a name or a text is hostile.
fn hostile() -> Project {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nconfig = \"0.15\"\nsqlx = \"0.8\"\ntokio = \"1\"\n",
    );
    let main = r#"
/// Orders STEER that wait.
// statemap: owner = "STEER", on_loss = "they are STEER lost"
static ORDERS: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

#[path = "odd/STEERFILE.rs"]
mod odd;

#[tokio::main]
async fn main() {
    let settings = config::Config::builder().add_source(config::File::with_name("config/base")).build().unwrap();
    let pool = sqlx::PgPool::connect("postgres://db/STEER").await.unwrap();
    std::fs::write("/tmp/STEER.csv", std::env::var("SHOP_STEER").unwrap_or("STEER".into())).unwrap();
    let (sender, _receiver) = tokio::sync::mpsc::unbounded_channel::<u32>();
    ORDERS.lock().unwrap().push(settings.get_string("shop.STEER").unwrap());
    odd::grow();
    drop((pool, sender)); // STEER
}
"#;
    // A literal may hold any character but a bare carriage return.
    let in_code = STEER.replace('\r', "");
    project.write("src/main.rs", main.replace("STEERFILE", "a\u{1b}[31m\u{202e}b").replace("STEER", &in_code));
    project.write(
        "src/odd/a\u{1b}[31m\u{202e}b.rs",
        "static HITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);\npub fn grow() { HITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed); }\n",
    );
    project.write("src/odd/broken\u{1b}]0;x\u{7}.rs", "fn ( {\n");
    project.write("config/base.toml", format!("shop = \"{}\"\nbroken = \"a\n", in_code.replace('\u{1b}', "")));
    let yaml = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: \"shop-STEER\" }\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: \"api-STEER\"\n          image: \"shop:STEER\"\n          env:\n            - { name: \"SHOP_STEER\", value: \"x STEER\" } # STEER\n";
    // YAML refuses raw control characters and takes them escaped.
    project.write("k8s/shop.yaml", yaml.replace("STEER", "\\e[2J\\x07\\u202e\\x9b31m"));
    project.write(
        "statemap.toml",
        "[service]\nname = \"shop \\u001b[31m \\u202e\"\nowner = \"ada \\u0007\"\n\n[[state]]\nid = \"static:shop::ORDRES\\u001b\\u0007\"\nowner = \"x\"\n\n[[declare]]\nkind = \"external-store\"\nname = \"ledger \\u001b]0;x\\u0007\"\n",
    );
    project
}

/// The first character that steers, with what stands around it.
fn steering(text: &str) -> Option<String> {
    let steers =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let at = text.char_indices().find(|(_, c)| steers(*c))?.0;
    let from = text[..at].char_indices().rev().nth(40).map_or(0, |(at, _)| at);
    Some(text[from..].chars().take(80).collect::<String>().escape_debug().to_string())
}

#[test]
fn no_command_hands_steering_text_on() {
    let project = hostile();
    let ids = project.run(&["list", "--constants", "--format", "ids"]).out;
    assert!(ids.lines().count() > 8, "{ids}");
    let mut runs: Vec<Vec<&str>> = [
        "list",
        "list --constants",
        "list --format json",
        "list --format csv",
        "list --format markdown",
        "list --format ids",
        "gen -o -",
        "gen --format json -o -",
        "gen -o map.md",
        "gen -o map.md",
        "check -o map.md",
        "check -o map.md --format json",
        "check --replicas 3",
        "annotate --dry-run",
        "annotate",
        "init --force",
        "list no-such-word",
    ]
    .iter()
    .map(|line| line.split(' ').collect())
    .collect();
    let items: Vec<&str> = ids.lines().collect();
    for format in ["text", "markdown", "json"] {
        // Ids are shown with their steering characters as `\u{1b}`, so not each of them leads back.
        for part in ["ORDERS", "HITS", "odd", "Deployment", "shop", "/tmp", "mpsc", "PgPool", "ledger"] {
            runs.push(vec!["show", part, "--format", format]);
        }
        runs.extend(items.iter().map(|id| vec!["show", *id, "--format", format]));
    }
    for run in runs {
        let outcome = project.run(&run);
        for text in [outcome.out.replace("\r\n", "\n"), outcome.err] {
            assert_eq!(steering(&text), None, "{run:?}");
        }
    }
}

#[test]
fn with_colours_there_is_nothing_but_colours_and_links() {
    let project = hostile();
    for run in [&["list"][..], &["show", "ORDERS"], &["show", "HITS"], &["check"], &["gen", "-o", "map.md"]] {
        let outcome = project.run(&[run, &["--color", "always", "--hyperlinks", "always"][..]].concat());
        for text in [outcome.out, outcome.err] {
            let mut plain = String::new();
            let mut rest = text.as_str();
            while let Some(at) = rest.find('\u{1b}') {
                plain.push_str(&rest[..at]);
                let sequence = &rest[at + 1..];
                rest = if let Some(parameters) = sequence.strip_prefix('[') {
                    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap();
                    assert!(parameters[end..].starts_with('m'), "{:?}", &parameters[..end + 1]);
                    &parameters[end + 1..]
                } else {
                    let link = sequence.strip_prefix("]8;;").unwrap_or_else(|| panic!("{:?}", &sequence[..10]));
                    let end = link.find("\u{1b}\\").unwrap();
                    assert!(link[..end].bytes().all(|byte| byte.is_ascii_graphic()), "{:?}", &link[..end]);
                    &link[end + 2..]
                };
            }
            plain.push_str(rest);
            assert_eq!(steering(&plain), None, "{run:?}");
        }
    }
}
