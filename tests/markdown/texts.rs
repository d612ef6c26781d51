//! The free texts of a map: every string that is not a word of a closed vocabulary, found by trying.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use statemap::model::StateMap;

use crate::project::map_of;

/// Where the doc comments of items are.
const DOC: &str = "/items/doc";

/// The one that says by its words what a number is about.
const KEY: &str = "/items/facts/key";

/// A map with something of every sort, and where its free texts are.
pub(crate) struct Texts {
    map: Value,
    closed: BTreeSet<String>,
}

impl Texts {
    /// The map of the bundled service, without most of its items.
    pub(crate) fn of_storefront() -> &'static Self {
        static TEXTS: OnceLock<Texts> = OnceLock::new();
        TEXTS.get_or_init(|| {
            let map = rich_map();
            let closed = closed(&map);
            Self { map, closed }
        })
    }

    /// The map with every free text replaced but descriptions, which are Markdown and mean it.
    pub(crate) fn replaced(&self, change: impl Fn(&str) -> String) -> StateMap {
        self.changed(|path, text| match path {
            DOC => "A description.".to_owned(),
            // Some words of a key decide how much room an item is given, however it is dressed up: none of them is left.
            KEY => change(&format!("k{}", text.replace('_', ""))),
            _ => change(text),
        })
    }

    /// The map with every description replaced.
    pub(crate) fn described(&self, change: impl Fn(&str) -> String) -> StateMap {
        self.changed(|path, text| if path == DOC { change(text) } else { text.to_owned() })
    }

    fn changed(&self, change: impl Fn(&str, &str) -> String) -> StateMap {
        let mut changed = self.map.clone();
        walk(&mut changed, "", &mut |path, text| {
            if !self.closed.contains(path) {
                *text = change(path, text);
            }
        });
        serde_json::from_value(changed).unwrap()
    }

    /// Where a free text stands.
    pub(crate) fn places(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        walk(&mut self.map.clone(), "", &mut |path, _| {
            found.insert(path.to_owned());
        });
        found.retain(|path| !self.closed.contains(path));
        found
    }
}

fn rich_map() -> Value {
    let mut map = map_of("storefront");
    // Enough of each kind for a block and a table; the rest would only take time.
    let mut seen = BTreeMap::new();
    map.items.retain(|item| {
        let count = seen.entry((item.kind, item.annotation.is_some())).or_insert(0);
        *count += 1;
        *count <= 3
    });
    let items: BTreeSet<_> = map.items.iter().map(|item| item.id.clone()).collect();
    map.hazards.retain(|hazard| hazard.items.iter().all(|id| items.contains(id)));
    map.repository = Some("https://github.com/example/storefront".to_owned());
    map.revision = Some("4fc0b1c2d3e4f5061728394a5b6c7d8e9f001122".to_owned());
    serde_json::to_value(&map).unwrap()
}

/// Places that take only certain words, and those that are addresses of the tool or of the repository, not words of the tree.
fn closed(map: &Value) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    walk(&mut map.clone(), "", &mut |path, _| {
        places.insert(path.to_owned());
    });
    let takes_anything = |place: &String| {
        let mut changed = map.clone();
        walk(&mut changed, "", &mut |path, text| {
            if path == place {
                text.push_str("zz");
            }
        });
        serde_json::from_value::<StateMap>(changed).is_ok()
    };
    places.retain(|place| !takes_anything(place) || ["/revision", "/repository", "/tool/name"].contains(&place.as_str()));
    places
}

/// Every string with its place, without the numbers of lists.
fn walk(value: &mut Value, path: &str, visit: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(list) => list.iter_mut().for_each(|one| walk(one, path, visit)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, one)| walk(one, &format!("{path}/{key}"), visit)),
        _ => {}
    }
}
