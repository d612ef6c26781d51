//! What lands in the volume of an image: files whose paths lead there from the folder in which the image starts its program.

use std::collections::BTreeSet;

use crate::model::{Fact, FactValue, Item, Kind, Provenance};

/// At most so many names are told of one volume.
const MAX_NAMES: usize = 12;

/// Tells of each volume what the services write and read below it.
pub(super) fn tell(items: &mut [Item]) {
    for at in 0..items.len() {
        let Some(volume) = Volume::of(&items[at]) else { continue };
        let services = &items[at].services;
        let shared = items.iter().filter(|item| item.services.iter().any(|service| services.contains(service)));
        let names: BTreeSet<String> = shared.flat_map(paths).filter_map(|path| volume.name_of(&path)).collect();
        let more = names.len().saturating_sub(MAX_NAMES);
        let mut text = names.into_iter().take(MAX_NAMES).collect::<Vec<_>>().join(", ");
        if text.is_empty() {
            continue;
        }
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        items[at].facts.push(Fact {
            key: "kept_there".into(),
            value: Some(FactValue::Text(text)),
            unit: None,
            provenance: Provenance::Code,
            at: None,
            from: None,
            set: Vec::new(),
        });
    }
}

/// A volume that an image declares.
struct Volume {
    path: String,
    folder: String,
}

impl Volume {
    fn of(item: &Item) -> Option<Self> {
        if item.kind != Kind::Deployment || !item.summary.starts_with("volume of the image") {
            return None;
        }
        let text = |key: &str| match &item.facts.iter().find(|fact| fact.key == key)?.value {
            Some(FactValue::Text(text)) => Some(text.trim_end_matches('/').to_owned()),
            _ => None,
        };
        // Nothing is said of where the program starts: at the top, as images do.
        Some(Self { path: text("path").filter(|path| path.len() > 1)?, folder: text("relative_to").unwrap_or_default() })
    }

    /// What lies directly in the volume on the way to a path.
    fn name_of(&self, path: &str) -> Option<String> {
        let path = path.split_once("://").map_or(path, |(_, path)| path);
        let path = path.split('?').next().unwrap_or(path);
        let path = path.strip_prefix("./").unwrap_or(path);
        // What begins with something that is put in may lead anywhere.
        if path.is_empty() || path.starts_with(['$', '{', '<', '~']) || path.contains("..") {
            return None;
        }
        let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.folder) };
        let below = whole.strip_prefix(&self.path)?.strip_prefix('/')?;
        let name = below.split('/').next().unwrap_or(below);
        (!name.is_empty()).then(|| name.to_owned())
    }
}

/// The paths of an item: those that are set for it, else what the code has.
fn paths(item: &Item) -> Vec<String> {
    let is_file = matches!(item.kind, Kind::FsWrite | Kind::EmbeddedDb | Kind::ReferenceData | Kind::StartupConfig);
    let mut out = Vec::new();
    for fact in item.facts.iter().filter(|fact| is_file && fact.key == "path") {
        let set = fact.set.iter().filter_map(|set| set.value.as_ref());
        let own = fact.value.as_ref().filter(|_| fact.set.is_empty());
        for value in set.chain(own) {
            if let FactValue::Text(text) = value {
                out.extend(text.split(" or ").map(str::to_owned));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;
    use crate::model::Kind;

    #[test]
    fn a_volume_of_an_image_tells_what_lands_in_it() {
        let of = |folder: &str, writes: &str| {
            let text = format!(
                "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n//- /Dockerfile\nFROM debian\n\
                 COPY target/release/shop /shop\nVOLUME /data\nWORKDIR {folder}\nCMD [\"/shop\"]\n\
                 //- /src/main.rs\nfn main() {{ let id = std::env::args().count(); {writes} }}\n"
            );
            let items = map(&text).items;
            let volume = items.iter().find(|item| item.kind == Kind::Deployment && item.name == "VOLUME /data").unwrap();
            let told = volume.facts.iter().find(|fact| fact.key == "kept_there");
            told.and_then(|fact| fact.value.as_ref()).map(ToString::to_string)
        };
        let writes = "std::fs::write(\"data/a.txt\", \"x\").unwrap(); std::fs::write(format!(\"/data/pages/{id}\"), \"x\").unwrap();";
        assert_eq!(of("/", writes).as_deref(), Some("a.txt, pages"));
        assert_eq!(of("/srv", writes).as_deref(), Some("pages"));
        assert_eq!(of("/srv", "std::fs::write(\"/database/a\", \"x\").unwrap(); std::fs::write(\"../data/a\", \"x\").unwrap();"), None);
    }
}
