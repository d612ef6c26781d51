//! One `Cargo.toml` as written: nothing inherited, nothing inferred, no file looked at.

use smol_str::SmolStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::{At, Document, Fields, Text};
use super::package::DependencyKind;
use crate::model::{Diagnostic, Severity};
use crate::source::parent;

/// A manifest.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    /// Its path; empty when there is none and the package was made up from its folder.
    pub(super) path: SmolStr,
    /// Its folder.
    pub(super) dir: SmolStr,
    pub(super) package: Option<PackageTable>,
    pub(super) workspace: Option<WorkspaceTable>,
    pub(super) lib: Option<TargetTable>,
    pub(super) bins: Option<Vec<TargetTable>>,
    pub(super) tests: Option<Vec<TargetTable>>,
    pub(super) benches: Option<Vec<TargetTable>>,
    pub(super) examples: Option<Vec<TargetTable>>,
    pub(super) dependencies: Vec<DependencyTable>,
    /// Features with what they enable, sorted by name.
    pub(super) features: Vec<(SmolStr, Vec<SmolStr>)>,
    /// `[patch]` entries with a path: package name and path.
    pub(super) patches: Vec<(SmolStr, Text)>,
    /// It does not parse, or describes nothing; what could be recovered is here.
    pub(super) broken: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct PackageTable {
    pub(super) name: Option<Text>,
    pub(super) version: Inherited,
    pub(super) edition: Inherited,
    pub(super) build: Build,
    /// `package.workspace`: path of the workspace root's folder.
    pub(super) workspace: Option<Text>,
    pub(super) auto_lib: Option<bool>,
    pub(super) auto_bins: Option<bool>,
    pub(super) auto_tests: Option<bool>,
    pub(super) auto_benches: Option<bool>,
    pub(super) auto_examples: Option<bool>,
    /// Made by `cargo fuzz`: its binaries are tests.
    pub(super) fuzz: bool,
}

/// A value that may be taken from the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Inherited {
    #[default]
    Absent,
    Here(SmolStr),
    Workspace(At),
}

/// The build script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Build {
    /// `build.rs` if it is there.
    #[default]
    Auto,
    Off,
    At(Vec<SmolStr>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct WorkspaceTable {
    pub(super) members: Vec<Text>,
    pub(super) exclude: Vec<Text>,
    pub(super) default_members: Option<Vec<Text>>,
    pub(super) version: Option<SmolStr>,
    pub(super) edition: Option<SmolStr>,
    pub(super) dependencies: Vec<DependencyTable>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct TargetTable {
    pub(super) at: At,
    pub(super) name: Option<Text>,
    pub(super) path: Option<Text>,
    pub(super) proc_macro: bool,
    /// Also a library for callers that are not Rust.
    pub(super) for_others: bool,
    pub(super) required_features: Vec<SmolStr>,
}

#[derive(Clone, Debug)]
pub(super) struct DependencyTable {
    pub(super) key: SmolStr,
    pub(super) at: At,
    pub(super) kind: DependencyKind,
    pub(super) target: Option<SmolStr>,
    pub(super) package: Option<SmolStr>,
    pub(super) requirement: Option<SmolStr>,
    pub(super) path: Option<SmolStr>,
    pub(super) from_workspace: bool,
    pub(super) optional: bool,
    /// The features that are asked for by name.
    pub(super) features: Vec<SmolStr>,
    /// Whether the features that are on by default are asked for, where the manifest says so.
    pub(super) default_features: Option<bool>,
}

impl Manifest {
    /// A package that no manifest describes, or none that can be read.
    pub(super) fn nameless(path: &str, dir: &str) -> Self {
        Self { path: path.into(), dir: dir.into(), package: Some(PackageTable::default()), ..Self::default() }
    }

    /// Reads a manifest. What does not parse is told in `diagnostics`, and the rest is read all the same.
    pub(super) fn parse(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Document::new(path, text);
        let fields = Fields::new(&document, root.get_ref());
        let mut manifest = Self { path: path.into(), dir: parent(path).into(), broken: !errors.is_empty(), ..Self::default() };
        manifest.fill(fields);
        // The parser recovers after an error, and mostly stumbles over its consequences: only the first says what to do.
        if let Some(error) = errors.first() {
            let at = document.at(error.span().unwrap_or(0..0));
            let message = format!("failed to parse the manifest: {}", error.message().trim_end());
            let diagnostic = at
                .diagnostic(path, Severity::Error, "broken-manifest", message)
                .help("fix the manifest: what it says about targets and dependencies is lost in part");
            diagnostics.push(diagnostic);
        }
        diagnostics.append(&mut document.diagnostics.into_inner());
        manifest
    }

    fn fill(&mut self, root: Fields<'_>) {
        self.package = root.table(&["package", "project"]).map(package);
        self.workspace = root.table(&["workspace"]).map(workspace);
        self.lib = root.table(&["lib"]).map(|fields| target(At::default(), fields));
        let targets = |key: &str| root.tables(&[key]).map(|tables| tables.into_iter().map(|(at, fields)| target(at, fields)).collect());
        self.bins = targets("bin");
        self.tests = targets("test");
        self.benches = targets("bench");
        self.examples = targets("example");
        all_dependencies(root, None, &mut self.dependencies);
        if let Some(targets) = root.table(&["target"]) {
            for (condition, ..) in targets.entries() {
                if let Some(fields) = targets.table(&[condition]) {
                    all_dependencies(fields, Some(condition), &mut self.dependencies);
                }
            }
        }
        if let Some(features) = root.table(&["features"]) {
            self.features = features.entries().map(|(name, ..)| (name.into(), values(features.texts(&[name])))).collect();
        }
        self.patches = root.table(&["patch"]).map(patches).unwrap_or_default();
    }
}

fn package(fields: Fields<'_>) -> PackageTable {
    let build = match fields.value(&["build"]).map(Spanned::get_ref) {
        None | Some(DeValue::Boolean(true)) => Build::Auto,
        Some(DeValue::Boolean(false)) => Build::Off,
        Some(DeValue::Array(_)) => Build::At(values(fields.texts(&["build"]))),
        Some(_) => fields.text(&["build"]).map_or(Build::Auto, |path| Build::At(vec![path.value])),
    };
    let metadata = fields.value(&["metadata"]).and_then(|value| value.get_ref().as_table());
    PackageTable {
        name: fields.text(&["name"]),
        version: inherited(fields, "version"),
        edition: inherited(fields, "edition"),
        build,
        workspace: fields.text(&["workspace"]),
        auto_lib: fields.flag(&["autolib"]),
        auto_bins: fields.flag(&["autobins"]),
        auto_tests: fields.flag(&["autotests"]),
        auto_benches: fields.flag(&["autobenches"]),
        auto_examples: fields.flag(&["autoexamples"]),
        fuzz: metadata.and_then(|table| table.get("cargo-fuzz")).and_then(|value| value.get_ref().as_bool()) == Some(true),
    }
}

fn inherited(fields: Fields<'_>, key: &str) -> Inherited {
    match fields.value(&[key]) {
        None => Inherited::Absent,
        Some(value) if value.get_ref().is_table() => match fields.table(&[key]).and_then(|table| table.flag(&["workspace"])) {
            Some(true) => Inherited::Workspace(fields.document.at(value.span())),
            _ => Inherited::Absent,
        },
        Some(_) => fields.text(&[key]).map_or(Inherited::Absent, |text| Inherited::Here(text.value)),
    }
}

fn workspace(fields: Fields<'_>) -> WorkspaceTable {
    let package = fields.table(&["package"]);
    let text = |key: &str| package.and_then(|package| package.text(&[key])).map(|text| text.value);
    let mut dependencies = Vec::new();
    if let Some(table) = fields.table(&["dependencies"]) {
        section(table, DependencyKind::Normal, None, &mut dependencies);
    }
    WorkspaceTable {
        members: fields.texts(&["members"]).unwrap_or_default(),
        exclude: fields.texts(&["exclude"]).unwrap_or_default(),
        default_members: fields.texts(&["default-members"]),
        version: text("version"),
        edition: text("edition"),
        dependencies,
    }
}

fn target(at: At, fields: Fields<'_>) -> TargetTable {
    let crate_types = values(fields.texts(&["crate-type", "crate_type"]));
    TargetTable {
        at,
        name: fields.text(&["name"]),
        path: fields.text(&["path"]),
        for_others: crate_types.iter().any(|kind| kind == "cdylib" || kind == "staticlib"),
        proc_macro: fields.flag(&["proc-macro", "proc_macro"]) == Some(true) || crate_types.iter().any(|kind| kind == "proc-macro"),
        required_features: values(fields.texts(&["required-features", "required_features"])),
    }
}

fn all_dependencies(fields: Fields<'_>, target: Option<&str>, out: &mut Vec<DependencyTable>) {
    let sections: [(&[&str], DependencyKind); 3] = [
        (&["dependencies"], DependencyKind::Normal),
        (&["dev-dependencies", "dev_dependencies"], DependencyKind::Dev),
        (&["build-dependencies", "build_dependencies"], DependencyKind::Build),
    ];
    for (keys, kind) in sections {
        if let Some(table) = fields.table(keys) {
            section(table, kind, target, out);
        }
    }
}

fn section(fields: Fields<'_>, kind: DependencyKind, target: Option<&str>, out: &mut Vec<DependencyTable>) {
    for (key, at, value) in fields.entries() {
        let mut dependency = DependencyTable {
            key: key.into(),
            at,
            kind,
            target: target.map(SmolStr::new),
            package: None,
            requirement: None,
            path: None,
            from_workspace: false,
            optional: false,
            features: Vec::new(),
            default_features: None,
        };
        match value.get_ref() {
            DeValue::String(requirement) => dependency.requirement = Some(requirement.as_ref().into()),
            DeValue::Table(table) => {
                let fields = Fields::new(fields.document, table);
                let text = |key: &str| fields.text(&[key]).map(|text| text.value);
                dependency.package = text("package");
                dependency.requirement = text("version");
                dependency.path = text("path");
                dependency.from_workspace = fields.flag(&["workspace"]) == Some(true);
                dependency.optional = fields.flag(&["optional"]) == Some(true);
                dependency.features = values(fields.texts(&["features"]));
                dependency.default_features = fields.flag(&["default-features"]).or_else(|| fields.flag(&["default_features"]));
            }
            _ => {
                fields.wrong::<()>(&[key], value, "a version or a table");
                continue;
            }
        }
        out.push(dependency);
    }
}

fn patches(fields: Fields<'_>) -> Vec<(SmolStr, Text)> {
    let mut out = Vec::new();
    for (registry, _, _) in fields.entries() {
        let Some(table) = fields.table(&[registry]) else { continue };
        for (key, _, value) in table.entries() {
            let Some(patch) = value.get_ref().as_table().map(|patch| Fields::new(fields.document, patch)) else { continue };
            if let Some(path) = patch.text(&["path"]) {
                out.push((patch.text(&["package"]).map_or_else(|| key.into(), |text| text.value), path));
            }
        }
    }
    out
}

fn values(texts: Option<Vec<Text>>) -> Vec<SmolStr> {
    texts.unwrap_or_default().into_iter().map(|text| text.value).collect()
}
