//! Files that are not Rust, told apart by name alone: candidates for the stages that read settings, deployment and schema.

use super::package::OtherKind;
use crate::source::file_name;

/// Names that hold no settings of a service though their ending says so.
const NOT_SETTINGS: &[&str] = &[
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "tsconfig.json",
    "composer.json",
    "rustfmt.toml",
    ".rustfmt.toml",
    "clippy.toml",
    ".clippy.toml",
    "deny.toml",
    "taplo.toml",
    "rust-toolchain.toml",
    "pyproject.toml",
];

/// What the name of a file says, or `None` when no stage would read it.
pub(super) fn kind_of(path: &str) -> Option<OtherKind> {
    let name = file_name(path);
    let lower = name.to_ascii_lowercase();
    // Query metadata of sqlx: one file for each query, derived from the code.
    if name == "Cargo.toml" || NOT_SETTINGS.contains(&name) || path.starts_with(".sqlx/") || path.contains("/.sqlx/") {
        return None;
    }
    if name == "statemap.toml" {
        return Some(OtherKind::Annotations);
    }
    if path.ends_with(".cargo/config.toml") || path.ends_with(".cargo/config") {
        return Some(OtherKind::CargoConfig);
    }
    let stem_is = |stem: &str| lower == stem || lower.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('-'));
    if lower.ends_with(".dockerfile") || ((stem_is("dockerfile") || stem_is("containerfile")) && !lower.ends_with(".dockerignore")) {
        return Some(OtherKind::Dockerfile);
    }
    // `.env`, `.env.example`, `prod.env`, `.docker.env.sample`, `env.template`.
    if stem_is(".env") || stem_is("env") && lower != "env.rs" || lower.ends_with(".env") || lower.contains(".env.") {
        return env_kind(&lower);
    }
    ending_kind(lower.rsplit_once('.')?.1)
}

/// `env.yaml` is YAML; `.env.production` is an env file.
fn env_kind(lower: &str) -> Option<OtherKind> {
    let ending = lower.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        // Code and templates of pages that only look alike.
        "rs" | "ts" | "js" | "mjs" | "d" | "py" | "sh" | "md" | "html" => None,
        ending => Some(ending_kind(ending).unwrap_or(OtherKind::Env)),
    }
}

fn ending_kind(ending: &str) -> Option<OtherKind> {
    Some(match ending {
        "toml" => OtherKind::Toml,
        "yaml" | "yml" => OtherKind::Yaml,
        "json" | "json5" | "jsonc" | "hjson" => OtherKind::Json,
        "ron" => OtherKind::Ron,
        "sql" => OtherKind::Sql,
        "ini" | "conf" | "properties" => OtherKind::Ini,
        "tpl" => OtherKind::Template,
        "service" | "timer" | "socket" => OtherKind::Systemd,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files_come_under_many_names() {
        for name in [".env", ".env.example", "deploy/prod.env", ".docker.env.sample", "env.template", ".env.template"] {
            assert_eq!(kind_of(name), Some(OtherKind::Env), "{name}");
        }
        assert_eq!(kind_of("src/env.rs"), None);
        assert_eq!(kind_of("web/env.d.ts"), None);
        assert_eq!(kind_of("environment.yaml"), Some(OtherKind::Yaml));
        assert_eq!(kind_of("deploy/env.yaml"), Some(OtherKind::Yaml));
    }

    #[test]
    fn a_dockerfile_is_known_by_prefix_or_ending() {
        for name in ["Dockerfile", "docker/Dockerfile.alpine", "api.Dockerfile", "Containerfile"] {
            assert_eq!(kind_of(name), Some(OtherKind::Dockerfile), "{name}");
        }
        assert_eq!(kind_of("Dockerfile.dockerignore"), None);
        assert_eq!(kind_of("src/dockerfile_parser.rs"), None);
    }

    #[test]
    fn manifests_and_tool_settings_are_not_settings_of_the_service() {
        for name in
            ["crates/a/Cargo.toml", "rustfmt.toml", "web/package.json", ".sqlx/query-1.json", "crates/db/.sqlx/query-2.json", "Cargo.lock"]
        {
            assert_eq!(kind_of(name), None, "{name}");
        }
        assert_eq!(kind_of("Rocket.toml"), Some(OtherKind::Toml));
        assert_eq!(kind_of(".cargo/config.toml"), Some(OtherKind::CargoConfig));
        assert_eq!(kind_of("statemap.toml"), Some(OtherKind::Annotations));
    }
}
